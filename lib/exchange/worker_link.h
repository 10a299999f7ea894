// SPDX-License-Identifier: BSD-3-Clause
// Everything that one worker shares with other threads, ordered by writer: each has cache lines of
// its own. Created before the worker starts, kept until it has ended. Of a ring only the pointer
// stands here, which nobody writes.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "exchange/channel.h"
#include "exchange/counters.h"
#include "exchange/doorbell.h"
#include "exchange/handoff_ring.h"
#include "exchange/mbuf_ring.h"
#include "exchange/ownership.h"
#include "exchange/publisher.h"
#include "exchange/records.h"
#include "exchange/snapshot.h"
#include "exchange/sync_link.h"
#include "exchange/sync_reports.h"

namespace warren::exchange {

inline constexpr unsigned max_workers = 16;
static_assert(max_ports <= RTE_MAX_ETHPORTS);

struct WorkerLink {
    // ---- worker -> manager

    alignas(64) WorkerCounters counters;
    std::vector<ServerCounters> servers = std::vector<ServerCounters>(max_servers);
    std::vector<ServiceCounters> services = std::vector<ServiceCounters>(max_services);
    Counter half_open_flows;  // as of the last tick
    Channel<FlowEvent> events{8192};
    Counter events_lost;  // the channel was full
    Channel<FlowRow> rows{256};
    Channel<StationSeen> stations{256};  // when full: repeated by the station's next one

    // ---- worker -> control

    // By port (CLOCK_MONOTONIC): everything that had arrived in this worker's rx queues of the port
    // by then has been taken, and its adverts are in `adverts`. A backup believes its master's
    // silence only when every worker has seen its queues since. 0: not yet.
    alignas(64) std::array<std::atomic<std::uint64_t>, max_ports> seen_ns{};
    static constexpr std::uint64_t nothing_to_see_ns = ~std::uint64_t{0};  // no queue of that port
    // When its last round began. A worker that does not poll is stalled; one that polls and never
    // empties its queues is only busy.
    std::atomic<std::uint64_t> polled_ns{0};
    // By virtual router, while it was ours: IP packets to its addresses, and ARP and ND for them. A
    // new master announces until it sees traffic.
    std::vector<Counter> router_frames = std::vector<Counter>(max_virtual_routers);
    // Adverts (VRRP, or AH with VRRP), and apart from them ARP and neighbour messages in which
    // another station claims an owned address: a storm of claims must not drop adverts.
    MbufRing adverts{256};
    MbufRing claims{128};

    // ---- manager -> worker

    alignas(64) Channel<FlowCommand> commands{16};
    Channel<NextHopMove> moves{64};
    Channel<ShedOrder> sheds{64};
    Channel<RollCallOrder> roll_calls{64};
    Channel<LeaveOrder> leaves{max_virtual_routers};

    // ---- control -> worker

    alignas(64) MbufRing control_tx{512};

    // ---- worker -> worker

    alignas(64) Doorbell doorbell;  // wakes it for a hand-off

    // ---- with the sync thread; null without flow_sync

    std::unique_ptr<SyncLink> sync;
};

// What all workers and the control lcore share, in the same order.
struct Exchange {
    explicit Exchange(unsigned worker_count, bool has_flow_sync = false)
        : publisher(worker_count + 2), handoffs(worker_count * worker_count) {
        for (unsigned i = 0; i < worker_count; ++i) {
            workers.push_back(std::make_unique<WorkerLink>());
            if (has_flow_sync) workers.back()->sync = std::make_unique<SyncLink>();
        }
        for (auto& ring : handoffs)
            ring = std::make_unique<HandoffRing>(512);
    }

    std::vector<std::unique_ptr<WorkerLink>> workers;

    // ---- workers -> manager

    alignas(64) Doorbell bell;  // an event that is_urgent()

    // ---- manager -> workers

    // To the control lcore too. Reader ids: worker i is i, the control lcore is workers.size(), the
    // sync thread comes after it.
    alignas(64) Publisher publisher;
    // By server: when TCP_CHECK last connected (CLOCK_MONOTONIC), or 0. Of DR and TUN we do not see
    // the server's answers, so a passed check is all that says it is not silent.
    std::vector<std::atomic<std::uint64_t>> checked_ns =
        std::vector<std::atomic<std::uint64_t>>(max_servers);
    std::atomic<bool> stop{false};  // leave the loop; to the control lcore too

    // ---- control -> workers

    alignas(64) Ownership ownership;

    // ---- worker -> workers

    // By server: its uthreshold if it has reached it, else 0. Set by the worker that chooses a
    // server, from the sum of all workers' counters; exact but for flows admitted in the same
    // instant.
    alignas(64) std::vector<std::atomic<std::uint32_t>> reached_limits =
        std::vector<std::atomic<std::uint32_t>>(max_servers);
    std::vector<std::unique_ptr<HandoffRing>> handoffs;  // see handoff()

    // ---- sync thread and workers

    SyncShared sync;
    SyncReports sync_reports;

    // The oldest of all workers' times.
    std::uint64_t seen_ns(std::size_t port) const {
        return oldest([port](const WorkerLink& worker) -> auto& { return worker.seen_ns[port]; });
    }
    std::uint64_t polled_ns() const {
        return oldest([](const WorkerLink& worker) -> auto& { return worker.polled_ns; });
    }

    std::uint64_t active_flows(std::uint16_t server) const {
        std::uint64_t sum = 0;
        for (const auto& worker : workers)
            sum += worker->servers[server].active.value();
        return sum;
    }
    // Overload lasts until lthreshold; raising uthreshold ends it (IPVS __ip_vs_update_dest()).
    bool is_overloaded(std::uint16_t server, const balance::FlowLimit& limit) const {
        const std::uint32_t reached = reached_limits[server].load(std::memory_order_relaxed);
        const bool was = reached != 0 && limit.upper <= reached;
        return limit.upper != 0 && limit.is_overloaded(was, active_flows(server));
    }
    // Called by a worker before each new flow, which is often enough. Returns is_overloaded().
    bool note_overload(std::uint16_t server, const balance::FlowLimit& limit) {
        const std::uint32_t reached = reached_limits[server].load(std::memory_order_relaxed);
        if (limit.upper == 0 && reached == 0) [[likely]]
            return false;
        const std::uint32_t now = is_overloaded(server, limit) ? limit.upper : 0;
        if (reached != now) reached_limits[server].store(now, std::memory_order_relaxed);
        return now != 0;
    }

    void note_check(std::uint16_t server, std::uint64_t now_ns) {
        checked_ns[server].store(now_ns, std::memory_order_relaxed);
    }
    bool has_passed_check_since(std::uint16_t server, std::uint64_t time_ns) const {
        return checked_ns[server].load(std::memory_order_relaxed) > time_ns;
    }

    // Ring from worker `from` to worker `to`.
    HandoffRing& handoff(unsigned from, unsigned to) {
        return *handoffs[from * workers.size() + to];
    }

  private:
    template <typename Time>
    std::uint64_t oldest(Time time_of) const {
        std::uint64_t oldest = ~std::uint64_t{0};
        for (const auto& worker : workers)
            oldest = std::min(oldest, time_of(*worker).load(std::memory_order_acquire));
        return oldest;
    }
};

}  // namespace warren::exchange
