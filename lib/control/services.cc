// SPDX-License-Identifier: BSD-3-Clause
#include "control/services.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "exchange/wake.h"
#include "journal/counted.h"
#include "model/builder.h"
#include "model/server_state.h"
#include "model/server_totals.h"
#include "port/clock.h"
#include "server_pools/drains.h"
#include "server_pools/rebalancing.h"
#include "server_pools/weights.h"

namespace warren::control {
namespace {

using journal::counted;
using journal::counted_are;

constexpr std::string_view shutting_down = "Shutting down";
constexpr std::string_view removing = "Removing";

std::string quorum_text(const model::QuorumChange& change) {
    const char* const what = change.at_start     ? change.has_quorum ? "Starting with quorum up"
                                                                     : "Starting with quorum down"
                             : change.has_quorum ? "Gained quorum"
                                                 : "Lost quorum";
    return fmt::format("{}: weight {} of {}", what, change.weight, change.threshold);
}

// Without the sorry_server.
std::string servers_left(const model::State& state, const model::ServiceRecord& service) {
    const auto left =
        std::count_if(service.servers.begin(), service.servers.end(),
                      [&](std::uint16_t server) { return model::is_alive(state.servers[server]); });
    return fmt::format("{} of {} left", left, counted(service.servers.size(), "server"));
}

// Why its standing is what it is now, in a word; the text has the reason.
std::string_view cause_of(const model::ServerRecord& server) {
    if (server.health.admin() != balance::Admin::enabled) return "operator";
    switch (server.health.condition()) {
        case balance::Condition::blocked:
            return "blocked";
        case balance::Condition::minority:
            return "minority";
        default:
            return "check";
    }
}

}  // namespace

Services::Services(const Context& context, exchange::Exchange& exchange,
                   programs::ScriptQueues& queues, const programs::Listeners& listeners,
                   Callbacks callbacks)
    : context_(context),
      exchange_(exchange),
      callbacks_(std::move(callbacks)),
      notifier_(context.state.config, queues, listeners),
      standings_(context.io, context.attempts, "publishing servers' standings", 1,
                 [this] { publish_standings(); }) {}

void Services::begin_checks(Checks::Watched watched) {
    checks_ = std::make_unique<Checks>(
        context_.io, context_.state, context_.events,
        Checks::Callbacks{
            .changed = [this](std::uint16_t server) { on_server(server); },
            .answered =
                [this](std::uint16_t server) { exchange_.note_check(server, port::now_ns()); },
            .weight_changed = [this](std::uint16_t server) { on_weight(server); },
            .silent =
                [this](std::uint16_t server) {
                    callbacks_.server_silent(context_.state.servers[server].config->address);
                }},
        std::move(watched));
    checks_->look_at_watched();
}

void Services::follow_checks() {
    if (checks_) checks_->follow();
}

void Services::look_at_watched() {
    if (checks_) checks_->look_at_watched();
}

void Services::retry_those_down() {
    if (checks_) checks_->retry_those_down();
}

void Services::on_weight(std::uint16_t index) {
    const model::ServerRecord& server = context_.state.servers[index];
    context_.events.info(journal::EventKind::server, about(context_.state, server),
                         "server {} of {}: a check gives it weight {}", name_of(server),
                         name_of(context_.state.services[server.service]), weight_of(server));
    follow_quorums();
    context_.publication.publish_soon();
}

void Services::on_server(std::uint16_t index) {
    const model::ServerRecord& server = context_.state.servers[index];
    const model::ServiceRecord& service = context_.state.services[server.service];
    notifier_.on_server(*service.config, *server.config, is_alive(server), server.reason);
    const std::uint64_t flows = exchange_.active_flows(index);
    const std::string connections = counted(flows, "connection");
    const std::string name = full_name(index);
    const model::Subject subject = about(context_.state, server, cause_of(server));
    if (server.health.takes_leave()) server_pools::update_standby(context_.state);
    // What the quorum makes of it is told with the quorum.
    switch (is_alive(server) ? exchange::ServerState::up : server_state(server)) {
        case exchange::ServerState::up:
            if (server.health.condition() == balance::Condition::blocked)
                context_.events.warn(journal::EventKind::server, subject,
                                     "server {} is blocked: {}", name, server.reason);
            else if (server.health.condition() == balance::Condition::minority)
                context_.events.warn(journal::EventKind::server, subject,
                                     "server {} is in the minority of a partition, down for new "
                                     "flows while another can take them: {}; its {} stay",
                                     name, server.reason, connections);
            else if (server.is_last_resort)
                context_.events.warn(journal::EventKind::server, subject,
                                     "server {} takes its leave: {}; its {} stay", name,
                                     server.reason, connections);
            else
                context_.events.info(journal::EventKind::server, subject, "server {} is up: {}",
                                     name, server.reason);
            break;
        case exchange::ServerState::drain:
            context_.events.warn(journal::EventKind::server, subject,
                                 "server {} gets no new flows: {}; its {} stay", name,
                                 server.reason, connections);
            break;
        default:
            context_.events.warn(journal::EventKind::server, subject,
                                 "server {} is down: {}; {} reset; {}", name, server.reason,
                                 counted_are(flows, "connection"),
                                 servers_left(context_.state, service));
            break;
    }
    standings_.follow();
}

void Services::publish_standings() {
    follow_quorums();
    context_.publication.publish();
}

void Services::follow_own_hosts() {
    for (const std::uint16_t index : update_own_hosts(context_.state, port::now_ns()))
        on_server(index);
}

void Services::follow_quorums() {
    server_pools::update_standby(context_.state);
    for (const model::QuorumChange& change : update_quorums(context_.state, port::now_ns()))
        announce_quorum(change);
    announce_last_resorts();
    callbacks_.quorums_changed();
}

void Services::announce_last_resorts() {
    for (model::ServiceRecord& service : context_.state.services) {
        const bool now = is_served(service) && is_on_last_resort(context_.state, service);
        if (std::exchange(service.on_last_resort, now) == now) continue;
        if (now)
            context_.events.warn(journal::EventKind::server, about(service, "last_resort"),
                                 "service {}: all servers left take their leave; new flows go to "
                                 "them all the same, for no other can take them",
                                 name_of(service));
        else
            context_.events.info(journal::EventKind::server, about(service, "last_resort"),
                                 "service {}: no new flows go to servers that take their leave",
                                 name_of(service));
    }
}

void Services::announce_quorum(const model::QuorumChange& change) {
    const model::ServiceRecord& service = context_.state.services[change.service];
    const std::string name = name_of(service);
    if (change.has_quorum)
        context_.events.info(journal::EventKind::server, about(service, "quorum"),
                             "service {} has its quorum: weight {} of {}", name, change.weight,
                             change.threshold);
    else
        context_.events.warn(journal::EventKind::server, about(service, "quorum"),
                             "service {} {} its quorum: weight {} of {}", name,
                             change.at_start ? "starts without" : "has lost", change.weight,
                             change.threshold);
    if (service.sorry_server && !(change.at_start && change.has_quorum))
        context_.events.warn(
            journal::EventKind::server, about(service, "quorum"), "service {}: new flows go to {}",
            name,
            change.has_quorum
                ? "its real_servers again"
                : "the sorry_server " + name_of(context_.state.servers[*service.sorry_server]));
    notifier_.on_quorum(*service.config, change.has_quorum, quorum_text(change));
}

std::string Services::full_name(std::uint16_t index) const {
    const model::ServerRecord& server = context_.state.servers[index];
    return name_of(server) + " of " + name_of(context_.state.services[server.service]);
}

std::vector<Services::OrderResult> Services::execute(const model::Order& order) {
    std::vector<OrderResult> all;
    if (order.service) context_.state.services[*order.service].is_rebalance_ordered = true;
    for (const std::uint16_t index : order.servers)
        switch (order.kind) {
            case model::Order::Kind::weight:
                all.push_back(order_weight(index, order));
                break;
            case model::Order::Kind::reset:
                all.push_back(reset_flows(index, order.note));
                break;
            default:
                all.push_back({index, execute(index, order.admin, order.note), ""});
                all.back().text = all.back().changed
                                      ? context_.state.servers[index].reason
                                      : std::string(name_of(order.admin)) + " already";
        }
    return all;
}

Services::OrderResult Services::order_weight(std::uint16_t index, const model::Order& order) {
    model::ServerRecord& server = context_.state.servers[index];
    const bool changed = model::order_weight(server, ordered_weight(order, server));
    const std::string text = model::with_note(
        "weight " + std::to_string(weight_of(server)) +
            (order.weight
                 ? " by the operator, " + std::to_string(server.config->weight) + " configured"
                 : " as configured"),
        order.note);
    if (changed) {
        context_.events.info(journal::EventKind::server, about(context_.state, server, "operator"),
                             "server {}: {}", full_name(index), text);
        context_.publication.publish();
    }
    return {index, changed, text};
}

Services::OrderResult Services::reset_flows(std::uint16_t index, const std::string& note) {
    const std::uint64_t flows = exchange_.active_flows(index);
    bool taken = true;
    for (const auto& worker : exchange_.workers)
        taken = worker->sheds.push({.server = index, .all = true, .most = 0}) && taken;
    exchange::wake_workers(exchange_.workers);
    const std::string text =
        taken ? model::with_note(counted_are(flows, "connection") + " reset by the operator", note)
              : "a worker has too many orders: try again";
    context_.events.warn(journal::EventKind::server,
                         about(context_.state, context_.state.servers[index], "operator"),
                         "server {}: {}", full_name(index), text);
    return {index, taken && flows != 0, text};
}

bool Services::execute(std::uint16_t index, balance::Admin admin, const std::string& note) {
    const bool changed = model::execute(context_.state.servers[index], admin, port::now_ns(), note);
    if (changed) on_server(index);
    return changed;
}

void Services::take(const exchange::FlowEvent& event) {
    apply_flow_event(context_.state, event);
    ended_.take(event, context_.state, journal::system_ms());
    if (event.server < context_.state.servers.size() && is_doubtful(event) && checks_)
        checks_->recheck(event.server);
}

// Whether the server's checks should be asked at once.
bool Services::is_doubtful(const exchange::FlowEvent& event) {
    model::ServerRecord& server = context_.state.servers[event.server];
    const std::uint64_t now_ms = port::now_ns() / 1'000'000;
    if (event.kind == exchange::FlowEventKind::refused) return server.refusing.note(now_ms);
    if (event.kind != exchange::FlowEventKind::ended ||
        event.cause != exchange::EndCause::server_reset)
        return false;
    server.roll_call.call_again();
    return server.resetting.note(now_ms);
}

void Services::on_transition(const election::VrrpReport& report) {
    const history::MastershipChange* turn =
        ended_.take(report, context_.state, journal::system_ms());
    if (turn == nullptr || turn->gained) return;
    const std::uint64_t flows = flows_of(report.router);
    if (flows == 0) return;
    constexpr auto most = static_cast<std::uint16_t>(history::EndedFlows::capacity);
    for (const auto& worker : exchange_.workers)
        static_cast<void>(worker->leaves.push({.router = report.router, .most = most}));
    exchange::wake_workers(exchange_.workers);
    const bool is_synced = exchange_.workers.front()->sync != nullptr;
    context_.events.warn(
        journal::EventKind::vrrp, model::Subject{.router = turn->name},
        "{}: {} connections were open when it ceased to be master{}", turn->name, flows,
        is_synced ? "" : ": without flow_sync the next master answers them with RST");
}

std::uint64_t Services::flows_of(std::uint16_t router) const {
    std::uint64_t flows = 0;
    for (std::uint16_t i = 0; i < context_.state.servers.size(); ++i)
        if (context_.state.services[context_.state.servers[i].service].router == router)
            flows += exchange_.active_flows(i);
    return flows;
}

void Services::every_second() {
    for (const std::uint16_t index : release_held(context_.state, port::now_ns()))
        on_server(index);
    const bool are_weights_others =
        server_pools::update_factors(context_.state, exchange_, port::now_ns());
    const bool has_standby_changed = server_pools::update_standby(context_.state);
    if (has_standby_changed) follow_quorums();
    if (has_standby_changed || are_weights_others) context_.publication.publish();
    model::sample_rates(context_.state, exchange_);
    rebalance();
    warn_of_few_ports();
    log(refusals_.look(context_.state));
    log(slow_.look(context_.state));
}

void Services::log(const std::vector<journal::Notice>& notices) {
    for (const journal::Notice& notice : notices)
        context_.events.add(
            journal::EventKind::server,
            notice.is_over ? journal::EventLevel::info : journal::EventLevel::warning, notice.text,
            notice.about);
}

void Services::follow_traffic() {
    bool published = server_pools::note_full(context_.state, exchange_);
    for (const server_pools::DrainUpdate& update :
         drains_.follow(context_.state, exchange_, port::now_ns())) {
        if (update.silent && checks_) checks_->recheck(update.server);
        if (update.asks) probe_flows(update.server);
        if (!update.text.empty())
            context_.events.info(journal::EventKind::server,
                                 about(context_.state, context_.state.servers[update.server]),
                                 "server {}: {}", full_name(update.server), update.text);
        if (update.changed && update.text.empty())
            on_server(update.server);
        else
            published |= update.changed;
    }
    if (published) context_.publication.publish();
}

void Services::probe_flows(std::uint16_t server) {
    for (const auto& worker : exchange_.workers)
        if (!worker->roll_calls.push({.server = server}))
            context_.state.servers[server].roll_call.call_again();
    exchange::wake_workers(exchange_.workers);
}

// An order that a worker cannot take is made again in a second.
void Services::rebalance() {
    const server_pools::RebalanceStep step = server_pools::rebalance(context_.state, exchange_);
    for (const auto& [service, text] : step.news)
        context_.events.info(journal::EventKind::server,
                             about(context_.state.services[service], "rebalance"), "service {}: {}",
                             name_of(context_.state.services[service]), text);
    for (const server_pools::Shed& shed : step.sheds)
        static_cast<void>(exchange_.workers[shed.worker]->sheds.push(shed.order));
    exchange::wake_workers(exchange_.workers);
    for (const server_pools::CloseRequest& close : step.closes)
        if (checks_) checks_->close_connections(close.server, close.most);
}

void Services::warn_of_few_ports() {
    for (const std::uint16_t index : port_alarm_.newly_short(context_.state, exchange_)) {
        const model::ServerRecord& server = context_.state.servers[index];
        const model::PortUse use = port_use(context_.state, exchange_, index);
        context_.events.warn(
            journal::EventKind::server, about(context_.state, server, "ports"),
            "server {} of {}: {} of {} local ports are used, its fullest worker's to {:.0f} "
            "%; more local addresses (local_address_group) give more",
            name_of(server), name_of(context_.state.services[server.service]), use.used, use.total,
            use.fullest_worker * 100);
    }
}

void Services::run_stop_scripts() {
    for (const model::ServiceRecord& service : context_.state.services) {
        if (!is_served(service) || !service.config->omega) continue;
        for (const std::uint16_t index : service.servers)
            run_stop_scripts(context_.state.servers[index], shutting_down);
        notifier_.on_quorum(*service.config, false, shutting_down);
    }
}

// Whatever omega says, as in keepalived: that is about our own end.
void Services::run_stop_scripts(const model::ReloadPlan& plan) {
    for (const std::uint16_t index : plan.removed_servers)
        run_stop_scripts(context_.state.servers[index], removing);
    for (const std::uint16_t index : plan.removed_services)
        if (const model::ServiceRecord& service = context_.state.services[index];
            service.has_quorum)
            notifier_.on_quorum(*service.config, false, removing);
}

void Services::run_stop_scripts(const model::ServerRecord& server, std::string_view why) {
    const config::VirtualServer& service = *context_.state.services[server.service].config;
    if (is_notified_of_end(server)) notifier_.on_server(service, *server.config, false, why);
}

}  // namespace warren::control
