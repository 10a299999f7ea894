// SPDX-License-Identifier: BSD-3-Clause
// The manager's dealings with virtual_servers and their servers: what checks, quorums and flows
// tell, who hears of it.
#include "control/manager.h"
#include "model/builder.h"
#include "model/orders.h"
#include "model/server_state.h"
#include "model/service_state.h"
#include "port/clock.h"
#include "views/explain.h"

namespace warren::control {

void Manager::take_flow_event(const exchange::FlowEvent& event) {
    apply_flow_event(*state_, event);
    ended_.take(event, *state_, journal::system_ms());
}

void Manager::warn_of_few_ports() {
    for (const std::uint16_t index : port_alarm_.newly_short(*state_, exchange_)) {
        const model::ServerRecord& server = state_->servers[index];
        const model::PortUse use = port_use(*state_, exchange_, index);
        events_.warn(
            journal::EventKind::server,
            "server {} of {}: {} of {} local ports are used, its fullest worker's to {:.0f} "
            "%; more local addresses (local_address_group) give more",
            name_of(server), name_of(state_->services[server.service]), use.used, use.total,
            use.fullest_worker * 100);
    }
}

// A check or the operator has changed a server's standing.
void Manager::on_server(std::uint16_t index) {
    const model::ServerRecord& server = state_->servers[index];
    server_notifier_.on_server(*state_->services[server.service].config, *server.config,
                               is_alive(server));
    const exchange::ServerState state = server_state(server);
    const std::uint64_t flows = exchange_.active_flows(index);
    const std::string name = name_of(server) + " of " + name_of(state_->services[server.service]);
    switch (state) {
        case exchange::ServerState::up:
            events_.info(journal::EventKind::server, "server {} is up: {}", name, server.reason);
            break;
        case exchange::ServerState::drain:
            events_.warn(journal::EventKind::server,
                         "server {} gets no new flows: {}; its {} flows stay", name, server.reason,
                         flows);
            break;
        default:
            events_.warn(journal::EventKind::server, "server {} is down: {}; {} flows are reset",
                         name, server.reason, flows);
            break;
    }
    follow_quorums();
    publish();
}

// Another address of this host's, or one less.
void Manager::follow_own_hosts() {
    for (const std::uint16_t index : update_own_hosts(*state_, port::now_ns()))
        on_server(index);
}

void Manager::follow_quorums() {
    for (const model::QuorumChange& change : update_quorums(*state_, port::now_ns())) {
        const model::ServiceRecord& service = state_->services[change.service];
        const std::string name = name_of(service);
        if (change.has_quorum)
            events_.info(journal::EventKind::server, "service {} has its quorum: weight {} of {}",
                         name, change.weight, change.threshold);
        else
            events_.warn(journal::EventKind::server, "service {} {} its quorum: weight {} of {}",
                         name, change.at_start ? "starts without" : "has lost", change.weight,
                         change.threshold);
        if (service.sorry_server && !(change.at_start && change.has_quorum))
            events_.warn(journal::EventKind::server, "service {}: new flows go to {}", name,
                         change.has_quorum ? "its real_servers again"
                                           : "the sorry_server " +
                                                 name_of(state_->servers[*service.sorry_server]));
        server_notifier_.on_quorum(*service.config, change.has_quorum);
    }
    apply_tracking();
}

void Manager::explain(const std::string& text, const telemetry::Commands::Answer& reply) {
    const views::ExplainQuestion question = views::read_question(*state_, text);
    if (!question.tuple) {
        reply(views::error_page(question.problem));
        return;
    }
    listing_.look_up(
        *question.tuple,
        [this, tuple = *question.tuple](const views::FlowAnswer& found) {
            return views::make_page("explain", {explanation(*state_, exchange_, tuple, found)}, "");
        },
        reply);
}

void Manager::take_order(const std::string& text, const telemetry::Commands::Answer& reply) {
    const model::Order order = read_order(*state_, text);
    if (!order.problem.empty()) {
        reply(views::error_page(order.problem));
        return;
    }
    std::vector<views::Json> rows;
    for (const std::uint16_t index : order.servers) {
        model::ServerRecord& server = state_->servers[index];
        const bool changed = obey(server, order.admin, port::now_ns());
        if (changed) on_server(index);
        rows.push_back({{"server", name_of(server)},
                        {"service", name_of(state_->services[server.service])},
                        {"changed", changed},
                        {"reason", server.reason}});
    }
    reply(views::make_page("order", rows, ""));
}

// omega: whoever serves is about to serve no more.
void Manager::tell_of_end() {
    for (const model::ServiceRecord& service : state_->services) {
        if (!is_served(service) || !service.config->omega) continue;
        for (const std::uint16_t index : service.servers)
            tell_of_end(state_->servers[index]);
        server_notifier_.on_quorum(*service.config, false);
    }
}

void Manager::tell_of_end(const model::ServerRecord& server) {
    const config::VirtualServer& service = *state_->services[server.service].config;
    if (service.omega && is_notified_of_end(server))
        server_notifier_.on_server(service, *server.config, false);
}

}  // namespace warren::control
