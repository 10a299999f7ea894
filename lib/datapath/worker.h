// SPDX-License-Identifier: BSD-3-Clause
// A worker: one poll-mode lcore that owns its rx queues and its flows and shares nothing with the
// other workers but hand-off rings. `poll_once` is the whole life of a packet.
#pragma once

#include <rte_mempool.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "capture/capture_point.h"
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
#include "fast_path/fast_path.h"
#include "port/port.h"
#include "port/port_table.h"
#include "port/rx_watermark.h"
#include "port/sleeper.h"
#include "port/stage_timer.h"
#include "tables/tables.h"
#include "worker_sync/deferral.h"
#include "worker_sync/worker_sync.h"

namespace warren::datapath {

using fast_path::FastPath;

struct WorkerOptions {
    unsigned id = 0;  // also its reader id at the publisher
    // Must outlive the worker. What a kernel port sends leaves by the port beside it.
    const port::PortTable* ports = nullptr;
    port::PacketSocket* loopback = nullptr;  // exchange::loopback_port; null: none
    rte_mempool* pool = nullptr;             // for frames of our own
    std::uint32_t flow_capacity = 65'536;
    bool idle_adaptive = true;
    std::uint64_t now_ns = 0;              // where ageing starts
    const flow::Spread* spread = nullptr;  // who owns a flow: one for all workers, outlives them
    tables::FlowSecrets secrets;           // the same for all workers
    flow::PortShare port_share{};          // this machine's of the local ports
    bool fast_path = true;                 // false: tests, all on the slow path
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

    // Measures each round's stages into `timer`, which must outlive that; null: stops.
    void time(port::StageTimer* timer) { stage_timer_ = timer; }

  private:
    struct RxQueue {
        port::Port* from;
        std::uint8_t port;  // index in the snapshot
        std::uint16_t queue;
        bool from_kernel;  // no peer's advert can come from there
        port::RxWatermark mark;
    };
    using Burst = std::array<rte_mbuf*, burst_size>;
    // Of a burst, from stage to stage.
    struct BurstState {
        std::array<FastPath::FrameInfo, burst_size> info;  // of those on the fast path
        std::uint32_t slow_path = 0;                       // bit i: burst[i] takes it
        std::uint32_t displaced = 0;                       // those to look for once more
        const exchange::HandoffFrame* handed =
            nullptr;  // of a hand-off: what the other worker parsed

        bool takes_slow_path(unsigned i) const { return (slow_path >> i & 1) != 0; }
    };

    // What FastPath::forward() calls.
    struct FastPathOutput {
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
    void publish_seen();
    unsigned take_handoffs(unsigned from, exchange::HandoffRing& ring);
    void process(Burst& burst, unsigned count, const exchange::HandoffFrame* handed = nullptr);
    void parse(Burst& burst, unsigned first, unsigned end, BurstState& state);
    void find_candidates(unsigned first, unsigned end, BurstState& state);
    void forward(Burst& burst, unsigned first, unsigned end, const BurstState& state);
    bool hand_off(rte_mbuf& mbuf, const FastPath::FrameInfo& info);
    void classify_frame(Burst& burst, unsigned i);
    void take_slow_path(Packet& packet);
    void update_use_fast_path();
    void send_to_kernel(const Packet& packet);
    void send_from_kernel(rte_mbuf* mbuf, std::uint8_t port);
    void note_traffic(const Packet& packet);
    Verdict handle(Packet& packet);
    void hide_virtual_mac(rte_mbuf& mbuf, std::uint8_t port) const;
    void carry_out(Packet& packet, const Verdict& verdict);
    void drop(rte_mbuf* mbuf, exchange::Drop reason);
    unsigned chores();
    unsigned follow_peer();
    // A few times a round; next to nothing unless a measurement runs.
    void end_stage(port::Stage stage) {
        if (stage_timer_ != nullptr) [[unlikely]]
            stage_timer_->end(stage);
    }

    exchange::Exchange& exchange_;
    exchange::WorkerLink& link_;
    exchange::WorkerCounters& counters_;
    const unsigned id_;
    const bool idle_adaptive_;
    const bool has_fast_path_;
    bool use_fast_path_ = false;  // no capture, and no virtual router is being handed over
    const port::PortTable& ports_;
    std::vector<net::MacAddress> port_macs_;  // of those that it knows already
    std::vector<RxQueue> rx_queues_;
    std::vector<std::pair<unsigned, exchange::HandoffRing*>> handoffs_;  // from which worker
    port::Sleeper sleeper_;                                              // which their frames end
    TxBatch tx_;
    PollRound round_;
    std::uint64_t ports_generation_ = 0;  // of the snapshot whose ports these are
    std::uint64_t next_follow_ns_ = 0;
    port::StageTimer* stage_timer_ = nullptr;
    std::array<Packet, burst_size> packets_;  // of the burst, those on the slow path
    tables::Tables tables_;
    FastPath fast_path_;
    capture::CapturePoint capture_point_;
    Emitter emitter_;
    Steering steering_;
    Admission admission_;
    HalfOpen half_open_;
    DeadFlows dead_flows_;
    worker_sync::Deferral deferral_;
    IcmpRelay icmp_;
    Shedding shedding_;
    RollCall roll_call_;
    Leaving leaving_;
    Ageing ageing_;
    Forwarder forwarder_;
    FlowAnswers answers_;
    worker_sync::WorkerSync flow_sync_;
    Responder responder_;
};

}  // namespace warren::datapath
