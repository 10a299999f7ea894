// SPDX-License-Identifier: BSD-3-Clause
#include "handover/request.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace warren::handover {
namespace {

std::string_view next_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

constexpr std::string_view time_name = "for=";

// "600000", in ms; false: it is no such time.
bool read_time(std::string_view text, std::uint64_t& time_ns) {
    constexpr std::uint64_t longest_ms = 31ULL * 86'400'000;
    std::uint64_t time_ms = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, time_ms);
    if (error != std::errc() || stop != end || time_ms == 0 || time_ms > longest_ms) return false;
    time_ns = time_ms * 1'000'000;
    return true;
}

bool moves_with(const model::RouterState& one, const model::RouterState& other) {
    return &one == &other ||
           (one.plan->group != election::no_group && one.plan->group == other.plan->group);
}

void add(Request& request, const model::State& state, const model::RouterState& wanted) {
    for (std::size_t i = 0; i < state.routers.size(); ++i) {
        const auto index = static_cast<std::uint16_t>(i);
        const std::vector<std::uint16_t>& all = request.routers;
        if (is_served(state.routers[i]) && moves_with(state.routers[i], wanted) &&
            std::find(all.begin(), all.end(), index) == all.end())
            request.routers.push_back(index);
    }
}

void make_nonsense(Request& request, std::string problem) {
    request.problem = std::move(problem);
    request.is_nonsense = true;
}

}  // namespace

Request read_request(const model::State& state, std::string_view text) {
    Request request;
    const std::string_view name = next_word(text);
    request.is_all = name.empty() || name == "all";
    request.problem = request.is_all ? "there is no virtual router that speaks VRRP"
                                     : "there is no virtual router \"" + std::string(name) + '"';
    for (const model::RouterState& router : state.routers) {
        if (!is_served(router) || (!request.is_all && router.config->name != name)) continue;
        if (speaks_vrrp(router))
            add(request, state, router);
        else if (!request.is_all)
            request.problem =
                router.config->name + " is the host's own address: nobody can take it over";
    }
    if (!request.routers.empty()) request.problem.clear();
    while (!text.empty()) {
        const std::string_view word = next_word(text);
        if (word == "force")
            request.force = true;
        else if (word == "back")
            request.back = true;
        else if (!word.starts_with(time_name))
            make_nonsense(request, "unknown word \"" + std::string(word) + '"');
        else if (!read_time(word.substr(time_name.size()), request.for_ns))
            make_nonsense(request, "a time away is longer than nothing and at most 31 days");
    }
    return request;
}

}  // namespace warren::handover
