// SPDX-License-Identifier: BSD-3-Clause
#include "port/port.h"

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ether.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "port/unfinished.h"

namespace warren::port {
namespace {

constexpr std::uint16_t wanted_descriptors = 1024;

[[noreturn]] void fail(const std::string& name, const std::string& what, int error) {
    std::string text = "interface " + name + ": " + what;
    if (error != 0) text += ": " + std::string(rte_strerror(std::abs(error)));
    throw std::runtime_error(text);
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

Port::Port(const PortOptions& options)
    : name_(options.name), workers_(options.workers), pool_(options.pool) {
    if (options.device.empty()) {
        share(options);
        return;
    }
    attach(options);
    configure(options);
}

// Each worker has a socket, and the control lcore one that only sends. The kernel spreads frames
// over the workers' by its own hash.
void Port::share(const PortOptions& options) {
    shared_ = std::make_unique<KernelInterface>(
        KernelInterfaceOptions{name_, workers_, options.may_come_later, options.joins_fragments},
        options.pool, options.large_pool);
    driver_ = "packet_socket";
    rx_queues_ = static_cast<std::uint16_t>(workers_);
    tx_queues_ = static_cast<std::uint16_t>(workers_ + 1);
    rx_descriptors_ = shared_->socket(0).slots();
    if (workers_ > 1) rss_trouble_ = "the kernel spreads the frames of a shared interface";
}

void Port::attach(const PortOptions& options) {
    if (is_pci(options.device)) {
        const std::string address = options.device.substr(0, options.device.find(','));
        if (rte_eth_dev_get_port_by_name(address.c_str(), &id_) != 0)
            fail(name_, "no DPDK driver took " + address + " (bind it to vfio-pci first)", 0);
        return;
    }
    std::string arguments;
    const std::size_t comma = options.device.find(',');
    device_name_ = options.device.substr(0, comma);
    if (comma != std::string::npos) arguments = options.device.substr(comma + 1);
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

// One tx queue more than workers, for the control lcore, where the device has it. net_tap wants as
// many rx as tx queues; every rx queue that exists is drained by a worker. net_memif has as many
// of both as its two ends agree on, and takes what is sent on another for the first's: one each for
// a worker is what other programs expect too.
void Port::choose_queues(const rte_eth_dev_info& info, Rss& rss) {
    const bool spare = driver_ != "net_memif";
    const unsigned with_control =
        std::min<unsigned>(spare ? workers_ + 1 : workers_, info.max_tx_queues);
    const unsigned alone = std::min<unsigned>(workers_, info.max_rx_queues);
    struct Queues {
        unsigned rx, tx;
    };
    const std::array<Queues, 3> wishes{
        {{alone, with_control}, {with_control, with_control}, {workers_, workers_}}};
    int error = -EINVAL;
    for (const Queues& wish : wishes) {
        const bool pairs = driver_ != "net_tap" || wish.rx == wish.tx;
        if (!pairs || wish.rx > info.max_rx_queues) continue;
        rte_eth_conf conf{};
        // net_tap would compute in software what we look at only where we must.
        if (driver_ != "net_tap")
            conf.rxmode.offloads = info.rx_offload_capa &
                                   (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
        conf.intr_conf.rxq = driver_ == "net_tap" ? 1 : 0;  // see rx_descriptor()
        if (wish.rx > 1) rss.ask_for(info, conf);
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
    // It has the kernel queue a signal for every frame. When too many wait, SIGIO comes instead.
    if (driver_ == "net_tap") std::signal(SIGIO, SIG_IGN);
    if (info.max_tx_queues < workers_)
        fail(name_,
             "the device has " + std::to_string(info.max_tx_queues) + " tx queues for " +
                 std::to_string(workers_) + " workers",
             0);
    Rss rss(options.rss_key, workers_);
    choose_queues(info, rss);
    std::uint16_t rx_descriptors = wanted_descriptors;
    std::uint16_t tx_descriptors = wanted_descriptors;
    rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors);
    rx_descriptors_ = rx_descriptors;
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
    rss_trouble_ = rss.settle(id_, info);
    rte_eth_allmulticast_enable(id_);
}

Port::~Port() {
    if (shared_ != nullptr || id_ == RTE_MAX_ETHPORTS) return;
    filter_.clear(id_);
    rte_eth_dev_stop(id_);
    rte_eth_dev_close(id_);
    if (!device_name_.empty()) rte_eal_hotplug_remove("vdev", device_name_.c_str());
}

std::string Port::add_mac(const net::MacAddress& mac) {
    std::string error;
    if (shared_ == nullptr) {
        error = filter_.add(id_, mac);
    } else if (!shared_->add_mac(mac).empty()) {
        error = shared_->become_promiscuous();
        if (!error.empty()) error = "no MAC filter and no promiscuous mode: " + error;
    }
    if (mac_trouble_.empty()) mac_trouble_ = error;
    return error;
}

net::MacAddress Port::mac() const {
    if (shared_ != nullptr) return shared_->mac();
    rte_ether_addr address{};
    rte_eth_macaddr_get(id_, &address);
    net::MacAddress mac;
    std::copy(std::begin(address.addr_bytes), std::end(address.addr_bytes), mac.bytes.begin());
    return mac;
}

std::uint16_t Port::mtu() const {
    if (shared_ != nullptr) return shared_->mtu();
    std::uint16_t mtu = RTE_ETHER_MTU;
    rte_eth_dev_get_mtu(id_, &mtu);
    return mtu;
}

int Port::rx_descriptor(std::uint16_t queue) const {
    if (shared_ != nullptr) return queue < rx_queues_ ? shared_->socket(queue).descriptor() : -1;
    return std::max(-1, rte_eth_dev_rx_intr_ctl_q_get_fd(id_, queue));
}

bool Port::link_up() const {
    if (shared_ != nullptr) return shared_->is_running();
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool Port::reopen(std::uint16_t queue, int ifindex) {
    if (shared_ == nullptr) return true;
    PacketSocket& socket = shared_->socket(queue);
    return socket.ifindex() == ifindex || socket.reopen(ifindex);
}

void Port::restore_filter() {
    if (shared_ != nullptr) shared_->restore_filter();
}

rte_eth_stats Port::stats() const {
    rte_eth_stats stats{};
    if (shared_ == nullptr) {
        rte_eth_stats_get(id_, &stats);
        return stats;
    }
    for (std::uint16_t queue = 0; queue < shared_->sockets(); ++queue) {
        const PacketSocket::Statistics one = shared_->socket(queue).statistics();
        stats.ipackets += one.received;
        stats.ibytes += one.received_bytes;
        stats.imissed += one.ring_full;
        stats.ierrors += one.too_large;
        stats.rx_nombuf += one.no_buffer;
        stats.opackets += one.sent;
        stats.obytes += one.sent_bytes;
        stats.oerrors += one.refused;
    }
    return stats;
}

// Rare: frames that a shared interface, or a virtual card, brought unfinished and that leave by a
// card of our own.
unsigned Port::send_finished(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
    std::uint16_t begin = 0;
    for (std::uint16_t i = 0; i < count; ++i) {
        if (!is_unfinished(*packets[i])) [[likely]]
            continue;
        if (!is_large(*packets[i])) {
            finish_checksum(*packets[i]);
            continue;
        }
        begin = static_cast<std::uint16_t>(
            begin +
            rte_eth_tx_burst(id_, queue, packets + begin, static_cast<std::uint16_t>(i - begin)));
        if (begin < i || send_pieces(queue, packets[i]) == 0) return begin;
        begin = static_cast<std::uint16_t>(i + 1);
    }
    return begin +
           rte_eth_tx_burst(id_, queue, packets + begin, static_cast<std::uint16_t>(count - begin));
}

// The frame is freed if any of its pieces is sent; what is lost of it TCP sends again.
unsigned Port::send_pieces(std::uint16_t queue, rte_mbuf* packet) {
    const net::Parsed parsed =
        net::parse({rte_pktmbuf_mtod(packet, std::uint8_t*), rte_pktmbuf_data_len(packet)},
                   net::IpChecksum::verified);
    unsigned sent = 0;
    for_each_piece(*packet, parsed, pool_, [&](rte_mbuf* piece) {
        if (piece != nullptr && rte_eth_tx_burst(id_, queue, &piece, 1) == 1)
            ++sent;
        else
            rte_pktmbuf_free(piece);
    });
    if (sent != 0) rte_pktmbuf_free(packet);
    return sent;
}

}  // namespace warren::port
