// SPDX-License-Identifier: BSD-3-Clause
// Which unicast MACs beside its own a port takes.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "port/port.h"

namespace warren::port {
namespace {

rte_ether_addr to_dpdk(const net::MacAddress& mac) {
    rte_ether_addr address{};
    std::copy(mac.bytes.begin(), mac.bytes.end(), std::begin(address.addr_bytes));
    return address;
}

// What the kernel says, not what the driver has noted.
bool interface_is_promiscuous(const std::string& name) {
    const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    const bool promiscuous =
        ioctl(probe, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_PROMISC) != 0;
    close(probe);
    return promiscuous;
}

}  // namespace

std::string Port::add_mac(const net::MacAddress& mac) {
    std::string error = try_mac(mac);
    if (mac_trouble_.empty()) mac_trouble_ = error;
    return error;
}

std::string Port::try_mac(const net::MacAddress& mac) {
    if (std::find(added_macs_.begin(), added_macs_.end(), mac) != added_macs_.end()) return {};
    if (shared_) {
        if (add_mac_to_interface(mac).empty()) return {};
    } else {
        rte_ether_addr address = to_dpdk(mac);
        if (rte_eth_dev_mac_addr_add(id_, &address, 0) == 0) {
            added_macs_.push_back(mac);
            return {};
        }
    }
    return become_promiscuous();
}

// A membership of kind PACKET_MR_UNICAST puts the MAC into the card's filter, or the card into
// promiscuous mode where it has none; it ends with the socket, however this process ends.
std::string Port::add_mac_to_interface(const net::MacAddress& mac) {
    if (filter_socket_ < 0) filter_socket_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (filter_socket_ < 0) return std::strerror(errno);
    packet_mreq request{};
    request.mr_ifindex = static_cast<int>(if_nametoindex(name_.c_str()));
    request.mr_type = PACKET_MR_UNICAST;
    request.mr_alen = static_cast<unsigned short>(mac.bytes.size());
    std::copy(mac.bytes.begin(), mac.bytes.end(), std::begin(request.mr_address));
    if (setsockopt(filter_socket_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) !=
        0)
        return std::strerror(errno);
    return {};
}

std::string Port::become_promiscuous() {
    if (promiscuous_) return {};
    const int error = rte_eth_promiscuous_enable(id_);
    if (error != 0)
        return std::string("no MAC filter and no promiscuous mode: ") +
               std::strerror(std::abs(error));
    if (rte_eth_promiscuous_get(id_) != 1 || (shared_ && !interface_is_promiscuous(name_)))
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
    if (filter_socket_ >= 0) close(filter_socket_);
}

}  // namespace warren::port
