// SPDX-License-Identifier: BSD-3-Clause
// The sync thread: between the workers' channels and the peers' sockets. It may be late or stand
// still: adverts, checks and packets do not wait for it.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "exchange/worker_link.h"
#include "flow/spread.h"
#include "peer/hand_over.h"
#include "peer/keys.h"
#include "peer/peer_socket.h"
#include "peer/session_link.h"
#include "peer/sync_states.h"
#include "peer/worker_queries.h"
#include "sync/preempt_gate.h"

namespace warren::peer {

struct RunnerOptions {
    std::vector<PeerSocketOptions> peers;  // 1 to max_peers
    Keys keys;
    std::uint32_t capacity = 0;  // flows that all workers' tables hold
    std::uint32_t rate = 250'000;
    bool defer = false;
    sync::PreemptGate::Bounds preempt;
};

class Runner {
  public:
    // The exchange has flow sync.
    Runner(exchange::Exchange& exchange, const flow::Spread& spread, const RunnerOptions& options);
    // Workers say nothing to nobody, and hold no SYN-ACK.
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    // Until Exchange::stop.
    void run();
    // One round; returns when the next one is due at the latest.
    std::uint64_t round(std::uint64_t now_ns);

  private:
    using Event = exchange::SyncEvent;

    void begin_round(std::uint64_t now_ns);
    void take_orders();
    void receive();
    void take_events();
    std::size_t room() const;
    unsigned take_events_of(unsigned worker, std::size_t most);
    void take(unsigned worker, const Event& event);
    void offer_flow(unsigned worker, const Event& event);
    Peers peers_up() const;
    void offer_group(unsigned worker, const Event& event);
    void offer(const sync::Record& record, const sync::Source& source, bool urgent);
    void run_queries();
    void begin_sweeps();
    void begin_mark();
    void begin_walk();
    void finish_mark();
    void finish_walk();
    void finish_sweep(unsigned worker, std::uint32_t number);
    void heed_news();
    void publish();
    void sleep_until(std::uint64_t deadline_ns);
    bool poll_for(std::uint64_t wait_ns);
    bool has_events() const;
    std::uint64_t deadline_ns() const;

    exchange::Exchange& exchange_;
    const unsigned reader_;  // at the publisher
    const bool defer_;
    Common common_;
    std::vector<std::unique_ptr<SessionLink>> links_;
    SyncStates states_;
    HandOvers hand_overs_;
    // One mark and one walk at a time; sessions' wishes meanwhile wait for the next.
    WorkerQuery mark_{exchange::SyncCommand::Kind::mark};
    std::vector<std::optional<sync::Ticket>> marked_for_;  // by link
    WorkerQuery walk_{exchange::SyncCommand::Kind::walk};
    std::vector<std::optional<SessionLink::Walk>> walking_for_;  // by link
    struct Sweep {
        PeerId peer = 0;
        sync::RouterKey router;
        WorkerQuery query{exchange::SyncCommand::Kind::sweep};
    };
    std::vector<Sweep> sweeps_;  // one a router at most
    std::uint32_t numbers_;
    std::uint64_t next_status_ns_ = 0;
    std::uint64_t next_look_ns_ = 0;
    bool has_waiting_events_ = false;     // that no session had room for
    std::bitset<max_peers> may_be_read_;  // sockets that poll() has not called empty
};

}  // namespace warren::peer
