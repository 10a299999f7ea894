// SPDX-License-Identifier: BSD-3-Clause
#include "control/ended_flows.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "control/event_log.h"

namespace warren::control {
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

void EndedFlows::take(const exchange::FlowEvent& event, const State& state, std::int64_t wall_ms) {
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

Json to_json(const EndedFlow& flow) {
    return {{"number", flow.number},
            {"time", wall_text(flow.wall_ms)},
            {"wall_ms", flow.wall_ms},
            {"client", endpoint(flow.client, flow.client_port)},
            {"service", endpoint(flow.vip, flow.service_port)},
            {"server", flow.had_server ? Json(endpoint(flow.server, flow.server_port)) : Json()},
            {"cause", flow.cause}};
}

std::string ended_page(const EndedFlows& flows, std::string_view cursor) {
    std::uint64_t number = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
    Page page("ended");
    for (number = std::max(number, flows.first()); number < flows.end(); ++number)
        if (!page.add(to_json(flows.at(number)))) return page.finish(std::to_string(number));
    return page.finish(std::nullopt);
}

}  // namespace warren::control
