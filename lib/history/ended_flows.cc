// SPDX-License-Identifier: BSD-3-Clause
#include "history/ended_flows.h"

#include <algorithm>
#include <utility>

#include "history/end_text.h"

namespace warren::history {
namespace {

using exchange::FlowEventKind;

FlowName name_of(const exchange::FlowEvent& event) {
    return {event.client, event.client_port.host(), event.service};
}

bool is_end(FlowEventKind kind) {
    return kind == FlowEventKind::ended || kind == FlowEventKind::refused ||
           kind == FlowEventKind::unanswered;
}

EndedFlow flow_of(const exchange::FlowEvent& event, const model::State& state) {
    const model::ServiceRecord& service = state.services[event.service];
    EndedFlow flow;
    flow.client = event.client;
    flow.client_port = event.client_port.host();
    flow.vip = service.config->address;
    flow.service_port = service.config->port;
    flow.idle_ms = event.idle_ms;
    if (event.kind == FlowEventKind::ended) flow.bytes = event.bytes;
    if (service.router) flow.router = state.routers[*service.router].config->name;
    flow.had_server = event.server < state.servers.size();
    if (flow.had_server) {
        flow.server = state.servers[event.server].config->address;
        flow.server_port = state.servers[event.server].config->port;
    }
    return flow;
}

}  // namespace

void EndedFlows::take(const exchange::FlowEvent& event, const model::State& state,
                      std::int64_t wall_ms) {
    if (event.replayed || event.service >= state.services.size()) return;
    if (event.kind == FlowEventKind::established) {
        known_.begin(name_of(event),
                     {.began_ms = wall_ms, .connect_us = event.latency_us, .server = event.server});
        return;
    }
    EndedFlow flow = flow_of(event, state);
    flow.number = next_++;
    flow.wall_ms = wall_ms;
    if (const KnownFlow* known = known_.find(name_of(event));
        known != nullptr && known->ended_ms == 0 && event.kind != FlowEventKind::turned_away) {
        flow.began_ms = known->began_ms;
        flow.connect_us = known->connect_us;
    }
    explain(flow, event, state);
    if (is_end(event.kind)) known_.end(name_of(event), flow.cause, wall_ms);
    add(is_end(event.kind) ? ended_ : others_, std::move(flow));
}

void EndedFlows::explain(EndedFlow& flow, const exchange::FlowEvent& event,
                         const model::State& state) {
    constexpr std::uint16_t no_router = 0xffff;
    const std::uint16_t router = state.services[event.service].router.value_or(no_router);
    Explained explained;
    if (event.kind == FlowEventKind::stray)
        explained = explain_stray(history_, router, known_.find(name_of(event)), flow.wall_ms);
    else if (event.kind == FlowEventKind::moved)
        explained = explain_move(history_, router);
    else
        explained = explain_end(event, flow.had_server ? &state.servers[event.server] : nullptr);
    flow.cause = explained.cause;
    flow.text = std::move(explained.text);
}

const MastershipChange* EndedFlows::take(const election::VrrpReport& report,
                                         const model::State& state, std::int64_t wall_ms) {
    return history_.take(report, state.routers[report.router], wall_ms);
}

void EndedFlows::add(Rows& rows, EndedFlow flow) {
    if (rows.size() == capacity) rows.pop_front();
    rows.push_back(std::move(flow));
}

EndedFlows::Rows::const_iterator EndedFlows::after(const Rows& rows, std::uint64_t number) {
    return std::lower_bound(
        rows.begin(), rows.end(), number,
        [](const EndedFlow& flow, std::uint64_t wanted) { return flow.number < wanted; });
}

std::uint64_t EndedFlows::first_since(std::int64_t wall_ms) const {
    std::uint64_t first = next_;
    for (const Rows* rows : {&ended_, &others_}) {
        const auto found = std::find_if(rows->begin(), rows->end(), [&](const EndedFlow& flow) {
            return flow.wall_ms >= wall_ms;
        });
        if (found != rows->end()) first = std::min(first, found->number);
    }
    return first;
}

}  // namespace warren::history
