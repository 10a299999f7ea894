// SPDX-License-Identifier: BSD-3-Clause
// Queries to all workers, each of which answers once; and which urgent events the peers have
// acknowledged.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "exchange/worker_link.h"

namespace warren::peer {

using PeerId = std::uint8_t;
inline constexpr std::size_t max_peers = 3;

// A command that goes to every worker, and that each answers once.
class WorkerQuery {
  public:
    explicit WorkerQuery(exchange::SyncCommand::Kind kind) { command_.kind = kind; }

    bool is_under_way() const { return under_way_; }
    bool is_sent_to_all() const { return sent_.count() == workers_; }
    exchange::SyncCommand& command() { return command_; }
    // Its number goes to the workers and comes back in their answers.
    void begin(std::size_t workers, std::uint32_t number);
    // Sends it to the workers that have not got it yet, as far as their channels have room.
    void push(exchange::Exchange& exchange);
    // True: that was the last answer.
    bool answered(unsigned worker, std::uint32_t number);
    bool has_answered(unsigned worker) const { return under_way_ && answered_[worker]; }

  private:
    exchange::SyncCommand command_;
    bool under_way_ = false;
    std::size_t workers_ = 0;
    std::bitset<exchange::max_workers> sent_;
    std::bitset<exchange::max_workers> answered_;
};

using Peers = std::bitset<max_peers>;

// Up to which number all peers that are up have one worker's urgent events: deferred SYN-ACKs wait
// for that.
class UrgentEvents {
  public:
    void sent(std::uint32_t number, flow::FlowIndex index, const Peers& to);
    // True: acknowledged() has changed.
    bool arrived(flow::FlowIndex index, PeerId at);
    bool is_down(PeerId peer);  // nobody waits for it
    std::uint32_t acknowledged() const { return acknowledged_; }

  private:
    static constexpr std::size_t most = 256;
    struct Event {
        std::uint32_t number = 0;
        flow::FlowIndex index = flow::no_flow;
        Peers missing;  // that have not acknowledged it
    };

    bool acknowledge_oldest();

    std::array<Event, most> events_{};  // a ring, oldest first
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::uint32_t acknowledged_ = 0;
};

}  // namespace warren::peer
