// SPDX-License-Identifier: BSD-3-Clause
// All flows of one worker: a fixed array of records, an index by the packet's tuple of either side,
// lists of live flows by server, and ageing. One allocation at construction (with a digest key two
// small ones more), none later. Full: insert() returns no_flow and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>

#include "flow/ageing_wheel.h"
#include "flow/buckets.h"
#include "flow/carried.h"
#include "flow/half_open.h"
#include "flow/hash.h"
#include "flow/records.h"
#include "flow/server_lists.h"
#include "flow/synced_flows.h"

namespace warren::flow {

struct TableOptions {
    std::uint32_t capacity = 0;       // flows
    std::uint32_t servers = 0;        // server ids are below this
    std::uint32_t services = 1;       // service ids are below this
    std::uint32_t wheel_slots = 512;  // a power of two
    TupleHash hash{0, 0};             // seed it at random
    Timeouts timeouts{};
    Tick start = 0;                      // the tick now
    std::optional<SipKey> digest_key{};  // flow sync: keep synced_flows()
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

    // --- the hot path, a burst at a time: hash and prefetch all, fetch_candidate all, then find
    // each. Words: a Tuple, or its words of one family.
    template <typename Words>
    std::uint64_t hash(const Words& t) const {
        return hash_(t);
    }
    using Place = BucketIndex::Place;
    Place prefetch(std::uint64_t hash) const { return index_.prefetch(hash); }
    // Prefetches the flow that the lookup will most likely find and returns its index entry, so
    // that the bucket is searched once; no_candidate if there is none. IPv4 needs one line.
    std::uint32_t fetch_candidate(std::uint64_t hash, bool is_v4) const {
        std::uint32_t candidate = no_candidate;
        const auto visit = [&](std::uint32_t value) {
            prefetch_record(records_[value >> 1], is_v4);
            candidate = value;
        };
        Place place = index_.place_of(hash);
        if (index_.first(place, visit)) index_.first(place, visit);
        return candidate;
    }
    // The same, for callers that compare the key, state and method themselves: the table may have
    // changed since. True: nothing is found yet, ask again when the line of the new `place` has
    // arrived.
    struct Candidate {
        Flow* flow;  // null: none
        Side from;
    };
    bool fetch_candidate(Place& place, bool is_v4, Candidate& candidate) {
        candidate.flow = nullptr;
        return index_.first(place, [&](std::uint32_t value) {
            candidate.flow = &records_[value >> 1];
            candidate.from = static_cast<Side>(value & 1);
            prefetch_record(*candidate.flow, is_v4);
        });
    }
    static Place nowhere() { return BucketIndex::nowhere(); }
    static constexpr std::uint32_t no_candidate = BucketIndex::none;

    struct Hit {
        FlowIndex index = no_flow;
        Side from = Side::client;  // the side the tuple's packet comes from

        explicit operator bool() const { return index != no_flow; }
    };
    static Hit hit_of(std::uint32_t candidate) {
        return {candidate >> 1, static_cast<Side>(candidate & 1)};
    }
    template <typename Words>
    Hit find(const Words& t, std::uint64_t hash) const {
        const std::uint32_t value = index_.find(hash, [&](std::uint32_t v) {
            return is_key(records_[v >> 1], static_cast<Side>(v & 1), t);
        });
        if (value == BucketIndex::none) return {};
        return hit_of(value);
    }
    // With the result of fetch_candidate(); the table may have changed since.
    template <typename Words>
    Hit find(const Words& t, std::uint64_t hash, std::uint32_t candidate) const {
        if (candidate != no_candidate && is_entry_of(candidate, t)) [[likely]]
            return hit_of(candidate);
        return find(t, hash);
    }
    Hit find(const Tuple& t, std::uint64_t hash, std::uint32_t candidate = no_candidate) const {
        return in_words(t, [&](const auto& words) { return find(words, hash, candidate); });
    }
    Hit find(const Tuple& t) const { return find(t, hash(t)); }

    Flow& operator[](FlowIndex i) { return records_[i]; }
    const Flow& operator[](FlowIndex i) const { return records_[i]; }
    FlowIndex index_of(const Flow& flow) const {
        return static_cast<FlowIndex>(&flow - records_.data());
    }

    // --- changes. insert() copies the record, puts it under its client's tuple and, if the method
    // sees both sides, its server's tuple; neither may be there yet. It joins its server's list and
    // ages from last_seen on.
    FlowIndex insert(const Flow& flow);
    // The same for a flow from the sync peer: never counted as half-open.
    FlowIndex restore(const Flow& flow);
    void erase(FlowIndex i);

    // Moves a half-open flow to another server: Flow::take_attempt(target), whichever sides the two
    // methods see. False: index full, nothing changed.
    bool move_to_server(FlowIndex i, const Flow& target);

    // Use this to change the state: the flow is seen now, ageing follows, and a flow that is no
    // longer live leaves its server's list. A dead one joins those
    // whose server is to be reset.
    void set_state(FlowIndex i, TcpState state, Tick now);

    // advance() handles it at `when`, unless a segment is seen before.
    void make_due(FlowIndex i, Tick when);

    // Asks on_due(FlowIndex) -> std::optional<Tick> about each flow that has idled too long: when
    // to look at it again, or nothing, then it is erased and on_expired(const Flow&, const
    // Carried&) is shown what it was. on_due() must not erase the flow itself. `budget` bounds the
    // flows and wheel slots looked at. Returns how many were.
    template <typename OnDue, typename OnExpired>
    unsigned advance(Tick now, unsigned budget, OnDue on_due, OnExpired on_expired) {
        return wheel_.advance(
            now, budget, [this](FlowIndex i) { return timeouts_.deadline(records_[i]); },
            [&](FlowIndex i) {
                if (const std::optional<Tick> again = on_due(i)) {
                    wheel_.schedule(i, *again);
                    return;
                }
                const Flow gone = records_[i];
                const Carried bytes = carried(gone, starts_[i], gone.state);
                erase(i);
                on_expired(gone, bytes);
            });
    }

    // Where an open flow's bytes began (carried.h).
    FlowStart& start(FlowIndex i) const { return starts_[i]; }

    ServerLists& servers() { return servers_; }
    const ServerLists& servers() const { return servers_; }
    IdleTimeouts& timeouts() { return timeouts_; }
    SyncedFlows& synced_flows() { return synced_flows_; }

    // Flows whose client has not answered the SYN-ACK. When their share or the table is used up, a
    // new flow replaces the oldest of them.
    const HalfOpenList& half_open() const { return half_open_; }
    // There is room for one more flow, at worst in place of a half-open one.
    bool has_room() const { return !records_.is_full() || half_open_.oldest() != no_flow; }
    bool is_half_open_full() const { return half_open_.is_share_used_up() || records_.is_full(); }

    // --- sizes
    std::uint32_t size() const { return records_.size(); }
    std::uint32_t capacity() const { return records_.capacity(); }
    std::size_t memory_bytes() const { return bytes_; }
    // One past the highest index ever used, for whoever lists all: skip state none.
    FlowIndex end_index() const { return records_.end(); }

  private:
    static void prefetch_record(const Flow& flow, bool is_v4) {
        __builtin_prefetch(&flow);
        if (!is_v4) __builtin_prefetch(&flow.heads);
        // gcc 12 takes a function that only prefetches for pure, and drops the call.
        __asm__ volatile("" ::"r"(&flow));
    }
    static std::uint32_t value_of(FlowIndex i, Side s) {
        return i << 1 | static_cast<std::uint32_t>(s);
    }

    // The record may have been reused or freed since.
    template <typename Words>
    bool is_entry_of(std::uint32_t value, const Words& t) const {
        const Flow& f = records_[value >> 1];
        const auto from = static_cast<Side>(value & 1);
        return f.state != TcpState::none && (from == Side::client || sees_both_sides(f.method)) &&
               is_key(f, from, t);
    }

    void leave_synced(FlowIndex i);

    struct Layout;

    TupleHash hash_;
    std::pmr::memory_resource* memory_;
    std::size_t bytes_;
    std::byte* block_;
    FlowRecords records_;
    BucketIndex index_;
    ServerLists servers_;
    HalfOpenList half_open_;
    std::span<FlowStart> starts_;
    IdleTimeouts timeouts_;
    AgeingWheel wheel_;
    SyncedFlows synced_flows_;
};

}  // namespace warren::flow
