// SPDX-License-Identifier: BSD-3-Clause
// A whole data plane for tests: workers on net_ring ports over a hugepage-less EAL, the product's
// own code from rx burst to tx burst. Frames go in, frames come out as text, and after every round
// the conservation law is asserted. Time is a number that the test moves.
#pragma once

#include <gtest/gtest.h>
#include <rte_ring.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datapath/worker.h"
#include "packets/packet_builder.h"
#include "port/mempool.h"

namespace warren::datapath {

using Lines = std::vector<std::string>;  // frames that came out, as describe() writes them
inline const Lines silence;

inline constexpr auto client_mac = "02:00:00:00:00:c1";
inline constexpr auto vip_mac = "02:00:00:00:00:64";      // the port's own MAC: no use_vmac
inline constexpr auto second_mac = "02:00:00:00:00:65";   // of port 1, if there is one
inline constexpr auto virtual_mac = "00:00:5e:00:01:33";  // VRID 51
inline constexpr auto client = "192.168.8.50";
inline constexpr auto vip = "192.168.8.100";
inline constexpr auto vip6 = "fd00::100";
inline constexpr auto broadcast = "ff:ff:ff:ff:ff:ff";

inline packets::PacketBuilder to_vip() {
    return packets::PacketBuilder().ethernet(client_mac, vip_mac).ip(client, vip);
}

inline constexpr std::uint64_t ms = 1'000'000;
inline constexpr std::uint64_t second = 1'000 * ms;

struct WorldOptions {
    unsigned workers = 1;
    unsigned servers = 2;  // 192.168.8.11 and up, MAC 02:00:00:00:00:0b and up
    std::uint32_t flow_capacity = 1024;
    bool kernel_port = false;  // a card of our own, with the exception path
    unsigned ports = 1;
    bool flow_sync = false;
    flow::PortShare port_share{};
    std::uint64_t isn_clock_ns = 0;
};

class World {
  public:
    explicit World(const WorldOptions& options = {});
    ~World();

    // Changes the snapshot and publishes it.
    void change(const std::function<void(exchange::Snapshot&)>& edit);
    void set_master(bool master);
    void advance(std::uint64_t by_ns) { now_ns += by_ns; }

    // Puts frames on the wire of worker `worker`'s queue, runs every worker until all is quiet, and
    // returns what was sent, each as one line of text.
    std::vector<std::string> send(const packets::Frame& frame, unsigned worker = 0,
                                  unsigned port = 0);
    std::vector<std::string> run();
    std::vector<packets::Frame> send_raw(const packets::Frame& frame, unsigned worker = 0,
                                         unsigned port = 0);
    std::vector<packets::Frame> run_raw();

    // The exception path: what the kernel got since the last call, and a frame that it sends.
    std::vector<std::string> taken_by_kernel();
    std::vector<std::string> send_from_kernel(const packets::Frame& frame);

    // Puts a frame behind those that a worker will find in its next round.
    void queue(const packets::Frame& frame, unsigned port, unsigned worker = 0) {
        put(frame, rx_[port * options_.workers + worker]);
    }
    // Hands a frame of that port over from worker 0 to that one.
    void hand_over(const packets::Frame& frame, std::uint16_t port, unsigned worker);
    // One more, with second_mac; the next snapshot may name it.
    void add_port();
    // Fills worker 0's queue of port 0 (the kernel's) to the brim with copies of the frame.
    void keep_full(const packets::Frame& frame) { fill(frame, rx_[0]); }
    void keep_kernel_full(const packets::Frame& frame) { fill(frame, kernel_rx_[0]); }

    std::uint64_t router_frames(std::size_t router = 0) const;
    std::uint64_t dropped(exchange::Drop reason) const;
    std::uint64_t refused(exchange::Drop reason) const;
    std::uint64_t counted(exchange::Counter exchange::WorkerCounters::*counter) const;
    void expect_conservation() const;

    exchange::Exchange exchange;
    flow::Spread spread;
    std::vector<std::unique_ptr<Worker>> workers;
    std::uint64_t now_ns = 1000 * second;
    std::uint16_t stripped_tag = 0;  // not 0: frames come as from a driver that strips VLAN tags
    std::uint64_t rx_flags = 0;      // what the NIC says of the frames put on the wire (ol_flags)
    std::uint16_t rx_segment_bytes = 0;  // with RTE_MBUF_F_RX_LRO among the flags
    std::uint32_t rx_hash = 0;           // its RSS hash of them
    // Of all worlds of the program; false (--slow-path): every frame takes the slow path.
    static inline bool fast_path = true;

  private:
    // A started net_ring port with a queue pair for each worker.
    std::unique_ptr<port::Port> make_port(const std::string& name, std::vector<rte_ring*>& rx,
                                          std::vector<rte_ring*>& tx);
    rte_mbuf* make(const packets::Frame& frame);
    void put(const packets::Frame& frame, rte_ring* ring);
    void fill(const packets::Frame& frame, rte_ring* ring);

    port::Mempool pool_;
    std::vector<rte_ring*> rx_, tx_, kernel_rx_, kernel_tx_;  // port by port, a queue per worker
    std::vector<std::unique_ptr<port::Port>> ports_;
    port::PortTable table_;
    std::unique_ptr<port::Port> kernel_port_;
    WorldOptions options_;
    exchange::Snapshot current_;
};

}  // namespace warren::datapath
