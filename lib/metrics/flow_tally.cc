// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/flow_tally.h"

#include <algorithm>

namespace warren::metrics {
namespace {

using exchange::FlowEventKind;

constexpr std::size_t refused_ending = exchange::end_cause_names.size();
constexpr std::size_t unanswered_ending = refused_ending + 1;

std::size_t ending_of(const exchange::FlowEvent& event) {
    if (event.kind == FlowEventKind::refused) return refused_ending;
    if (event.kind == FlowEventKind::unanswered) return unanswered_ending;
    return std::min(static_cast<std::size_t>(event.cause), exchange::end_cause_names.size() - 1);
}

template <typename Tally>
Tally& at(std::vector<Tally>& all, std::uint16_t index) {
    if (index >= all.size()) all.resize(index + std::size_t{1});
    return all[index];
}

// What is of no server has an index beyond all.
constexpr std::uint16_t no_index = 0xffff;

}  // namespace

void PoolCounts::add(const PoolCounts& other) {
    active += other.active;
    connections += other.connections;
    to_server_bytes += other.to_server_bytes;
    to_client_bytes += other.to_client_bytes;
    to_server_frames += other.to_server_frames;
    to_client_frames += other.to_client_frames;
    refused += other.refused;
    unanswered += other.unanswered;
}

std::string_view ending_name(std::size_t ending) {
    if (ending == refused_ending) return "refused";
    if (ending == unanswered_ending) return "unanswered";
    return exchange::end_cause_names.at(ending);
}

void ConnectTimes::note(double seconds) {
    const auto bound = std::lower_bound(connect_bounds_s.begin(), connect_bounds_s.end(), seconds);
    ++buckets[static_cast<std::size_t>(bound - connect_bounds_s.begin())];
    ++count;
    sum_s += seconds;
}

void FlowTally::take(const exchange::FlowEvent& event) {
    // A stray segment is of no connection that we know, one that has moved goes on elsewhere.
    if (event.service == no_index || event.kind == FlowEventKind::stray ||
        event.kind == FlowEventKind::moved)
        return;
    if (event.server != no_index) take(event, at(servers_, event.server));
    if (event.replayed) return;
    ServiceTally& service = at(services_, event.service);
    if (event.kind != FlowEventKind::established)
        ++service.endings[ending_of(event)];
    else if (event.latency_us != 0)
        service.connects.note(event.latency_us / 1e6);
}

void FlowTally::take(const exchange::FlowEvent& event, ServerTally& server) {
    const bool is_answer = event.kind == FlowEventKind::established;
    const bool is_wait = event.kind == FlowEventKind::unanswered && event.replayed;
    server.connections += is_answer ? 1 : 0;
    if ((is_answer || is_wait) && event.latency_us != 0)
        server.connects.note(event.latency_us / 1e6);
    if (event.kind == FlowEventKind::ended && event.cause == exchange::EndCause::server_reset)
        ++server.resets;
}

TurnedAway turned_away(const exchange::Exchange& exchange, std::uint16_t service) {
    TurnedAway sum;
    for (const auto& worker : exchange.workers) {
        const exchange::ServiceCounters& counted = worker->services[service];
        sum.no_server += counted.no_server.value();
        sum.no_local_port += counted.no_port.value();
        sum.table_full += counted.table_full.value();
        sum.strays += counted.strays.value();
    }
    return sum;
}

void FlowTally::begin_service(std::uint16_t service, const TurnedAway& before) {
    if (service < services_.size() || before != TurnedAway{})
        at(services_, service) = {.before = before};
}

void FlowTally::begin_server(std::uint16_t server) {
    if (server < servers_.size()) servers_[server] = {};
}

void FlowTally::keep(std::uint16_t service, const PoolCounts& counts) {
    PoolCounts gone = counts;
    gone.active = 0;
    at(services_, service).gone.add(gone);
}

ServiceTally FlowTally::service(std::uint16_t index) const {
    return index < services_.size() ? services_[index] : ServiceTally{};
}

ServerTally FlowTally::server(std::uint16_t index) const {
    return index < servers_.size() ? servers_[index] : ServerTally{};
}

}  // namespace warren::metrics
