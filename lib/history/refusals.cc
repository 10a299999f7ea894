// SPDX-License-Identifier: BSD-3-Clause
#include "history/refusals.h"

#include <utility>

#include "model/service_state.h"

namespace warren::history {
namespace {

std::string times(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " client" : " clients");
}

}  // namespace

std::vector<journal::Notice> RefusalWatch::look(model::State& state) {
    std::vector<journal::Notice> notices;
    const auto add = [&notices](journal::Notice one, const std::string& what,
                                model::Subject about) {
        one.text = what + one.text;
        one.about = std::move(about);
        notices.push_back(std::move(one));
    };
    for (std::size_t i = 0; i < state.services.size(); ++i) {
        model::ServiceRecord& service = state.services[i];
        service.opened.turn();
        for (std::size_t cause = 0; cause < service.refusals.size(); ++cause) {
            service.refusals[cause].turn();
            if (auto one = look_at({false, {i, cause}}, service.refusals[cause]))
                add(std::move(*one),
                    "service " + name_of(service) +
                        " refuses clients: " + text(static_cast<model::Refusal>(cause)),
                    about(service, model::refusal_names[cause]));
        }
    }
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        model::ServerRecord& server = state.servers[i];
        server.refusals.turn();
        if (!model::is_alive(server) && !standing_.contains({true, {i, 0}})) continue;
        if (auto one = look_at({true, {i, 0}}, server.refusals))
            add(std::move(*one),
                "server " + name_of(server) + " of " + name_of(state.services[server.service]) +
                    " is up and refuses connections",
                about(state, server, "refused"));
    }
    return notices;
}

std::optional<journal::Notice> RefusalWatch::look_at(const Key& key,
                                                     const balance::RecentCount& count) {
    const auto found = standing_.find(key);
    if (found == standing_.end()) {
        if (count.recent() < model::few_refusals) return std::nullopt;
        standing_[key] = {count.total(), count.total() - count.recent(), 0};
        return journal::Notice{false, {}};
    }
    Reported& reported = found->second;
    if (count.recent() == 0) {
        const std::uint64_t all = count.total() - reported.before;
        standing_.erase(found);
        return journal::Notice{true, ": no more; " + times(all) + " in all"};
    }
    if (++reported.seconds < summary_seconds) return std::nullopt;
    reported.seconds = 0;
    return journal::Notice{
        false, ": " + times(count.total() - std::exchange(reported.total, count.total())) +
                   " in the last minute"};
}

}  // namespace warren::history
