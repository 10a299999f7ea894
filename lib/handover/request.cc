// SPDX-License-Identifier: BSD-3-Clause
#include "handover/request.h"

#include <algorithm>
#include <charconv>

namespace warren::handover {
namespace {

std::string_view next_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

// "for=600000"; false: it is not that.
bool read_time(std::string_view word, std::uint64_t& time_ns) {
    constexpr std::string_view name = "for=";
    constexpr std::uint64_t longest_ms = 31ULL * 86'400'000;
    if (!word.starts_with(name)) return false;
    std::uint64_t time_ms = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data() + name.size(), end, time_ms);
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

}  // namespace

Request read_request(const model::State& state, std::string_view text) {
    Request request;
    const std::string_view name = next_word(text);
    request.is_all = name.empty() || name == "all";
    for (const model::RouterState& router : state.routers)
        if (is_served(router) && (request.is_all || router.config->name == name))
            add(request, state, router);
    if (request.routers.empty())
        request.problem = "there is no virtual router \"" + std::string(name) + '"';
    while (!text.empty()) {
        const std::string_view word = next_word(text);
        if (word == "force")
            request.force = true;
        else if (word == "back")
            request.back = true;
        else if (!read_time(word, request.for_ns))
            request.problem = "unknown word \"" + std::string(word) + '"';
    }
    return request;
}

}  // namespace warren::handover
