// SPDX-License-Identifier: BSD-3-Clause
#include "port/kernel_interface.h"

#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace warren::port {
namespace {

// TC_PRIO_CONTROL: a queueing discipline sends adverts before everything else.
constexpr unsigned control_priority = 7;

std::optional<ifreq> ask(const std::string& name, unsigned long what) {
    const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return std::nullopt;
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    const bool answered = ioctl(probe, what, &request) == 0;
    close(probe);
    return answered ? std::optional(request) : std::nullopt;
}

// These hand on frames to the MAC that they were made with, whatever their filter is told.
bool has_one_mac(const std::string& name) {
    const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    ethtool_drvinfo driver{};
    driver.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&driver);
    const bool answered = ioctl(probe, SIOCETHTOOL, &request) == 0;
    close(probe);
    const std::string_view kind = driver.driver;
    return answered && (kind == "macvlan" || kind == "ipvlan");
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
    throw std::runtime_error("interface " + name + ": " + why);
}

}  // namespace

bool kernel_has_interface(const std::string& name) {
    return if_nametoindex(name.c_str()) != 0;
}

bool kernel_has_link(const std::string& name) {
    const auto answer = ask(name, SIOCGIFFLAGS);
    return answer && (answer->ifr_flags & (IFF_NOARP | IFF_LOOPBACK)) == 0;
}

std::unique_ptr<PacketSocket> open_loopback() {
    PacketSocketOptions options;
    options.receives = false;
    try {
        return std::make_unique<PacketSocket>(static_cast<int>(if_nametoindex("lo")), options);
    } catch (const std::system_error& error) {
        refuse("lo", "cannot open a packet socket: " + error.code().message());
    }
}

KernelInterface::KernelInterface(const KernelInterfaceOptions& wanted, rte_mempool* pool,
                                 rte_mempool* large_pool)
    : name_(wanted.name) {
    const int index = static_cast<int>(if_nametoindex(name_.c_str()));
    if (index == 0 && !wanted.may_come_later)
        refuse(name_, "no such interface (give its device in `dataplane { interface " + name_ +
                          " { device … } }`, or create it)");
    PacketSocketOptions options;
    options.shares = wanted.workers > 1;
    options.joins_fragments = wanted.joins_fragments;
    options.mtu = mtu();
    options.pool = pool;
    options.large_pool = large_pool;
    try {
        for (unsigned i = 0; i < wanted.workers; ++i)
            sockets_.push_back(std::make_unique<PacketSocket>(index, options));
        options.receives = false;
        options.control_priority = control_priority;
        sockets_.push_back(std::make_unique<PacketSocket>(index, options));
    } catch (const std::system_error& error) {
        const bool forbidden = error.code().value() == EPERM || error.code().value() == EACCES;
        refuse(name_, "cannot open a packet socket" +
                          std::string(forbidden ? " (root or CAP_NET_RAW is needed)" : "") + ": " +
                          error.code().message());
    }
}

KernelInterface::~KernelInterface() {
    if (filter_socket_ >= 0) close(filter_socket_);
}

net::MacAddress KernelInterface::mac() const {
    net::MacAddress mac;
    const auto answer = ask(name_, SIOCGIFHWADDR);
    if (answer && answer->ifr_hwaddr.sa_family == ARPHRD_ETHER)
        std::copy_n(answer->ifr_hwaddr.sa_data, mac.bytes.size(), mac.bytes.begin());
    return mac;
}

std::uint16_t KernelInterface::mtu() const {
    constexpr int ethernet = 1500;  // where the kernel does not say
    const auto answer = ask(name_, SIOCGIFMTU);
    return static_cast<std::uint16_t>(std::clamp(answer ? answer->ifr_mtu : ethernet, 0, 65'535));
}

bool KernelInterface::is_running() const {
    const auto answer = ask(name_, SIOCGIFFLAGS);
    return answer && (answer->ifr_flags & IFF_UP) != 0 && (answer->ifr_flags & IFF_RUNNING) != 0;
}

std::string KernelInterface::join(unsigned short kind, const net::MacAddress& mac) {
    if (filter_socket_ < 0) filter_socket_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (filter_socket_ < 0) return std::strerror(errno);
    packet_mreq request{};
    request.mr_ifindex = static_cast<int>(if_nametoindex(name_.c_str()));
    request.mr_type = kind;
    request.mr_alen = static_cast<unsigned short>(mac.bytes.size());
    std::copy(mac.bytes.begin(), mac.bytes.end(), std::begin(request.mr_address));
    if (setsockopt(filter_socket_, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) !=
        0)
        return std::strerror(errno);
    return {};
}

// Puts the MAC into the card's filter, or the card into promiscuous mode where it has none.
std::string KernelInterface::add_mac(const net::MacAddress& mac) {
    if (std::find(macs_.begin(), macs_.end(), mac) != macs_.end()) return {};
    if (has_one_mac(name_)) return "it has its own MAC only";
    std::string error = kernel_has_interface(name_) ? join(PACKET_MR_UNICAST, mac) : "";
    if (error.empty()) macs_.push_back(mac);
    return error;
}

std::string KernelInterface::become_promiscuous() {
    if (promiscuous_) return {};
    if (has_one_mac(name_)) return "a macvlan or ipvlan hears its own MAC only";
    std::string error = join(PACKET_MR_PROMISC, {});
    promiscuous_ = error.empty();
    return error;
}

void KernelInterface::restore_filter() {
    for (const net::MacAddress& mac : macs_)
        join(PACKET_MR_UNICAST, mac);
    if (promiscuous_) join(PACKET_MR_PROMISC, {});
}

}  // namespace warren::port
