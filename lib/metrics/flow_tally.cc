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
    if (event.service == no_index || event.replayed || event.kind == FlowEventKind::stray ||
        event.kind == FlowEventKind::moved)
        return;
    ServiceTally& service = at(services_, event.service);
    if (event.kind != FlowEventKind::established) {
        ++service.endings[ending_of(event)];
        return;
    }
    const double seconds = event.latency_us / 1e6;
    service.connects.note(seconds);
    if (event.server == no_index) return;
    ServerTally& server = at(servers_, event.server);
    ++server.connects;
    server.connect_sum_s += seconds;
}

void FlowTally::begin_service(std::uint16_t service) {
    if (service < services_.size()) services_[service] = {};
}

void FlowTally::begin_server(std::uint16_t server) {
    if (server < servers_.size()) servers_[server] = {};
}

ServiceTally FlowTally::service(std::uint16_t index) const {
    return index < services_.size() ? services_[index] : ServiceTally{};
}

ServerTally FlowTally::server(std::uint16_t index) const {
    return index < servers_.size() ? servers_[index] : ServerTally{};
}

}  // namespace warren::metrics
