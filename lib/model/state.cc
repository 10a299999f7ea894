// SPDX-License-Identifier: BSD-3-Clause
#include "model/state.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

namespace warren::model {
namespace {

// What others report, a file or a BFD session, counts at once.
balance::CheckerRules rules_of(const config::Checker& checker) {
    const config::CheckTiming* timing = timing_of(checker);
    if (timing == nullptr) return {1, 1};
    return {std::max(timing->rise, 1U), timing->retry.value_or(0) + 1};
}

balance::ServerHealth make_health(const config::VirtualServer& service,
                                  const config::RealServer& server) {
    std::vector<balance::CheckerRules> rules;
    for (const config::Checker& checker : server.checkers)
        rules.push_back(rules_of(checker));
    return {{server.alpha, service.inhibit_on_failure || server.inhibit_on_failure}, rules};
}

// Other timing is no other check.
bool is_same_check(config::Checker a, config::Checker b) {
    const auto forget_timing = [](auto& check) {
        check.where = {};
        if constexpr (requires { check.timing; }) check.timing = {};
    };
    std::visit(forget_timing, a);
    std::visit(forget_timing, b);
    return a == b;
}

}  // namespace

ServerRecord make_server(const config::VirtualServer& service, const config::RealServer& server,
                         bool is_sorry, std::uint64_t now_ns) {
    ServerRecord record{.config = std::make_shared<const config::RealServer>(server),
                        .health = make_health(service, server)};
    record.weight_changes.resize(server.checkers.size());
    record.is_sorry = record.replaced = is_sorry;
    record.since_ns = now_ns;
    record.serves = record.health.standing() == balance::Standing::serving;
    record.reason = is_sorry ? "quorum" : server.checkers.empty() ? "no checker" : "start";
    return record;
}

void change_server(ServerRecord& record, const config::VirtualServer& service,
                   const config::RealServer& server) {
    const std::vector<config::Checker>& old = record.config->checkers;
    std::vector<std::size_t> same;
    for (const config::Checker& checker : server.checkers) {
        const auto at = std::find_if(old.begin(), old.end(), [&](const config::Checker& other) {
            return is_same_check(checker, other);
        });
        same.push_back(at == old.end() ? balance::ServerHealth::no_checker
                                       : static_cast<std::size_t>(at - old.begin()));
    }
    balance::ServerHealth health = make_health(service, server);
    health.continue_from(record.health, same);
    std::vector<std::int64_t> changes;
    for (const std::size_t i : same)
        changes.push_back(i == balance::ServerHealth::no_checker ? 0 : record.weight_changes[i]);
    record.weight_changes = std::move(changes);
    record.unsure = {};
    record.health = std::move(health);
    record.config = std::make_shared<const config::RealServer>(server);
}

unsigned weight_of(const ServerRecord& server) {
    if (server.ordered_weight) return *server.ordered_weight;
    std::int64_t sum = server.config->weight;
    for (const std::int64_t change : server.weight_changes)
        sum += change;
    return static_cast<unsigned>(std::clamp<std::int64_t>(sum, 0, max_weight));
}

// Flows are counted when the drain is looked at first (pools/drains.h).
void note_change(ServerRecord& server, std::string reason, std::uint64_t now_ns) {
    const bool serves = server.health.standing() == balance::Standing::serving;
    if (!serves)
        server.serving_ns = 0;
    else if (!server.serves)
        server.serving_ns = now_ns;
    if (serves != server.serves) ++(serves ? server.came_up : server.went_down);
    server.serves = serves;
    server.since_ns = now_ns;
    const bool is_gone = !serves && !server.health.takes_leave();
    server.reason = is_gone ? with_farewell(server, reason) : std::move(reason);
}

std::string with_farewell(const ServerRecord& server, const std::string& text) {
    const std::string& farewell = server.farewell.text;
    const bool by_order = server.health.condition() == balance::Condition::maint;
    if (by_order || farewell.empty() || text.find(farewell) != std::string::npos) return text;
    return text + ", after its farewell: " + farewell;
}

std::uint64_t serving_ms(const ServerRecord& server, std::uint64_t now_ns) {
    const bool from_the_start = server.serving_ns == 0;
    return from_the_start ? ~std::uint64_t{0} : (now_ns - server.serving_ns) / 1'000'000;
}

ServiceRecord make_service(const State& state, const config::VirtualServer& service) {
    return {.config = std::make_shared<const config::VirtualServer>(service),
            .router = router_of(state, service.address),
            .servers = {},
            .sorry_server = {},
            .local_addresses = {},
            .factors = balance::PoolFactors(0),
            .guard = balance::PanicGuard(panic_hold_ms),
            .slots = nullptr};
}

void index_vips(State& state) {
    state.place_of_vip.clear();
    for (std::size_t i = 0; i < state.routers.size(); ++i) {
        if (!is_served(state.routers[i])) continue;
        const config::VrrpInstance& instance = *state.routers[i].config;
        for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
            for (const config::VirtualAddress& vip : *list)
                state.place_of_vip.emplace(vip.prefix.address,
                                           State::VipPlace{static_cast<std::uint16_t>(i),
                                                           port_of(state, state.routers[i], vip)});
    }
}

std::uint8_t port_of(const State& state, const RouterState& router,
                     const config::VirtualAddress& address) {
    const std::string& interface = router.config->interface_of(address);
    if (interface == router.config->interface) return router.port;
    const auto at = std::find_if(state.ports.begin(), state.ports.end(),
                                 [&](const PortState& port) { return port.name == interface; });
    return at == state.ports.end() ? router.port
                                   : static_cast<std::uint8_t>(at - state.ports.begin());
}

std::optional<std::uint16_t> router_of(const State& state, const net::IpAddress& vip) {
    const auto found = state.place_of_vip.find(vip);
    if (found == state.place_of_vip.end()) return std::nullopt;
    return found->second.router;
}

std::string endpoint(const net::IpAddress& address, std::uint16_t port) {
    const std::string text = address.to_string();
    return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::optional<Endpoint> read_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view address = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);
    const bool in_brackets = address.starts_with('[') && address.ends_with(']');
    if (in_brackets) address = address.substr(1, address.size() - 2);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    const auto parsed = net::IpAddress::parse(address);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || !parsed ||
        parsed->is_v4() == in_brackets)
        return std::nullopt;
    return Endpoint{*parsed, net::Be16(port)};
}

const char* text(Refusal cause) {
    switch (cause) {
        case Refusal::refused:
            return "servers answer with RST though their checks pass";
        case Refusal::unanswered:
            return "servers do not answer though their checks pass";
        case Refusal::no_server:
            return "no server takes new connections";
        case Refusal::no_port:
            return "no local port is left (local_address_group)";
        default:
            return "the flow table is full (dataplane { flows })";
    }
}

std::string name_of(const ServerRecord& server) {
    return endpoint(server.config->address, server.config->port);
}

std::string name_of(const ServiceRecord& service) {
    return endpoint(service.config->address, service.config->port);
}

Subject about(const PortState& port) {
    return {.interface = port.name};
}

Subject about(const RouterState& router, std::string_view cause) {
    return {.router = router.config->name, .cause = std::string(cause)};
}

Subject about(const ServiceRecord& service, std::string_view cause) {
    return {.service = name_of(service), .cause = std::string(cause)};
}

Subject about(const State& state, const ServerRecord& server, std::string_view cause) {
    Subject subject = about(state.services[server.service], cause);
    subject.server = name_of(server);
    return subject;
}

std::string station_of(const State& state, const net::MacAddress& mac) {
    for (const ServerRecord& server : state.servers) {
        if (!is_served(server) || !server.next_hop || server.next_hop->mac != mac) continue;
        const net::IpAddress& station = server.next_hop->gateway;
        return (station == server.config->address ? "real_server " : "the router ") +
               station.to_string();
    }
    return {};
}

}  // namespace warren::model
