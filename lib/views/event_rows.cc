// SPDX-License-Identifier: BSD-3-Clause
#include "views/event_rows.h"

#include <algorithm>
#include <charconv>

namespace warren::views {

Json to_json(const journal::Event& event) {
    Json row{{"number", event.number},
             {"time", journal::utc_text(event.wall_ms)},
             {"kind", name(event.kind)},
             {"level", name(event.level)},
             {"text", event.text}};
    for (const auto& [name, value] : journal::subject_fields)
        row[std::string(name)] = (event.about.*value).empty() ? Json() : Json(event.about.*value);
    return row;
}

namespace {

std::uint64_t first_since(const journal::EventLog& log, std::int64_t wall_ms) {
    std::uint64_t first = log.end();
    log.from(0, [&](const journal::Event& event) {
        if (event.wall_ms >= wall_ms) first = event.number;
        return event.wall_ms < wall_ms;
    });
    return first;
}

template <typename Number>
Number read_number(std::string_view text) {
    Number number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// A cursor is the number of a row, or "@" and a time.
template <typename Since>
std::uint64_t first_of(std::string_view cursor, Since since) {
    return cursor.starts_with('@') ? since(read_number<std::int64_t>(cursor.substr(1)))
                                   : read_number<std::uint64_t>(cursor);
}

}  // namespace

std::string events_page(const journal::EventLog& log, std::string_view cursor) {
    Page page("events");
    std::optional<std::string> next;
    log.from(first_of(cursor, [&](std::int64_t ms) { return first_since(log, ms); }),
             [&](const journal::Event& event) {
                 if (page.add(to_json(event))) return true;
                 next = std::to_string(event.number);
                 return false;
             });
    return page.finish(next);
}

Json to_json(const history::EndedFlow& flow) {
    return {
        {"number", flow.number},
        {"time", journal::utc_text(flow.wall_ms)},
        {"client", model::endpoint(flow.client, flow.client_port)},
        {"service", model::endpoint(flow.vip, flow.service_port)},
        {"server", flow.had_server ? Json(model::endpoint(flow.server, flow.server_port)) : Json()},
        {"cause", flow.cause},
        {"text", flow.text},
        {"router", flow.router},
        {"lasted_ms", flow.began_ms == 0 ? Json() : Json(flow.wall_ms - flow.began_ms)},
        {"idle_ms", flow.idle_ms},
        {"connect_us", flow.connect_us == 0 ? Json() : Json(flow.connect_us)},
        {"to_server_bytes", flow.bytes ? Json(flow.bytes->to_server) : Json()},
        {"to_client_bytes", flow.bytes ? Json(flow.bytes->to_client) : Json()}};
}

std::string ended_page(const history::EndedFlows& flows, std::string_view cursor) {
    Page page("ended");
    std::optional<std::string> next;
    flows.from(first_of(cursor, [&](std::int64_t ms) { return flows.first_since(ms); }),
               [&](const history::EndedFlow& flow) {
                   if (page.add(to_json(flow))) return true;
                   next = std::to_string(flow.number);
                   return false;
               });
    return page.finish(next);
}

}  // namespace warren::views
