// SPDX-License-Identifier: BSD-3-Clause
#include "port/mac_filter.h"

#include <rte_ethdev.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace warren::port {
namespace {

rte_ether_addr to_dpdk(const net::MacAddress& mac) {
    rte_ether_addr address{};
    std::copy(mac.bytes.begin(), mac.bytes.end(), std::begin(address.addr_bytes));
    return address;
}

}  // namespace

std::string MacFilter::add(std::uint16_t port, const net::MacAddress& mac) {
    if (std::find(added_.begin(), added_.end(), mac) != added_.end()) return {};
    rte_ether_addr address = to_dpdk(mac);
    if (rte_eth_dev_mac_addr_add(port, &address, 0) != 0) return become_promiscuous(port);
    added_.push_back(mac);
    return {};
}

std::string MacFilter::become_promiscuous(std::uint16_t port) {
    if (promiscuous_) return {};
    const int error = rte_eth_promiscuous_enable(port);
    if (error != 0)
        return std::string("no MAC filter and no promiscuous mode: ") +
               std::strerror(std::abs(error));
    if (rte_eth_promiscuous_get(port) != 1)
        return "no MAC filter, and promiscuous mode did not stay on";
    promiscuous_ = true;
    return {};
}

void MacFilter::clear(std::uint16_t port) {
    for (const net::MacAddress& mac : added_) {
        rte_ether_addr address = to_dpdk(mac);
        rte_eth_dev_mac_addr_remove(port, &address);
    }
    if (promiscuous_) rte_eth_promiscuous_disable(port);
}

}  // namespace warren::port
