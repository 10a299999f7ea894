// SPDX-License-Identifier: BSD-3-Clause
// The last flows that ended, were refused, found no room in the table, or were cut by a takeover,
// each with its cause, for `warrenctl ended` and `warrenctl why`. Only the manager's thread uses
// it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "exchange/records.h"
#include "history/known_flows.h"
#include "history/router_history.h"
#include "model/state.h"

namespace warren::history {

struct EndedFlow {
    std::uint64_t number = 0;  // counts from 1 and never repeats
    std::int64_t wall_ms = 0;  // since 1970
    net::IpAddress client, vip, server;
    std::uint16_t client_port = 0, service_port = 0, server_port = 0;
    bool had_server = false;
    std::string_view cause;
    std::string text{};         // the cause in words
    std::string router{};       // whose VIP it was
    std::int64_t began_ms = 0;  // since 1970; 0: not known
    std::uint32_t connect_us = 0, idle_ms = 0;
    std::optional<flow::Carried> bytes{};  // of one that ended
};

class EndedFlows {
  public:
    // Of flows that had a server and ended, and as many of all others, so that a flood of stray
    // segments or SYNs pushes out no end. The oldest of each go first.
    static constexpr std::size_t capacity = 4'096;

    // Records an end, remembers the begin of a flow, and ignores other events. `state` is the one
    // whose indices the event uses.
    void take(const exchange::FlowEvent& event, const model::State& state, std::int64_t wall_ms);
    // Null: no change of mastership. Else valid until the next call.
    const MastershipChange* take(const election::VrrpReport& report, const model::State& state,
                                 std::int64_t wall_ms);

    std::uint64_t end() const { return next_; }
    // see(flow) for each that is kept from that number on, in order, until it returns false.
    template <typename See>
    void from(std::uint64_t number, See see) const {
        auto end = after(ended_, number), other = after(others_, number);
        while (end != ended_.end() || other != others_.end()) {
            const bool is_end =
                other == others_.end() || (end != ended_.end() && end->number < other->number);
            if (!see(is_end ? *end++ : *other++)) return;
        }
    }
    // The first that is kept and not older.
    std::uint64_t first_since(std::int64_t wall_ms) const;
    const KnownFlows& known() const { return known_; }

  private:
    using Rows = std::deque<EndedFlow>;

    static Rows::const_iterator after(const Rows& rows, std::uint64_t number);
    static void add(Rows& rows, EndedFlow flow);
    void explain(EndedFlow& flow, const exchange::FlowEvent& event, const model::State& state);

    Rows ended_, others_;
    KnownFlows known_;
    RouterHistory history_;
    std::uint64_t next_ = 1;
};

}  // namespace warren::history
