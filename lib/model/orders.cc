// SPDX-License-Identifier: BSD-3-Clause
#include "model/orders.h"

#include <optional>
#include <utility>

namespace warren::model {
namespace {

std::string_view take_word(std::string_view& text) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    return word;
}

std::optional<balance::Admin> admin_of(std::string_view verb) {
    if (verb == "enable") return balance::Admin::enabled;
    if (verb == "drain") return balance::Admin::drained;
    if (verb == "disable") return balance::Admin::disabled;
    return std::nullopt;
}

const char* reason_of(balance::Admin admin) {
    switch (admin) {
        case balance::Admin::drained:
            return "drained by the operator";
        case balance::Admin::disabled:
            return "disabled by the operator";
        case balance::Admin::enabled:
            break;
    }
    return "enabled by the operator";
}

}  // namespace

Order read_order(const State& state, std::string_view text) {
    Order order;
    const auto admin = admin_of(take_word(text));
    const auto server = read_endpoint(take_word(text));
    const auto service = read_endpoint(text);
    if (!admin || !server || (!text.empty() && !service)) {
        order.problem = "a server is ADDRESS:PORT, or [ADDRESS]:PORT of IPv6, and so is a service";
        return order;
    }
    order.admin = *admin;
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        const ServerRecord& record = state.servers[i];
        if (!is_served(record)) continue;
        const config::VirtualServer& of = *state.services[record.service].config;
        if (record.config->address == server->address &&
            record.config->port == server->port.host() &&
            (!service || (of.address == service->address && of.port == service->port.host())))
            order.servers.push_back(i);
    }
    if (order.servers.empty()) order.problem = "there is no such real_server";
    return order;
}

bool obey(ServerRecord& server, balance::Admin admin, std::uint64_t now_ns) {
    if (!server.health.set_admin(admin)) return false;
    server.since_ns = now_ns;
    server.reason = reason_of(admin);
    return true;
}

}  // namespace warren::model
