// SPDX-License-Identifier: BSD-3-Clause
#include "views/event_rows.h"

#include <algorithm>
#include <charconv>

namespace warren::views {

Json to_json(const journal::Event& event) {
    return {{"number", event.number},     {"time", journal::wall_text(event.wall_ms)},
            {"wall_ms", event.wall_ms},   {"kind", name(event.kind)},
            {"level", name(event.level)}, {"text", event.text}};
}

std::string events_page(const journal::EventLog& log, std::string_view cursor) {
    std::uint64_t number = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
    Page page("events");
    for (number = std::max(number, log.first()); number < log.end(); ++number)
        if (!page.add(to_json(log.at(number)))) return page.finish(std::to_string(number));
    return page.finish(std::nullopt);
}

Json to_json(const ends::EndedFlow& flow) {
    return {
        {"number", flow.number},
        {"time", journal::wall_text(flow.wall_ms)},
        {"wall_ms", flow.wall_ms},
        {"client", model::endpoint(flow.client, flow.client_port)},
        {"service", model::endpoint(flow.vip, flow.service_port)},
        {"server", flow.had_server ? Json(model::endpoint(flow.server, flow.server_port)) : Json()},
        {"cause", flow.cause}};
}

std::string ended_page(const ends::EndedFlows& flows, std::string_view cursor) {
    std::uint64_t number = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
    Page page("ended");
    for (number = std::max(number, flows.first()); number < flows.end(); ++number)
        if (!page.add(to_json(flows.at(number)))) return page.finish(std::to_string(number));
    return page.finish(std::nullopt);
}

}  // namespace warren::views
