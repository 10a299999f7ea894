// SPDX-License-Identifier: BSD-3-Clause
#include "history/days.h"

#include "model/service_state.h"

namespace warren::history {
namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

Day::Sample sample_of(const model::RouterState& router) {
    const vrrp::State state = router.status.state;
    return {.is_up = state == vrrp::State::master || state == vrrp::State::backup,
            .is_master = state == vrrp::State::master,
            .standing = state == vrrp::State::initialize ? 0 : router.status.since_ns};
}

// A sorry_server is neither up nor down: nobody checks it.
Day::Sample sample_of(const model::ServerRecord& server) {
    return {.is_up = server.is_sorry || is_alive(server), .standing = server.since_ns};
}

template <typename Record>
void take_all(std::vector<Day>& days, const std::vector<Record>& records, std::uint64_t now_s) {
    if (days.size() < records.size()) days.resize(records.size());
    for (std::size_t i = 0; i < records.size(); ++i)
        if (is_served(records[i])) days[i].take(sample_of(records[i]), now_s);
}

}  // namespace

void Days::take(const model::State& state, std::uint64_t now_ns) {
    take_all(routers_, state.routers, now_ns / ns_per_second);
    take_all(servers_, state.servers, now_ns / ns_per_second);
}

void Days::begin(std::vector<Day>& days, std::uint16_t index) {
    if (index < days.size()) days[index] = {};
}

Day Days::of(const std::vector<Day>& days, std::size_t index) {
    return index < days.size() ? days[index] : Day{};
}

}  // namespace warren::history
