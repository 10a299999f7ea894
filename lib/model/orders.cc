// SPDX-License-Identifier: BSD-3-Clause
#include "model/orders.h"

#include <charconv>
#include <optional>
#include <utility>

#include "model/builder.h"

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

bool read_weight(std::string_view text, Order& order) {
    if (text == "default") return true;
    std::uint32_t weight = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
    if (error != std::errc{} || end != text.data() + text.size() || weight > max_weight)
        return false;
    order.weight = weight;
    return true;
}

bool is_at(const auto& config, const Endpoint& endpoint) {
    return config.address == endpoint.address && config.port == endpoint.port.host();
}

void find_servers(const State& state, const Endpoint& server,
                  const std::optional<Endpoint>& service, Order& order) {
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        const ServerRecord& record = state.servers[i];
        if (is_served(record) && is_at(*record.config, server) &&
            (!service || is_at(*state.services[record.service].config, *service)))
            order.servers.push_back(i);
    }
    if (order.servers.empty()) order.problem = "there is no such real_server";
}

void find_service(const State& state, std::string_view text, Order& order) {
    const auto service = read_endpoint(text);
    for (std::uint16_t i = 0; service && i < state.services.size(); ++i)
        if (is_served(state.services[i]) && is_at(*state.services[i].config, *service))
            order.service = i;
    if (!order.service) order.problem = "there is no such virtual_server";
}

}  // namespace

Order read_order(const State& state, std::string_view text) {
    Order order;
    const std::string_view verb = take_word(text);
    if (verb == "rebalance") {
        order.kind = Order::Kind::rebalance;
        find_service(state, text, order);
        return order;
    }
    if (const auto admin = admin_of(verb))
        order.admin = *admin;
    else if (verb == "weight")
        order.kind = Order::Kind::weight;
    else if (verb == "reset")
        order.kind = Order::Kind::reset;
    else
        order.problem = "no such order";
    const auto server = read_endpoint(take_word(text));
    if (order.kind == Order::Kind::weight && !read_weight(take_word(text), order))
        order.problem = "a weight is a number from 0 to 65535, or default";
    const auto service = read_endpoint(text);
    if (!server || (!text.empty() && !service))
        order.problem = "a server is ADDRESS:PORT, or [ADDRESS]:PORT of IPv6, and so is a service";
    if (order.problem.empty()) find_servers(state, *server, service, order);
    return order;
}

bool obey(ServerRecord& server, balance::Admin admin, std::uint64_t now_ns) {
    if (!server.health.set_admin(admin)) return false;
    note_change(server, reason_of(admin), now_ns);
    return true;
}

bool order_weight(ServerRecord& server, std::optional<std::uint32_t> weight) {
    return std::exchange(server.ordered_weight, weight) != weight;
}

}  // namespace warren::model
