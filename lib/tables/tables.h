// SPDX-License-Identifier: BSD-3-Clause
// What the parts of a worker's flow path work on together: its flows, the choice of a server and a
// local port for a new one, and what the manager hears of them.
#pragma once

#include <rte_mempool.h>

#include <array>
#include <cstdint>

#include "exchange/poll_round.h"
#include "exchange/worker_link.h"
#include "flow/local_ports.h"
#include "flow/spread.h"
#include "flow/table.h"
#include "port/huge_memory.h"
#include "tables/server_choice.h"

namespace warren::tables {

// Random numbers drawn once per process, shared by all workers; with flow sync the peer's too.
struct FlowSecrets {
    std::array<std::uint64_t, 2> hash_seed{};
    std::array<std::uint64_t, 2> isn_key{};
    // What the monotonic clock lacks to one that the peer has too: a port that it has used gets
    // past the server's TIME-WAIT here as well.
    std::uint64_t isn_clock_ns = 0;
    flow::SipKey digest_key{};     // flow sync: of sums over flows
    std::uint32_t first_port = 0;  // where the walks for a local port start
};

struct FlowOptions {
    unsigned worker = 0;
    const flow::Spread* spread = nullptr;  // who owns a flow; the same for all workers
    std::uint32_t capacity = 0;
    FlowSecrets secrets;
    flow::PortShare port_share{};  // this machine's
    rte_mempool* pool = nullptr;   // for frames of our own
    flow::Tick start = 0;
};

// How long a server may leave a SYN unanswered before another server gets it (134 to 268 ms, the
// wheel's grain).
inline constexpr flow::Tick replay_ticks = 2;

struct Tables {
    Tables(const FlowOptions& options, exchange::Exchange& exchange)
        : worker(options.worker),
          link(*exchange.workers[options.worker]),
          manager(exchange.bell),
          counters(link.counters),
          flows(
              {.capacity = options.capacity,
               .servers = exchange::max_servers,
               .services = exchange::max_services,
               .hash = flow::TupleHash(options.secrets.hash_seed[0], options.secrets.hash_seed[1]),
               .timeouts = timeouts(),
               .start = options.start,
               .digest_key = link.sync ? std::optional(options.secrets.digest_key) : std::nullopt,
               .memory = &memory}),
          choice(options.worker, flows,
                 flow::TupleHash(options.secrets.hash_seed[1], options.secrets.hash_seed[0]),
                 exchange, memory),
          spread(*options.spread),
          local_ports(options.secrets.first_port, *options.spread, options.worker,
                      exchange::max_servers, options.port_share) {}

    // `event` says what happened; whose flow it was is filled in.
    void report(exchange::FlowEvent&& event, const flow::Flow& flow) {
        fill_in(event, flow);
        report(event);
    }
    static exchange::FlowEvent of(exchange::FlowEvent event, const flow::Flow& flow) {
        fill_in(event, flow);
        return event;
    }
    void report(const exchange::FlowEvent& event) {
        if (!link.events.push(event)) link.events_lost.add();
        if (is_urgent(event)) manager.ring_if_asleep();
    }
    // Of what may come by the thousand, a flood of segments that nobody has asked for among it: so
    // much a tick that other news finds room. False: not now.
    bool report_rate_limited(const exchange::FlowEvent& event, flow::Tick now) {
        constexpr unsigned most = 512;
        if (now != rare_tick_) {
            rare_tick_ = now;
            rare_reported_ = 0;
        }
        if (rare_reported_ == most) return false;
        ++rare_reported_;
        report(event);
        return true;
    }

    bool is_synced() const { return link.sync != nullptr; }
    // Flow sync: we only listen to what becomes of that service's flows.
    bool is_peers(std::uint16_t service, const PollRound& round) const {
        return is_synced() && !round.serves(service);
    }

    // Nobody is told.
    void remove(flow::FlowIndex index, const PollRound& round) {
        const flow::Flow old = flows[index];
        flows.erase(index);
        if (flow::is_live(old.state)) count_end(old, round);
    }
    // What a live flow counted in; after it has left its server's list.
    void count_end(const flow::Flow& flow, const PollRound& round) {
        count_flows(flow.server_id);
        choice.let_go(flow, round);
    }
    // After one has come, gone or begun to close.
    void count_flows(std::uint16_t server) {
        link.servers[server].active.set(flows.servers().live(server));
        link.servers[server].open.set(flows.servers().load(server));
    }

    const unsigned worker;
    exchange::WorkerLink& link;
    exchange::Doorbell& manager;
    exchange::WorkerCounters& counters;
    port::HugeMemory memory;
    flow::FlowTable flows;
    ServerChoice choice;
    const flow::Spread& spread;
    flow::LocalPorts local_ports;

  private:
    // Where it is: copies of words that have just been written in parts are waited for.
    static void fill_in(exchange::FlowEvent& event, const flow::Flow& flow) {
        event.client = flow.client_address();
        event.client_port = flow.client_port;
        event.server = flow.server_id;
        event.service = flow.service_id;
    }
    // Half-open flows are looked at often: HalfOpen decides what becomes of them.
    static flow::Timeouts timeouts() {
        flow::Timeouts all;
        all.set(flow::TcpState::syn_sent, replay_ticks);
        return all;
    }

    flow::Tick rare_tick_ = 0;
    unsigned rare_reported_ = 0;
};

}  // namespace warren::tables
