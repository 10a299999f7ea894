// SPDX-License-Identifier: BSD-3-Clause
#include "port/port.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ether.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace warren::port {
namespace {

constexpr std::uint16_t wanted_descriptors = 1024;

[[noreturn]] void fail(const std::string& name, const std::string& what, int error) {
    std::string text = "interface " + name + ": " + what;
    if (error != 0) text += ": " + std::string(rte_strerror(std::abs(error)));
    throw std::runtime_error(text);
}

// af_packet reports every failure as one; ask the kernel the same questions first.
void check_kernel_interface(const std::string& name) {
    if (!kernel_has_interface(name))
        fail(name,
             "no such interface (give its device in `dataplane { interface " + name +
                 " { device … } }`, or create it)",
             0);
    const int probe = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (probe < 0) fail(name, "cannot open a packet socket (root or CAP_NET_RAW is needed)", errno);
    close(probe);
}

std::string af_packet_arguments(const std::string& name, unsigned queues) {
    return "iface=" + name + ",qpairs=" + std::to_string(queues) +
           ",blocksz=65536,framesz=2048,framecnt=2048";
}

// net_af_packet has no rx interrupts, and no way to ask for its sockets. They are the ones of this
// process that are bound to the interface, made one after another: ascending, queue by queue.
std::vector<int> packet_sockets(const std::string& interface) {
    const int index = static_cast<int>(if_nametoindex(interface.c_str()));
    std::vector<int> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const int descriptor = std::atoi(entry.path().filename().c_str());
        sockaddr_ll bound{};
        socklen_t size = sizeof bound;
        if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
            bound.sll_family == AF_PACKET && bound.sll_ifindex == index)
            found.push_back(descriptor);
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool is_pci(const std::string& device) {
    const std::string address = device.substr(0, device.find(','));
    return std::count(address.begin(), address.end(), ':') >= 1 &&
           address.find('.') != std::string::npos;
}

}  // namespace

std::string kernel_port_device(const std::string& name, const net::MacAddress& mac) {
    return "net_tap_" + name + ",iface=" + name + ",mac=" + mac.to_string();
}

bool kernel_has_interface(const std::string& name) {
    return if_nametoindex(name.c_str()) != 0;
}

Port::Port(const PortOptions& options) : name_(options.name), workers_(options.workers) {
    attach(options);
    configure(options);
}

void Port::attach(const PortOptions& options) {
    if (!options.device.empty() && is_pci(options.device)) {
        const std::string address = options.device.substr(0, options.device.find(','));
        if (rte_eth_dev_get_port_by_name(address.c_str(), &id_) != 0)
            fail(name_, "no DPDK driver took " + address + " (bind it to vfio-pci first)", 0);
        return;
    }
    std::string arguments;
    if (options.device.empty()) {
        check_kernel_interface(name_);
        device_name_ = "net_af_packet_" + name_;
        arguments = af_packet_arguments(name_, workers_ + 1);
    } else {
        const std::size_t comma = options.device.find(',');
        device_name_ = options.device.substr(0, comma);
        if (comma != std::string::npos) arguments = options.device.substr(comma + 1);
    }
    if (rte_eth_dev_get_port_by_name(device_name_.c_str(), &id_) == 0) return;  // given to EAL
    const int error = rte_eal_hotplug_add("vdev", device_name_.c_str(), arguments.c_str());
    if (error != 0) {
        std::string what = "device " + device_name_ + " did not open";
        if (error == -EBUSY || error == -EEXIST) what += " (busy)";
        device_name_.clear();
        fail(name_, what, error);
    }
    if (rte_eth_dev_get_port_by_name(device_name_.c_str(), &id_) != 0)
        fail(name_, "device " + device_name_ + " made no port", 0);
}

// One tx queue more than workers, for the control lcore, where the device has it. Some drivers want
// as many rx as tx queues (tap), and af_packet spreads frames over all its sockets: every rx queue
// that exists is drained by a worker.
void Port::choose_queues(const rte_eth_dev_info& info, const PortOptions& options) {
    const unsigned with_control = std::min<unsigned>(workers_ + 1, info.max_tx_queues);
    const unsigned alone = std::min<unsigned>(workers_, info.max_rx_queues);
    struct Queues {
        unsigned rx, tx;
    };
    const std::array<Queues, 3> wishes{
        {{alone, with_control}, {with_control, with_control}, {workers_, workers_}}};
    int error = -EINVAL;
    for (const Queues& wish : wishes) {
        const bool all_sockets = driver_ != "net_af_packet" || wish.rx == info.max_rx_queues;
        const bool pairs = driver_ != "net_tap" || wish.rx == wish.tx;
        if (!all_sockets || !pairs || wish.rx > info.max_rx_queues) continue;
        rte_eth_conf conf{};
        // net_tap would compute in software what we look at only where we must.
        if (driver_ != "net_tap")
            conf.rxmode.offloads = info.rx_offload_capa &
                                   (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
        conf.intr_conf.rxq = driver_ == "net_tap" ? 1 : 0;  // see rx_descriptor()
        if (wish.rx > 1) set_hash(info, options, conf);
        rx_queues_ = static_cast<std::uint16_t>(wish.rx);
        tx_queues_ = static_cast<std::uint16_t>(wish.tx);
        error = rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf);
        if (error == 0) return;
    }
    fail(name_, "cannot be configured", error);
}

void Port::configure(const PortOptions& options) {
    rte_eth_dev_info info{};
    if (const int error = rte_eth_dev_info_get(id_, &info); error != 0)
        fail(name_, "cannot ask the device what it can do", error);
    driver_ = info.driver_name;
    shared_ = driver_ == "net_af_packet";
    // It has the kernel queue a signal for every frame. When too many wait, SIGIO comes instead.
    if (driver_ == "net_tap") std::signal(SIGIO, SIG_IGN);
    if (info.max_tx_queues < workers_)
        fail(name_,
             "the device has " + std::to_string(info.max_tx_queues) + " tx queues for " +
                 std::to_string(workers_) + " workers",
             0);
    choose_queues(info, options);
    std::uint16_t rx_descriptors = wanted_descriptors;
    std::uint16_t tx_descriptors = wanted_descriptors;
    rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors);
    const int socket = rte_eth_dev_socket_id(id_);
    const unsigned numa = socket < 0 ? 0U : static_cast<unsigned>(socket);
    for (std::uint16_t queue = 0; queue < rx_queues_; ++queue)
        if (const int error =
                rte_eth_rx_queue_setup(id_, queue, rx_descriptors, numa, nullptr, options.pool))
            fail(name_, "no rx queue", error);
    for (std::uint16_t queue = 0; queue < tx_queues_; ++queue)
        if (const int error = rte_eth_tx_queue_setup(id_, queue, tx_descriptors, numa, nullptr))
            fail(name_, "no tx queue", error);
    if (const int error = rte_eth_dev_start(id_); error != 0) fail(name_, "cannot start", error);
    rss_trouble_ = set_indirection(info, options);
    if (rss_trouble_.empty()) rss_trouble_ = read_back_hash(options);
    if (shared_) sockets_ = packet_sockets(name_);
    // A shared interface hears multicast through the kernel's memberships and is left as it was
    // found.
    if (!shared_) rte_eth_allmulticast_enable(id_);
}

Port::~Port() {
    if (id_ == RTE_MAX_ETHPORTS) return;
    remove_macs();
    rte_eth_dev_stop(id_);
    rte_eth_dev_close(id_);
    if (!device_name_.empty()) rte_eal_hotplug_remove("vdev", device_name_.c_str());
}

net::MacAddress Port::mac() const {
    rte_ether_addr address{};
    rte_eth_macaddr_get(id_, &address);
    net::MacAddress mac;
    std::copy(std::begin(address.addr_bytes), std::end(address.addr_bytes), mac.bytes.begin());
    return mac;
}

std::uint16_t Port::mtu() const {
    std::uint16_t mtu = RTE_ETHER_MTU;
    rte_eth_dev_get_mtu(id_, &mtu);
    return mtu;
}

int Port::rx_descriptor(std::uint16_t queue) const {
    if (shared_) return queue < sockets_.size() ? sockets_[queue] : -1;
    return std::max(-1, rte_eth_dev_rx_intr_ctl_q_get_fd(id_, queue));
}

bool Port::link_up() const {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

rte_eth_stats Port::stats() const {
    rte_eth_stats stats{};
    rte_eth_stats_get(id_, &stats);
    return stats;
}

}  // namespace warren::port
