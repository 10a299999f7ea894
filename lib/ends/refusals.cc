// SPDX-License-Identifier: BSD-3-Clause
#include "ends/refusals.h"

#include "model/service_state.h"

namespace warren::ends {
namespace {

std::string times(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " client" : " clients");
}

}  // namespace

std::vector<RefusalNews> RefusalWatch::look(model::State& state) {
    std::vector<RefusalNews> news;
    for (std::size_t i = 0; i < state.services.size(); ++i) {
        model::ServiceRecord& service = state.services[i];
        service.opened.turn();
        for (std::size_t cause = 0; cause < service.refusals.size(); ++cause) {
            service.refusals[cause].turn();
            look_at({false, {i, cause}}, service.refusals[cause],
                    "service " + name_of(service) +
                        " refuses clients: " + text(static_cast<model::Refusal>(cause)),
                    news);
        }
    }
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        model::ServerRecord& server = state.servers[i];
        server.refusals.turn();
        if (!model::is_alive(server) && !standing_.contains({true, {i, 0}})) continue;
        look_at({true, {i, 0}}, server.refusals,
                "server " + name_of(server) + " of " + name_of(state.services[server.service]) +
                    " is up and refuses connections",
                news);
    }
    return news;
}

void RefusalWatch::look_at(const Key& key, const balance::RecentCount& count,
                           const std::string& what, std::vector<RefusalNews>& news) {
    const auto found = standing_.find(key);
    if (found == standing_.end()) {
        if (count.recent() < model::few_refusals) return;
        standing_[key] = {count.total(), count.total() - count.recent(), 0};
        news.push_back({false, what});
        return;
    }
    Reported& reported = found->second;
    if (count.recent() == 0) {
        news.push_back(
            {true, what + ": no more; " + times(count.total() - reported.before) + " in all"});
        standing_.erase(found);
        return;
    }
    if (++reported.seconds < summary_seconds) return;
    news.push_back(
        {false, what + ": " + times(count.total() - reported.total) + " in the last minute"});
    reported.total = count.total();
    reported.seconds = 0;
}

}  // namespace warren::ends
