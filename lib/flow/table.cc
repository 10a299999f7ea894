// SPDX-License-Identifier: BSD-3-Clause
#include "flow/table.h"

#include <cassert>
#include <memory>
#include <new>

namespace warren::flow {

const Flow blank_flow{};

// Offsets into the one allocation.
struct FlowTable::Layout {
    explicit Layout(const TableOptions& o)
        : bucket_count(BucketIndex::buckets_for(std::size_t{o.capacity} * 2)),
          buckets(std::size_t{o.capacity} * sizeof(Flow)),
          server_heads(buckets + bucket_count * sizeof(Bucket)),
          oldest(server_heads + (o.servers + 1) * sizeof(FlowIndex)),
          live(oldest + o.servers * sizeof(FlowIndex)),
          load(live + o.servers * sizeof(std::uint32_t)),
          established(load + o.servers * sizeof(std::uint32_t)),
          wheel_heads(established + o.services * sizeof(Tick)),
          released(wheel_heads + o.wheel_slots * sizeof(FlowIndex)),
          half_open(align(released + o.servers * sizeof(std::uint16_t), alignof(Links))),
          starts(half_open + (std::size_t{o.capacity} + 1) * sizeof(Links)),
          bytes(starts + std::size_t{o.capacity} * sizeof(FlowStart)) {}

    static constexpr std::size_t align(std::size_t offset, std::size_t to) {
        return (offset + to - 1) / to * to;
    }

    std::size_t bucket_count;
    std::size_t buckets;
    std::size_t server_heads;
    std::size_t oldest;
    std::size_t live;
    std::size_t load;
    std::size_t established;
    std::size_t wheel_heads;
    std::size_t released;
    std::size_t half_open;
    std::size_t starts;
    std::size_t bytes;
};

namespace {

template <typename T>
std::span<T> array_at(std::byte* block, std::size_t offset, std::size_t count) {
    return {reinterpret_cast<T*>(block + offset), count};
}

// Those words have meant something else until now: the offer, and our clock.
void leave_syn_sent(Flow& f, TcpState state) {
    f.resets_to_client = f.resets_to_server = 0;
    if (has_opened(state) || is_half_open(state)) return;
    f.next_to_client = f.ack_from_client = 0;
    f.flags |= flow_flag::unanswered;
}

}  // namespace

std::size_t FlowTable::bytes_for(const TableOptions& options) {
    return Layout(options).bytes;
}

FlowTable::FlowTable(const TableOptions& o)
    : hash_(o.hash),
      memory_(o.memory),
      bytes_(bytes_for(o)),
      block_(static_cast<std::byte*>(memory_->allocate(bytes_, alignof(Flow)))),
      records_(reinterpret_cast<Flow*>(block_), o.capacity),
      index_(array_at<Bucket>(block_, Layout(o).buckets, Layout(o).bucket_count)),
      servers_(records_.data(), {array_at<FlowIndex>(block_, Layout(o).server_heads, o.servers + 1),
                                 array_at<FlowIndex>(block_, Layout(o).oldest, o.servers),
                                 array_at<std::uint32_t>(block_, Layout(o).live, o.servers),
                                 array_at<std::uint32_t>(block_, Layout(o).load, o.servers),
                                 array_at<std::uint16_t>(block_, Layout(o).released, o.servers)}),
      half_open_(array_at<Links>(block_, Layout(o).half_open, std::size_t{o.capacity} + 1)),
      starts_(array_at<FlowStart>(block_, Layout(o).starts, o.capacity)),
      timeouts_(o.timeouts, array_at<Tick>(block_, Layout(o).established, o.services)),
      wheel_(records_.data(), array_at<FlowIndex>(block_, Layout(o).wheel_heads, o.wheel_slots),
             o.start),
      synced_flows_(o.digest_key, o.services) {
    assert(o.capacity <= max_flows);
}

FlowTable::~FlowTable() {
    memory_->deallocate(block_, bytes_, alignof(Flow));
}

FlowIndex FlowTable::insert(const Flow& flow) {
    const FlowIndex i = restore(flow);
    if (i != no_flow && is_half_open(flow.state)) half_open_.push_newest(i);
    return i;
}

FlowIndex FlowTable::restore(const Flow& flow) {
    assert(flow.state != TcpState::none && flow.server_id < servers_.size() &&
           flow.service_id < timeouts_.services());
    const FlowIndex i = records_.take();
    if (i == no_flow) return no_flow;
    Flow& f = records_[i];
    f = flow;
    f.wheel = {};
    f.server_list = {};
    const std::uint64_t client_hash = hash_(f, Side::client);
    if (!index_.insert(client_hash, value_of(i, Side::client))) {
        records_.give(i);
        return no_flow;
    }
    if (sees_both_sides(f.method) &&
        !index_.insert(hash_(f, Side::server), value_of(i, Side::server))) {
        index_.erase(client_hash, value_of(i, Side::client));
        records_.give(i);
        return no_flow;
    }
    servers_.enter(i);
    synced_flows_.enter(i, f);
    wheel_.schedule(i, timeouts_.deadline(f));
    if (has_opened(f.state)) starts_[i] = {f.next_to_server, f.next_to_client};
    return i;
}

void FlowTable::erase(FlowIndex i) {
    const Flow& f = records_[i];
    assert(f.state != TcpState::none);
    index_.erase(hash_(f, Side::client), value_of(i, Side::client));
    if (sees_both_sides(f.method)) index_.erase(hash_(f, Side::server), value_of(i, Side::server));
    servers_.leave(i);
    synced_flows_.leave(i, f);
    if (!has_opened(f.state)) half_open_.remove(i);
    wheel_.remove(i);
    records_.give(i);
}

bool FlowTable::move_to_server(FlowIndex i, const Flow& target) {
    Flow& f = records_[i];
    const std::uint32_t value = value_of(i, Side::server);
    const bool had_server_key = sees_both_sides(f.method);
    const std::uint64_t old_hash = hash_(f, Side::server);
    if (had_server_key) index_.erase(old_hash, value);
    if (sees_both_sides(target.method) && !index_.insert(hash_(target, Side::server), value)) {
        const bool restored = !had_server_key || index_.insert(old_hash, value);
        assert(restored);
        static_cast<void>(restored);
        return false;
    }
    servers_.leave(i);
    f.take_attempt(target);
    servers_.enter(i);
    return true;
}

// Its colour has stood where a stub counts.
void FlowTable::leave_synced(FlowIndex i) {
    synced_flows_.leave(i, records_[i]);
    records_[i].resets_to_server = 0;
}

void FlowTable::set_state(FlowIndex i, TcpState state, Tick now) {
    Flow& f = records_[i];
    f.last_seen = now;
    const TcpState before = f.state;
    if (before == state) return;
    if (before == TcpState::syn_sent) leave_syn_sent(f, state);
    const Tick idle = timeouts_.of(f, state);
    // A later one is found when the wheel comes to the flow.
    const bool sooner = idle <= wheel_.revolution() && idle < timeouts_.of(f, before);
    if (!has_opened(before) && has_opened(state)) {
        half_open_.remove(i);
        starts_[i] = start_of(f);
    }
    if (is_load(before) != is_load(state) || !is_live(state)) servers_.change_state(i, state);
    if (is_synced(before) && !is_synced(state)) leave_synced(i);
    f.state = state;
    if (!is_synced(before))
        synced_flows_.enter(i, f);
    else
        synced_flows_.note_state(i, f);
    if (sooner) wheel_.schedule(i, now + idle);
}

void FlowTable::make_due(FlowIndex i, Tick when) {
    Flow& f = records_[i];
    f.last_seen = when - timeouts_.of(f, f.state);
    wheel_.schedule(i, when);
}

}  // namespace warren::flow
