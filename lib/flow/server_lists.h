// SPDX-License-Identifier: BSD-3-Clause
// The flows of a table by server: a list of the live ones, the newest first, how many those are,
// and the dead ones whose server has not been sent its RST yet, of all servers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "flow/flow.h"
#include "flow/index_lists.h"

namespace warren::flow {

class ServerLists {
  public:
    // One of each for every server, and one list more.
    struct Memory {
        std::span<FlowIndex> heads;
        std::span<FlowIndex> oldest;
        std::span<std::uint32_t> live;
        std::span<std::uint32_t> load;
        std::span<std::uint16_t> released;
    };

    ServerLists(Flow* flows, const Memory& memory)
        : flows_(flows),
          lists_(flows, memory.heads),
          oldest_(memory.oldest),
          live_(memory.live),
          load_(memory.load),
          released_(memory.released) {
        std::fill(oldest_.begin(), oldest_.end(), no_flow);
        std::fill(live_.begin(), live_.end(), 0);
        std::fill(load_.begin(), load_.end(), 0);
        std::fill(released_.begin(), released_.end(), 0);
    }

    std::size_t size() const { return live_.size(); }

    // --- the live flows of a server; FlowTable::set_state(dead) takes a flow out, so "reset all"
    // is: while the round's budget lasts, take the first.
    FlowIndex first(std::uint16_t server) const { return lists_.first(server); }
    FlowIndex next(FlowIndex i) const { return lists_.next(i); }
    // By when they came to the server; those of a peer by when they came to us.
    FlowIndex oldest(std::uint16_t server) const { return oldest_[server]; }
    FlowIndex younger(FlowIndex i) const { return lists_.previous(i); }
    std::uint32_t live(std::uint16_t server) const { return live_[server]; }
    // Those that are no more on their way out: what schedulers compare.
    std::uint32_t load(std::uint16_t server) const { return load_[server]; }
    std::span<const std::uint32_t> loads() const { return load_; }
    // The local port of the flow that was the last to end; 0 if none has.
    std::uint16_t released_port(std::uint16_t server) const { return released_[server]; }

    // --- dead flows whose server is still to be reset.
    FlowIndex first_to_reset() const { return lists_.first(to_reset()); }
    void set_reset(FlowIndex i) { lists_.remove(i); }

    // --- the table's: a flow comes, goes, or is about to change its state.
    void enter(FlowIndex i) {
        const Flow& f = flows_[i];
        if (is_live(f.state)) {
            if (first(f.server_id) == no_flow) oldest_[f.server_id] = i;
            lists_.push_front(f.server_id, i);
            ++live_[f.server_id];
        }
        if (is_load(f.state)) ++load_[f.server_id];
    }
    void leave(FlowIndex i) {
        unlist(i);
        if (is_load(flows_[i].state)) --load_[flows_[i].server_id];
    }
    void change_state(FlowIndex i, TcpState next) {
        const Flow& f = flows_[i];
        if (!is_live(next)) unlist(i);
        if (next == TcpState::dead) lists_.push_front(to_reset(), i);
        if (is_load(f.state)) --load_[f.server_id];
        if (is_load(next)) ++load_[f.server_id];
    }

  private:
    // The list of those to reset stands behind the servers'.
    std::uint32_t to_reset() const { return lists_.size() - 1; }
    void unlist(FlowIndex i) {
        const Flow& f = flows_[i];
        const bool was_live = is_live(f.state);
        if (was_live && oldest_[f.server_id] == i) oldest_[f.server_id] = younger(i);
        lists_.remove(i);
        if (!was_live) return;
        --live_[f.server_id];
        released_[f.server_id] = f.local_port.host();
    }

    Flow* flows_;
    IndexLists<&Flow::server_list> lists_;
    std::span<FlowIndex> oldest_;
    std::span<std::uint32_t> live_;
    std::span<std::uint32_t> load_;
    std::span<std::uint16_t> released_;
};

}  // namespace warren::flow
