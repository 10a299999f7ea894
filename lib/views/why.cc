// SPDX-License-Identifier: BSD-3-Clause
#include "views/why.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <deque>
#include <vector>

#include "views/event_rows.h"

namespace warren::views {
namespace {

struct Known {
    history::FlowName name;
    history::KnownFlow flow;
};

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t comma = text.find(','); comma != std::string_view::npos;
         comma = text.find(',')) {
        parts.push_back(text.substr(0, comma));
        text.remove_prefix(comma + 1);
    }
    parts.push_back(text);
    return parts;
}

template <typename Number>
bool read_whole(std::string_view text, Number& number) {
    const char* const end = text.data() + text.size();
    return std::from_chars(text.data(), end, number).ptr == end && !text.empty();
}

// Those that began, by age.
std::vector<Known> flows_of(const history::EndedFlows& ended, const net::IpAddress& client) {
    std::vector<Known> all;
    ended.known().of_client(client,
                            [&](const history::FlowName& name, const history::KnownFlow& flow) {
                                all.push_back({name, flow});
                            });
    std::sort(all.begin(), all.end(),
              [](const Known& a, const Known& b) { return a.flow.serial < b.flow.serial; });
    return all;
}

// Null: it has not been back.
Json next_of(const model::State& state, const history::EndedFlow& end,
             const std::vector<Known>& flows) {
    const auto found = std::find_if(flows.begin(), flows.end(), [&](const Known& known) {
        return known.flow.began_ms >= end.wall_ms;
    });
    if (found == flows.end()) return {};
    const auto server = found->flow.server;
    return {
        {"client", model::endpoint(found->name.client, found->name.port)},
        {"server", server < state.servers.size() ? Json(name_of(state.servers[server])) : Json()},
        {"after_ms", found->flow.began_ms - end.wall_ms}};
}

bool is_about(const journal::Event& event, const history::EndedFlow& end) {
    if (event.kind == journal::EventKind::link) return true;
    if (!end.router.empty() && event.about.router == end.router) return true;
    return end.had_server && event.about.server == model::endpoint(end.server, end.server_port);
}

using Events = std::vector<const journal::Event*>;

// The oldest first.
Events nearest_events(const Events& all, const history::EndedFlow& end) {
    const auto distance = [&](const journal::Event* event) {
        return std::abs(event->wall_ms - end.wall_ms);
    };
    Events found;
    for (const journal::Event* event : all)
        if (distance(event) <= beside_ms && is_about(*event, end)) found.push_back(event);
    std::stable_sort(found.begin(), found.end(),
                     [&](const auto* a, const auto* b) { return distance(a) < distance(b); });
    found.resize(std::min(found.size(), most_events_beside));
    std::sort(found.begin(), found.end(),
              [](const auto* a, const auto* b) { return a->number < b->number; });
    return found;
}

Json events_beside(const Events& all, const history::EndedFlow& end) {
    constexpr std::size_t longest_text = 200;
    Json rows = Json::array();
    for (const journal::Event* event : nearest_events(all, end)) {
        rows.push_back({{"time", journal::utc_text(event->wall_ms)},
                        {"kind", name(event->kind)},
                        {"text", event->text.substr(0, longest_text)}});
        if (!event->about.cause.empty()) rows.back()["cause"] = event->about.cause;
    }
    return rows;
}

Events all_events(const journal::EventLog& log) {
    Events all;
    log.from(0, [&](const journal::Event& event) {
        all.push_back(&event);
        return true;
    });
    return all;
}

bool is_asked(const WhyQuestion& question, const history::EndedFlow& end) {
    return end.client == *question.client &&
           (question.port == 0 || end.client_port == question.port) &&
           end.wall_ms >= question.since_ms && end.wall_ms <= question.until_ms;
}

std::deque<const history::EndedFlow*> ends_of(const history::EndedFlows& ended,
                                              const WhyQuestion& question) {
    std::deque<const history::EndedFlow*> found;
    ended.from(ended.first_since(question.since_ms), [&](const history::EndedFlow& end) {
        if (is_asked(question, end)) found.push_back(&end);
        if (found.size() > most_ends_explained) found.pop_front();
        return true;
    });
    return found;
}

std::vector<Json> rows_of(const WhySources& sources, const WhyQuestion& question) {
    const std::vector<Known> flows = flows_of(sources.ended, *question.client);
    const Events events = all_events(sources.events);
    std::vector<Json> rows;
    for (const history::EndedFlow* end : ends_of(sources.ended, question))
        rows.push_back({{"end", to_json(*end)},
                        {"events", events_beside(events, *end)},
                        {"next", next_of(sources.state, *end, flows)}});
    const auto open = std::count_if(flows.begin(), flows.end(), [&](const Known& known) {
        return known.flow.ended_ms == 0 && (question.port == 0 || known.name.port == question.port);
    });
    rows.push_back({{"open", open}});
    return rows;
}

}  // namespace

WhyQuestion read_why(std::string_view text) {
    WhyQuestion question;
    const std::vector<std::string_view> parts = split(text);
    const bool is_whole = parts.size() >= 3 && parts.size() <= 4 &&
                          read_whole(parts[1], question.since_ms) &&
                          read_whole(parts[2], question.until_ms) &&
                          (parts.size() == 3 || read_whole(parts[3], question.row));
    if (const auto end = model::read_endpoint(parts[0])) {
        question.client = end->address;
        question.port = end->port.host();
    } else {
        question.client = net::IpAddress::parse(std::string(parts[0]));
    }
    if (is_whole && question.client) return question;
    question.client.reset();
    question.problem = "the client is ADDRESS or ADDRESS:PORT, of IPv6 [ADDRESS]:PORT";
    return question;
}

std::string why_page(const WhySources& sources, std::string_view text) {
    const WhyQuestion question = read_why(text);
    if (!question.client) return usage_page(question.problem);
    const std::vector<Json> rows = rows_of(sources, question);
    Page page("why");
    for (std::size_t i = question.row; i < rows.size(); ++i)
        if (!page.add(rows[i])) {
            const std::vector<std::string_view> parts = split(text);
            return page.finish(std::string(parts[0]) + "," + std::to_string(question.since_ms) +
                               "," + std::to_string(question.until_ms) + "," + std::to_string(i));
        }
    return page.finish(std::nullopt);
}

}  // namespace warren::views
