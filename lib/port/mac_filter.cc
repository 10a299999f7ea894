// SPDX-License-Identifier: BSD-3-Clause
// Which unicast MACs beside its own a port takes.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "port/port.h"

namespace warren::port {
namespace {

rte_ether_addr to_dpdk(const net::MacAddress& mac) {
    rte_ether_addr address{};
    std::copy(mac.bytes.begin(), mac.bytes.end(), std::begin(address.addr_bytes));
    return address;
}

}  // namespace

std::string Port::add_mac(const net::MacAddress& mac) {
    std::string error = try_mac(mac);
    if (mac_trouble_.empty()) mac_trouble_ = error;
    return error;
}

std::string Port::try_mac(const net::MacAddress& mac) {
    if (shared_ != nullptr)
        return shared_->add_mac(mac).empty() ? std::string() : become_promiscuous();
    if (std::find(added_macs_.begin(), added_macs_.end(), mac) != added_macs_.end()) return {};
    rte_ether_addr address = to_dpdk(mac);
    if (rte_eth_dev_mac_addr_add(id_, &address, 0) != 0) return become_promiscuous();
    added_macs_.push_back(mac);
    return {};
}

std::string Port::become_promiscuous() {
    if (promiscuous_) return {};
    if (shared_ != nullptr) {
        const std::string error = shared_->become_promiscuous();
        return error.empty() ? error : "no MAC filter and no promiscuous mode: " + error;
    }
    const int error = rte_eth_promiscuous_enable(id_);
    if (error != 0)
        return std::string("no MAC filter and no promiscuous mode: ") +
               std::strerror(std::abs(error));
    if (rte_eth_promiscuous_get(id_) != 1)
        return "no MAC filter, and promiscuous mode did not stay on";
    promiscuous_ = true;
    return {};
}

void Port::remove_macs() {
    for (const net::MacAddress& mac : added_macs_) {
        rte_ether_addr address = to_dpdk(mac);
        rte_eth_dev_mac_addr_remove(id_, &address);
    }
    if (promiscuous_) rte_eth_promiscuous_disable(id_);
}

}  // namespace warren::port
