// SPDX-License-Identifier: BSD-3-Clause
#include "handover/request.h"

#include <algorithm>

namespace warren::handover {
namespace {

std::string_view next_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
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
        else
            request.problem = "unknown word \"" + std::string(word) + '"';
    }
    return request;
}

}  // namespace warren::handover
