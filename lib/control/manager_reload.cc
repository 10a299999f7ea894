// SPDX-License-Identifier: BSD-3-Clause
// SIGHUP: the file is read again. All of it is taken up, or nothing.
#include <algorithm>

#include "config/fixed_parts.h"
#include "control/manager.h"
#include "model/builder.h"
#include "model/kernel_rules.h"
#include "port/clock.h"
#include "programs/script.h"

namespace warren::control {
namespace {

journal::EventLevel level_of(config::Severity severity) {
    return severity == config::Severity::error     ? journal::EventLevel::error
           : severity == config::Severity::warning ? journal::EventLevel::warning
                                                   : journal::EventLevel::info;
}

std::string first_line(const config::Diagnostic& diagnostic) {
    const std::string text = diagnostic.to_string();
    return text.substr(0, text.find('\n'));
}

}  // namespace

void Manager::reload() {
    if (stopping_) return;
    if (ready_)
        options_.announce("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(port::now_ns() / 1000));
    const config::LoadResult loaded = options_.reread();
    config::Diagnostics all = loaded.diagnostics;
    if (loaded.ok())
        for (config::Diagnostic& script : programs::check_scripts(loaded.config))
            all.push_back(std::move(script));
    for (const config::Diagnostic& diagnostic : all)
        events_.add(journal::EventKind::config, level_of(diagnostic.severity),
                    first_line(diagnostic));
    model::ReloadPlan plan;
    const std::string refusal = refusal_of(loaded, plan);
    if (refusal.empty())
        take_up(loaded.config, plan);
    else
        events_.error(journal::EventKind::config, "{}; the running configuration stays", refusal);
    if (ready_) options_.announce("READY=1");
}

std::string Manager::refusal_of(const config::LoadResult& loaded, model::ReloadPlan& plan) {
    if (!loaded.ok()) return "the file is refused";
    const std::string fixed = config::changed_fixed_part(state_->config, loaded.config);
    if (!fixed.empty()) return fixed + ": that needs a restart";
    plan =
        plan_reload(*state_, loaded.config,
                    {.of = [this](std::uint16_t server) { return exchange_.active_flows(server); },
                     .workers = static_cast<unsigned>(exchange_.workers.size())});
    return plan.refusal;
}

// The kernel must not see what will be ours before it is, and removed things are kept from it until
// their flows are forgotten.
void Manager::take_up(const config::Config& wanted, const model::ReloadPlan& plan) {
    for (const std::uint16_t index : plan.removed_servers)
        tell_of_end(state_->servers[index]);
    for (const std::uint16_t index : plan.removed_services)
        if (const auto& service = *state_->services[index].config; service.omega)
            server_notifier_.on_quorum(service, false);
    const model::ReloadChanges changes = carry_out(*state_, wanted, plan, port::now_ns());
    server_notifier_.resolve(state_->config);
    tell_of_changes(changes);
    watch_next_hops();
    const auto snapshot = build_snapshot(*state_, 0);
    for (std::uint8_t port = 0; port < state_->ports.size(); ++port)
        if (state_->ports[port].ifindex != 0) join_groups(port, *snapshot);
    follow_own_hosts();
    follow_masters();
    follow_quorums();
    publish();
    for (const std::uint16_t index : changes.restood)
        on_server(index);
    checks_->follow();
}

// With the flows that the removed have now, before the workers hear of it.
void Manager::tell_of_changes(const model::ReloadChanges& changes) {
    const auto service_of = [&](const model::ServerRecord& server) {
        return name_of(state_->services[server.service]);
    };
    for (const std::uint16_t index : changes.removed_services) {
        std::uint64_t flows = 0;
        for (std::uint16_t i = 0; i < state_->servers.size(); ++i)
            if (state_->servers[i].service == index &&
                state_->servers[i].presence == model::Presence::removed)
                flows += exchange_.active_flows(i);
        events_.warn(journal::EventKind::server, "service {} is removed: {} flows are reset",
                     name_of(state_->services[index]), flows);
    }
    for (const std::uint16_t index : changes.removed_servers)
        events_.warn(journal::EventKind::server, "server {} of {} is removed: {} flows are reset",
                     name_of(state_->servers[index]), service_of(state_->servers[index]),
                     exchange_.active_flows(index));
    for (const std::uint16_t index : changes.added_services)
        events_.info(journal::EventKind::server, "service {} is added",
                     name_of(state_->services[index]));
    for (const std::uint16_t index : changes.changed_services)
        events_.info(journal::EventKind::server, "service {} has new settings",
                     name_of(state_->services[index]));
    for (const std::uint16_t index : changes.added_servers)
        events_.info(journal::EventKind::server, "server {} of {} is added",
                     name_of(state_->servers[index]), service_of(state_->servers[index]));
    for (const std::uint16_t index : changes.changed_servers)
        events_.info(journal::EventKind::server, "server {} of {} has new settings: weight {}",
                     name_of(state_->servers[index]), service_of(state_->servers[index]),
                     state_->servers[index].config->weight);
    events_.info(journal::EventKind::config, "reloaded: {}",
                 changes.none()
                     ? std::string("nothing has changed")
                     : fmt::format("{} services, {} servers", count_served(state_->services),
                                   count_served(state_->servers)));
}

model::ServerTotals Manager::totals_of(std::uint16_t server) const {
    model::ServerTotals totals;
    for (const auto& worker : exchange_.workers) {
        const exchange::ServerCounters& counted = worker->servers[server];
        totals.active += counted.active.value();
        totals.connections += counted.connections.value();
        totals.to_server_bytes += counted.to_server_bytes.value();
        totals.to_client_bytes += counted.to_client_bytes.value();
    }
    return totals;
}

// A worker that holds an older snapshot may still begin flows of what is removed.
void Manager::release_indices() {
    if (exchange_.publisher.reclaim() != 0) return;
    const auto totals = [this](std::uint16_t server) { return totals_of(server); };
    if (!model::release_indices(*state_, totals, port::now_ns())) return;
    publish();
    try_guards(*build_snapshot(*state_, 0));
}

}  // namespace warren::control
