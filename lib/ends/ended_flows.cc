// SPDX-License-Identifier: BSD-3-Clause
#include "ends/ended_flows.h"

#include <cassert>

namespace warren::ends {
namespace {

using exchange::FlowEventKind;

std::string_view cause_of(const exchange::FlowEvent& event) {
    switch (event.kind) {
        case FlowEventKind::refused:
            return "refused";
        case FlowEventKind::unanswered:
            return "unanswered";
        default:
            return name_of(event.cause);
    }
}

}  // namespace

void EndedFlows::take(const exchange::FlowEvent& event, const model::State& state,
                      std::int64_t wall_ms) {
    if (event.kind == FlowEventKind::established || event.replayed) return;
    if (event.service >= state.services.size()) return;
    const config::VirtualServer& service = *state.services[event.service].config;
    EndedFlow flow;
    flow.number = next_;
    flow.wall_ms = wall_ms;
    flow.client = event.client;
    flow.client_port = event.client_port.host();
    flow.vip = service.address;
    flow.service_port = service.port;
    flow.had_server = event.server < state.servers.size();
    if (flow.had_server) {
        flow.server = state.servers[event.server].config->address;
        flow.server_port = state.servers[event.server].config->port;
    }
    flow.cause = cause_of(event);
    if (ring_.size() < capacity)
        ring_.push_back(flow);
    else
        ring_[(next_ - 1) % capacity] = flow;
    ++next_;
}

const EndedFlow& EndedFlows::at(std::uint64_t number) const {
    assert(number >= first() && number < next_);
    return ring_[(number - 1) % capacity];
}

}  // namespace warren::ends
