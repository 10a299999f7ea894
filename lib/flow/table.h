// SPDX-License-Identifier: BSD-3-Clause
// All flows of one worker: a fixed array of records, an index that finds each by the packet's tuple
// from either side, the live flows of each server, and ageing. One allocation at construction,
// none later. Full = insert() returns no_flow and nothing changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>

#include "flow/ageing_wheel.h"
#include "flow/buckets.h"
#include "flow/half_open.h"
#include "flow/hash.h"
#include "flow/index_lists.h"

namespace warren::flow {

struct TableOptions {
    std::uint32_t capacity = 0;       // flows
    std::uint32_t servers = 0;        // server ids are below this
    std::uint32_t services = 1;       // service ids are below this
    std::uint32_t wheel_slots = 512;  // a power of two
    TupleHash hash{0, 0};             // seed it at random
    Timeouts timeouts{};
    Tick start = 0;  // the tick now
    // Where the one allocation comes from: hugepages, or the heap.
    std::pmr::memory_resource* memory = std::pmr::new_delete_resource();
};

class FlowTable {
  public:
    explicit FlowTable(const TableOptions& options);  // std::bad_alloc
    ~FlowTable();
    FlowTable(const FlowTable&) = delete;
    FlowTable& operator=(const FlowTable&) = delete;

    static std::size_t bytes_for(const TableOptions& options);

    // --- the hot path, a burst at a time: hash and prefetch all, prefetch_flow all, then find each
    std::uint64_t hash(const Tuple& t) const { return hash_(t); }
    void prefetch(std::uint64_t hash) const { index_.prefetch(hash); }
    void prefetch_flow(std::uint64_t hash) const {
        index_.find(hash, [this](std::uint32_t value) {
            const Flow& flow = flows_[value >> 1];
            __builtin_prefetch(&flow);
            __builtin_prefetch(&flow.client_port);
            // gcc 12 takes a function that only prefetches for pure, and drops the call.
            __asm__ volatile("" ::"r"(&flow));
            return true;
        });
    }

    struct Hit {
        FlowIndex index = no_flow;
        Side from = Side::client;  // the side the tuple's packet comes from

        explicit operator bool() const { return index != no_flow; }
    };
    Hit find(const Tuple& t, std::uint64_t hash) const {
        const std::uint32_t value =
            index_.find(hash, [&](std::uint32_t v) { return key_is(flows_[v >> 1], v & 1, t); });
        if (value == BucketIndex::none) return {};
        return {value >> 1, static_cast<Side>(value & 1)};
    }
    Hit find(const Tuple& t) const { return find(t, hash(t)); }

    Flow& operator[](FlowIndex i) { return flows_[i]; }
    const Flow& operator[](FlowIndex i) const { return flows_[i]; }

    // --- changes. insert() copies the record, puts it under its client's tuple and, if the method
    // sees both sides, its server's tuple; neither may be there yet. It joins its server's list and
    // ages from last_seen on.
    FlowIndex insert(const Flow& flow);
    void erase(FlowIndex i);

    // Gives a flow whose first server did not answer to another one: server_id, server address and
    // port, local address and port are taken from `target`. False: index full, nothing changed.
    bool move_to_server(FlowIndex i, const Flow& target);

    // Use this to change the state: the flow is seen now, ageing follows, and a flow that is no
    // longer live leaves its server's list. A dead one joins the untold.
    void set_state(FlowIndex i, TcpState state, Tick now);

    // How long established flows of a service may idle from now on; timeouts.of(established) at
    // first.
    void set_established_timeout(std::uint16_t service, Tick idle) { established_[service] = idle; }

    // Asks on_due(FlowIndex) -> std::optional<Tick> about each flow that has idled too long: when
    // to look at it again, or nothing, then it is erased and on_expired(const Flow&) is shown what
    // it was. on_due() must not erase the flow itself. `budget` bounds the flows and wheel slots
    // looked at. Returns how many were.
    template <typename OnDue, typename OnExpired>
    unsigned advance(Tick now, unsigned budget, OnDue on_due, OnExpired on_expired) {
        return wheel_.advance(
            now, budget, [this](FlowIndex i) { return deadline(flows_[i]); },
            [&](FlowIndex i) {
                if (const std::optional<Tick> again = on_due(i)) {
                    wheel_.schedule(i, *again);
                    return;
                }
                const Flow gone = flows_[i];
                erase(i);
                on_expired(gone);
            });
    }

    // --- the live flows of a server; set_state(dead) takes a flow out, so "reset all" is: while
    // the round's budget lasts, take the first.
    FlowIndex first_of_server(std::uint16_t server) const { return by_server_.first(server); }
    FlowIndex next_of_server(FlowIndex i) const { return by_server_.next(i); }
    std::uint32_t live_of_server(std::uint16_t server) const { return live_[server]; }
    // Those that are no more on their way out: what schedulers compare.
    std::uint32_t load_of_server(std::uint16_t server) const { return load_[server]; }

    // --- flows that no client has proved (half_open.h). When their share is used up, or the whole
    // table, one more needs the oldest one's place. Crowded: somebody floods us with SYNs.
    FlowIndex oldest_half_open() const { return half_open_.oldest(); }
    FlowIndex younger_half_open(FlowIndex i) const { return half_open_.younger(i); }
    std::uint32_t half_open() const { return half_open_.size(); }
    bool is_half_open_full() const {
        return half_open_.size() >= half_open_.share() || size_ == capacity_;
    }
    bool is_crowded() const { return half_open_.size() > half_open_.share() / 2; }

    // --- dead flows whose server has not been told so yet, of all servers.
    FlowIndex first_untold() const { return by_server_.first(untold()); }
    void set_told(FlowIndex i) { by_server_.remove(i); }

    // The local port of the flow of that server that was the last to end; 0 if none has.
    std::uint16_t released_port(std::uint16_t server) const { return released_[server]; }

    // --- sizes
    std::uint32_t size() const { return size_; }
    std::uint32_t capacity() const { return capacity_; }
    std::size_t memory_bytes() const { return bytes_; }
    // One past the highest index ever used, for whoever lists all: skip state none.
    FlowIndex end_index() const { return fresh_; }

  private:
    static bool key_is(const Flow& f, std::uint32_t side, const Tuple& t) {
        return side == 0
                   ? f.client_address == t.source && f.client_port == t.source_port &&
                         f.vip == t.destination && f.service_port == t.destination_port
                   : f.server_address == t.source && f.server_port == t.source_port &&
                         f.local_address == t.destination && f.local_port == t.destination_port;
    }
    static std::uint32_t value_of(FlowIndex i, Side s) {
        return i << 1 | static_cast<std::uint32_t>(s);
    }
    Tick timeout(const Flow& f, TcpState state) const {
        if (has_closed_unseen(f.method, state)) state = TcpState::time_wait;
        return state == TcpState::established ? established_[f.service_id] : timeouts_.of(state);
    }
    Tick deadline(const Flow& f) const { return f.last_seen + timeout(f, f.state); }
    FlowIndex take_free();
    void give_free(FlowIndex i);
    // The list of untold flows stands behind those of the servers.
    std::uint32_t untold() const { return by_server_.size() - 1; }
    void join_server(FlowIndex i);
    void leave_server(FlowIndex i);
    void count_load(const Flow& f, int by) {
        if (is_load(f.state)) load_[f.server_id] += static_cast<std::uint32_t>(by);
    }
    static void leave_syn_sent(Flow& f, TcpState state);

    struct Layout;

    TupleHash hash_;
    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    FlowIndex free_ = no_flow;  // chained through wheel.next
    FlowIndex fresh_ = 0;       // records from here on were never used
    Timeouts timeouts_;
    std::pmr::memory_resource* memory_;
    std::size_t bytes_;
    std::byte* block_;
    Flow* flows_;
    BucketIndex index_;
    IndexLists<&Flow::server_list> by_server_;
    HalfOpenList half_open_;
    std::span<std::uint32_t> live_;
    std::span<std::uint32_t> load_;
    std::span<Tick> established_;
    std::span<std::uint16_t> released_;  // of each server
    AgeingWheel wheel_;
};

}  // namespace warren::flow
