// SPDX-License-Identifier: BSD-3-Clause
// A worker: one poll-mode lcore that owns its rx queues and its flows and shares nothing with the
// other workers but hand-off rings. `poll_once` is the whole way of a packet.
#pragma once

#include <rte_mempool.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "capture/witness.h"
#include "datapath/admission.h"
#include "datapath/ageing.h"
#include "datapath/dead_flows.h"
#include "datapath/emit.h"
#include "datapath/flow_answers.h"
#include "datapath/forward.h"
#include "datapath/half_open.h"
#include "datapath/icmp_relay.h"
#include "datapath/leaving.h"
#include "datapath/packet.h"
#include "datapath/respond.h"
#include "datapath/roll_call.h"
#include "datapath/shedding.h"
#include "datapath/steering.h"
#include "datapath/tx_batch.h"
#include "exchange/worker_link.h"
#include "lane/fast_lane.h"
#include "mirror/deferral.h"
#include "mirror/mirror.h"
#include "port/laps.h"
#include "port/nap.h"
#include "port/port.h"
#include "port/port_table.h"
#include "port/rx_mark.h"
#include "tables/tables.h"

namespace warren::datapath {

struct WorkerOptions {
    unsigned id = 0;  // also its reader id at the publisher
    // Outlives it. What a kernel port sends leaves by its port.
    const port::PortTable* ports = nullptr;
    port::PacketSocket* loopback = nullptr;  // exchange::loopback_port; null: none
    rte_mempool* pool = nullptr;             // for frames of our own
    std::uint32_t flow_capacity = 65'536;
    bool idle_adaptive = true;
    std::uint64_t now_ns = 0;              // where ageing starts
    const flow::Spread* spread = nullptr;  // who owns a flow: one for all workers, outlives them
    tables::FlowSecrets secrets;           // the same for all workers
    flow::PortShare port_share{};          // this machine's of the local ports
    bool fast_lane = true;                 // false: tests send every frame the whole way
};

class Worker {
  public:
    Worker(exchange::Exchange& exchange, const WorkerOptions& options);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // One round: receive, classify, forward, transmit, bounded chores. Returns the frames and
    // resets handled. Between two rounds the caller reports quiescent().
    unsigned poll_once(std::uint64_t now_ns);

    // Polls until Exchange::stop, backing off when idle. Runs on the worker's lcore.
    void run();

    // A measurement is told of every round from now on; null: none is. `laps` outlives that.
    void time(port::Laps* laps) { laps_ = laps; }

  private:
    struct RxQueue {
        port::Port* from;
        std::uint8_t port;  // index in the snapshot
        std::uint16_t queue;
        bool from_kernel;  // no peer's advert can come from there
        port::RxMark mark;
    };
    using Burst = std::array<rte_mbuf*, burst_size>;
    // What is known of a burst's frames while they go from stage to stage.
    struct Sighted {
        std::array<lane::FastLane::Seen, burst_size> seen;  // those in the fast lane
        std::uint32_t whole_way = 0;                        // bit i: so goes burst[i]
        const exchange::Handed* handed = nullptr;           // what another worker has said of each

        bool goes_whole_way(unsigned i) const { return (whole_way >> i & 1) != 0; }
    };

    // Where the fast lane's frames go, and who hears what they change.
    struct LaneEnd {
        Worker& worker;

        [[gnu::always_inline]] void send(std::uint8_t port, rte_mbuf* mbuf) const {
            worker.tx_.add_finished(port, mbuf);
        }
        void change(const flow::Flow& flow, flow::TcpState after, flow::Side from,
                    std::uint8_t flags) const {
            worker.forwarder_.change_state(worker.tables_.flows.index_of(flow), after,
                                           worker.round_, {.from = from, .flags = flags});
        }
    };

    void attach_ports(std::size_t count);
    void attach(std::uint8_t port);
    void add_queues(port::Port& from, std::uint8_t port, bool from_kernel);
    void begin_round(std::uint64_t now_ns);
    void follow_ports();
    unsigned send_for_control();
    unsigned receive();
    void tell_what_was_seen();
    unsigned take_handoffs(unsigned from, exchange::HandoffRing& ring);
    void process(Burst& burst, unsigned count, const exchange::Handed* handed = nullptr);
    void look(Burst& burst, unsigned first, unsigned end, Sighted& sighted);
    void fetch(unsigned first, unsigned end, Sighted& sighted);
    void forward(Burst& burst, unsigned first, unsigned end, const Sighted& sighted);
    bool hand_off(rte_mbuf& mbuf, const lane::FastLane::Seen& seen);
    void sort(Burst& burst, unsigned i);
    void go_whole_way(Packet& packet);
    void open_or_shut_lane();
    void leave_to_kernel(const Packet& packet);
    void send_for_kernel(rte_mbuf* mbuf, std::uint8_t port);
    void note_traffic(const Packet& packet);
    Verdict handle(Packet& packet);
    void hide(rte_mbuf& mbuf, std::uint8_t port) const;
    void settle(Packet& packet, const Verdict& verdict);
    void drop(rte_mbuf* mbuf, exchange::Drop reason);
    unsigned chores();
    unsigned follow_peer();
    // A few times a round, and without a measurement next to nothing.
    void end_lap(port::Lap lap) {
        if (laps_ != nullptr) [[unlikely]]
            laps_->end(lap);
    }

    exchange::Exchange& exchange_;
    exchange::WorkerLink& link_;
    exchange::WorkerCounters& counters_;
    const unsigned id_;
    const bool idle_adaptive_;
    const bool has_fast_lane_;
    bool is_lane_open_ = false;  // nobody captures, and no virtual router is handed over
    const port::PortTable& ports_;
    std::vector<net::MacAddress> port_macs_;  // of those that it knows already
    std::vector<RxQueue> rx_queues_;
    std::vector<std::pair<unsigned, exchange::HandoffRing*>> handoffs_;  // from which worker
    port::Nap nap_;                                                      // which their frames end
    TxBatch tx_;
    PollRound round_;
    std::uint64_t ports_generation_ = 0;  // of the snapshot whose ports these are
    std::uint64_t next_follow_ns_ = 0;
    port::Laps* laps_ = nullptr;
    std::array<Packet, burst_size> packets_;  // of the burst, those that go the whole way
    tables::Tables tables_;
    lane::FastLane lane_;
    capture::Witness witness_;
    Emitter emitter_;
    Steering steering_;
    Admission admission_;
    HalfOpen half_open_;
    DeadFlows dead_flows_;
    mirror::Deferral deferral_;
    IcmpRelay icmp_;
    Shedding shedding_;
    RollCall roll_call_;
    Leaving leaving_;
    Ageing ageing_;
    Forwarder forwarder_;
    FlowAnswers answers_;
    mirror::Mirror mirror_;
    Responder responder_;
};

}  // namespace warren::datapath
