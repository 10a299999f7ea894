// SPDX-License-Identifier: BSD-3-Clause
#include "flow/table.h"

#include <cassert>
#include <memory>
#include <new>

namespace warren::flow {

// Offsets into the one allocation.
struct FlowTable::Layout {
    explicit Layout(const TableOptions& o)
        : bucket_count(BucketIndex::buckets_for(std::size_t{o.capacity} * 2)),
          buckets(std::size_t{o.capacity} * sizeof(Flow)),
          server_heads(buckets + bucket_count * sizeof(Bucket)),
          live(server_heads + (o.servers + 1) * sizeof(FlowIndex)),
          load(live + o.servers * sizeof(std::uint32_t)),
          established(load + o.servers * sizeof(std::uint32_t)),
          wheel_heads(established + o.services * sizeof(Tick)),
          released(wheel_heads + o.wheel_slots * sizeof(FlowIndex)),
          half_open(align(released + o.servers * sizeof(std::uint16_t), alignof(Links))),
          bytes(half_open + (std::size_t{o.capacity} + 1) * sizeof(Links)) {}

    static constexpr std::size_t align(std::size_t offset, std::size_t to) {
        return (offset + to - 1) / to * to;
    }

    std::size_t bucket_count;
    std::size_t buckets;
    std::size_t server_heads;
    std::size_t live;
    std::size_t load;
    std::size_t established;
    std::size_t wheel_heads;
    std::size_t released;
    std::size_t half_open;
    std::size_t bytes;
};

namespace {
template <typename T>
std::span<T> array_at(std::byte* block, std::size_t offset, std::size_t count) {
    return {reinterpret_cast<T*>(block + offset), count};
}
}  // namespace

std::size_t FlowTable::bytes_for(const TableOptions& options) {
    return Layout(options).bytes;
}

FlowTable::FlowTable(const TableOptions& o)
    : hash_(o.hash),
      capacity_(o.capacity),
      timeouts_(o.timeouts),
      memory_(o.memory),
      bytes_(bytes_for(o)),
      block_(static_cast<std::byte*>(memory_->allocate(bytes_, alignof(Flow)))),
      flows_(reinterpret_cast<Flow*>(block_)),
      index_(array_at<Bucket>(block_, Layout(o).buckets, Layout(o).bucket_count)),
      by_server_(flows_, array_at<FlowIndex>(block_, Layout(o).server_heads, o.servers + 1)),
      half_open_(array_at<Links>(block_, Layout(o).half_open, std::size_t{o.capacity} + 1)),
      live_(array_at<std::uint32_t>(block_, Layout(o).live, o.servers)),
      load_(array_at<std::uint32_t>(block_, Layout(o).load, o.servers)),
      established_(array_at<Tick>(block_, Layout(o).established, o.services)),
      released_(array_at<std::uint16_t>(block_, Layout(o).released, o.servers)),
      wheel_(flows_, array_at<FlowIndex>(block_, Layout(o).wheel_heads, o.wheel_slots), o.start) {
    assert(o.capacity <= max_flows);
    std::uninitialized_value_construct_n(flows_, capacity_);
    std::fill(live_.begin(), live_.end(), 0);
    std::fill(load_.begin(), load_.end(), 0);
    std::fill(released_.begin(), released_.end(), 0);
    std::fill(established_.begin(), established_.end(), timeouts_.of(TcpState::established));
}

FlowTable::~FlowTable() {
    memory_->deallocate(block_, bytes_, alignof(Flow));
}

FlowIndex FlowTable::take_free() {
    if (free_ != no_flow) {
        const FlowIndex i = free_;
        free_ = flows_[i].wheel.next;
        return i;
    }
    return fresh_ < capacity_ ? fresh_++ : no_flow;
}

void FlowTable::give_free(FlowIndex i) {
    flows_[i].state = TcpState::none;
    flows_[i].wheel = {no_flow, free_};
    free_ = i;
}

void FlowTable::join_server(FlowIndex i) {
    by_server_.push_front(flows_[i].server_id, i);
    ++live_[flows_[i].server_id];
}

void FlowTable::leave_server(FlowIndex i) {
    by_server_.remove(i);
    if (!is_live(flows_[i].state)) return;
    --live_[flows_[i].server_id];
    released_[flows_[i].server_id] = flows_[i].local_port.host();
}

FlowIndex FlowTable::insert(const Flow& flow) {
    assert(flow.state != TcpState::none && flow.server_id < live_.size() &&
           flow.service_id < established_.size());
    const FlowIndex i = take_free();
    if (i == no_flow) return no_flow;
    Flow& f = flows_[i];
    f = flow;
    f.wheel = {};
    f.server_list = {};
    const std::uint64_t client_hash = hash_(f.client_tuple());
    if (!index_.insert(client_hash, value_of(i, Side::client))) {
        give_free(i);
        return no_flow;
    }
    if (sees_both_sides(f.method) &&
        !index_.insert(hash_(f.server_tuple()), value_of(i, Side::server))) {
        index_.erase(client_hash, value_of(i, Side::client));
        give_free(i);
        return no_flow;
    }
    if (is_live(f.state)) join_server(i);
    count_load(f, 1);
    if (is_half_open(f.state)) half_open_.push_newest(i);
    wheel_.schedule(i, deadline(f));
    ++size_;
    return i;
}

void FlowTable::erase(FlowIndex i) {
    Flow& f = flows_[i];
    assert(f.state != TcpState::none);
    index_.erase(hash_(f.client_tuple()), value_of(i, Side::client));
    if (sees_both_sides(f.method)) index_.erase(hash_(f.server_tuple()), value_of(i, Side::server));
    leave_server(i);
    count_load(f, -1);
    half_open_.remove(i);
    wheel_.remove(i);
    give_free(i);
    --size_;
}

bool FlowTable::move_to_server(FlowIndex i, const Flow& target) {
    Flow& f = flows_[i];
    if (sees_both_sides(f.method)) {
        const std::uint32_t value = value_of(i, Side::server);
        const std::uint64_t old_hash = hash_(f.server_tuple());
        const std::uint64_t new_hash = hash_(target.server_tuple());
        index_.erase(old_hash, value);
        if (!index_.insert(new_hash, value)) {
            const bool restored = index_.insert(old_hash, value);
            assert(restored);
            static_cast<void>(restored);
            return false;
        }
    }
    leave_server(i);
    count_load(f, -1);
    f.server_id = target.server_id;
    f.server_address = target.server_address;
    f.server_port = target.server_port;
    f.local_address = target.local_address;
    f.local_port = target.local_port;
    if (is_live(f.state)) join_server(i);
    count_load(f, 1);
    return true;
}

// Those words have meant something else until now: the offer, and our clock.
void FlowTable::leave_syn_sent(Flow& f, TcpState state) {
    f.resets_to_client = f.resets_to_server = 0;
    if (has_opened(state) || is_half_open(state)) return;
    f.next_to_client = f.ack_from_client = 0;
    f.flags |= flow_flag::unanswered;
}

void FlowTable::set_state(FlowIndex i, TcpState state, Tick now) {
    Flow& f = flows_[i];
    f.last_seen = now;
    if (f.state == state) return;
    if (f.state == TcpState::syn_sent) leave_syn_sent(f, state);
    const bool sooner = timeout(f, state) < timeout(f, f.state);
    if (!is_live(state)) leave_server(i);
    if (has_opened(state)) half_open_.remove(i);
    if (state == TcpState::dead) by_server_.push_front(untold(), i);
    count_load(f, -1);
    f.state = state;
    count_load(f, 1);
    if (sooner) wheel_.schedule(i, deadline(f));
}

}  // namespace warren::flow
