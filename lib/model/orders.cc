// SPDX-License-Identifier: BSD-3-Clause
#include "model/orders.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "model/builder.h"

namespace warren::model {
namespace {

constexpr std::uint32_t max_percent = 1'000;
constexpr std::size_t max_note_bytes = 200;

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

// A share of 1,000 % at most, for 10 of 1 is a weight that people give.
bool read_weight(std::string_view text, Order& order) {
    if (text == "default" || text == "config") return true;
    order.is_percent = text.ends_with('%');
    if (order.is_percent) text.remove_suffix(1);
    std::uint32_t weight = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
    if (error != std::errc{} || end != text.data() + text.size() ||
        weight > (order.is_percent ? max_percent : max_weight))
        return false;
    order.weight = weight;
    return true;
}

// Takes it off the end. One line, which tells a terminal nothing.
std::string take_note(std::string_view& text) {
    const std::size_t at = std::min(text.find(';'), text.size());
    std::string note(text.substr(std::min(at + 1, text.size())).substr(0, max_note_bytes));
    for (char& c : note)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    text = text.substr(0, at);
    return note;
}

bool is_at(const auto& config, const Endpoint& endpoint) {
    return config.address == endpoint.address && config.port == endpoint.port.host();
}

void make_nonsense(Order& order, const char* problem) {
    order.problem = problem;
    order.is_nonsense = true;
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
    if (!service) return make_nonsense(order, "a service is VIP:PORT, or [VIP]:PORT of IPv6");
    for (std::uint16_t i = 0; i < state.services.size(); ++i)
        if (is_served(state.services[i]) && is_at(*state.services[i].config, *service))
            order.service = i;
    if (!order.service) order.problem = "there is no such virtual_server";
}

}  // namespace

Order read_order(const State& state, std::string_view text) {
    Order order;
    order.note = take_note(text);
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
        make_nonsense(order, "no such order");
    const auto server = read_endpoint(take_word(text));
    if (order.kind == Order::Kind::weight && !read_weight(take_word(text), order))
        make_nonsense(order,
                      "a weight is a number from 0 to 65535, a share from 0% to 1000%, or default");
    const auto service = read_endpoint(text);
    if (!server || (!text.empty() && !service))
        make_nonsense(order,
                      "a server is ADDRESS:PORT, or [ADDRESS]:PORT of IPv6, and so is a service");
    if (order.problem.empty()) find_servers(state, *server, service, order);
    return order;
}

bool execute(ServerRecord& server, balance::Admin admin, std::uint64_t now_ns,
             const std::string& note) {
    if (!server.health.set_admin(admin)) return false;
    note_change(server, with_note(reason_of(admin), note), now_ns);
    return true;
}

// Who has a share has some.
std::optional<std::uint32_t> ordered_weight(const Order& order, const ServerRecord& server) {
    if (!order.weight || !order.is_percent || *order.weight == 0) return order.weight;
    const std::uint64_t share = (std::uint64_t{server.config->weight} * *order.weight + 50) / 100;
    const std::uint64_t least = server.config->weight == 0 ? 0 : 1;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(share, least, max_weight));
}

std::string with_note(std::string text, const std::string& note) {
    return note.empty() ? text : std::move(text) + ": " + note;
}

bool order_weight(ServerRecord& server, std::optional<std::uint32_t> weight) {
    return std::exchange(server.ordered_weight, weight) != weight;
}

}  // namespace warren::model
