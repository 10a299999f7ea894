// SPDX-License-Identifier: BSD-3-Clause
// One port: an ethdev (a NIC of our own, a virtual device), or a kernel interface that is shared
// with the kernel (kernel_interface.h).
#pragma once

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/toeplitz.h"
#include "port/kernel_interface.h"
#include "port/mac_filter.h"
#include "port/rss.h"

namespace warren::port {

struct PortOptions {
    std::string name;    // the configuration's interface name
    std::string device;  // PCI address or vdev string; empty: the kernel interface `name`, shared
    unsigned workers = 1;
    rte_mempool* pool = nullptr;
    rte_mempool* large_pool = nullptr;  // for frames that fit no buffer of `pool` (GRO, large MTUs)
    // What RSS is set to where the card has it: entry i of the indirection table leads to worker
    // i modulo net::rss_entries modulo workers.
    std::optional<net::RssKey> rss_key{};
    bool may_come_later = false;  // the kernel need not have that interface yet: reopen()
    // Of a shared interface: IPv4 datagrams come whole, as far as the kernel can.
    bool joins_fragments = false;
};

// The device string of a kernel port: a tap interface `name` with the MAC of the card, through
// which the kernel has what the card receives and is not Warren's.
std::string kernel_port_device(const std::string& name, const net::MacAddress& mac);

class Port {
  public:
    // Opens, configures and starts. Throws std::runtime_error: no such interface or device, no
    // permission, no memory, device busy, too few queues.
    explicit Port(const PortOptions& options);
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    const std::string& name() const { return name_; }
    const std::string& driver() const { return driver_; }
    std::uint16_t id() const { return id_; }
    net::MacAddress mac() const;
    std::uint16_t mtu() const;  // bytes of an IP packet
    bool shared_with_kernel() const { return shared_ != nullptr; }
    std::uint16_t rx_queues() const { return rx_queues_; }
    // So many frames at most wait in one rx queue.
    std::uint32_t rx_descriptors() const { return rx_descriptors_; }
    // What poll() finds readable while frames wait in that queue; -1 where the driver has no such
    // thing.
    int rx_descriptor(std::uint16_t queue) const;
    // Worker i sends on queue i. With a spare queue the control lcore's is control_queue().
    bool has_control_queue() const { return tx_queues_ > workers_; }
    std::uint16_t control_queue() const { return static_cast<std::uint16_t>(workers_); }
    // Makes the card take frames to `mac` too, until the port is closed: by its own filter, else by
    // the kernel's (shared), else by promiscuous mode. Returns why that is impossible, or nothing.
    std::string add_mac(const net::MacAddress& mac);
    // The first such reason.
    const std::string& mac_trouble() const { return mac_trouble_; }
    // Why frames do not arrive where net::RssTable says, or nothing if the card has taken, and
    // reads back, our key and our indirection table. Whether it really hashes so, frames tell.
    const std::string& rss_trouble() const { return rss_trouble_; }
    bool link_up() const;
    rte_eth_stats stats() const;

    // A shared interface has come, or was made anew under the same name. For the thread of that
    // queue; false: it is gone again. And for the manager: what the kernel forgot of it.
    bool reopen(std::uint16_t queue, int ifindex);
    void restore_filter();

    unsigned rx_burst(std::uint16_t queue, rte_mbuf** packets, std::uint16_t most) {
        if (shared_ != nullptr) return shared_->socket(queue).receive(packets, most);
        return rte_eth_rx_burst(id_, queue, packets, most);
    }
    // Frames are sent whole: what a frame came with unfinished (packet_socket.h) is finished by the
    // kernel behind a shared interface, here for an ethdev.
    unsigned tx_burst(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
        if (shared_ != nullptr) return shared_->socket(queue).send(packets, count);
        return send_finished(queue, packets, count);
    }
    // Of frames none of which is_unfinished() (unfinished.h).
    unsigned tx_finished(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
        if (shared_ != nullptr) return shared_->socket(queue).send(packets, count);
        return rte_eth_tx_burst(id_, queue, packets, count);
    }

  private:
    unsigned send_finished(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count);
    unsigned send_pieces(std::uint16_t queue, rte_mbuf* packet);
    void share(const PortOptions& options);
    void attach(const PortOptions& options);
    void choose_queues(const rte_eth_dev_info& info, Rss& rss);
    void configure(const PortOptions& options);

    std::string name_;
    std::string driver_;
    std::string device_name_;  // of a vdev we made, to remove it again
    std::uint16_t id_ = RTE_MAX_ETHPORTS;
    unsigned workers_;
    std::uint16_t rx_queues_ = 0;
    std::uint32_t rx_descriptors_ = 0;
    std::uint16_t tx_queues_ = 0;
    std::unique_ptr<KernelInterface> shared_;  // then there is no ethdev
    rte_mempool* pool_;                        // for pieces of large frames
    MacFilter filter_;                         // of the ethdev
    std::string mac_trouble_;
    std::string rss_trouble_;
};

}  // namespace warren::port
