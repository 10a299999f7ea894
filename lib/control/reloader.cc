// SPDX-License-Identifier: BSD-3-Clause
#include "control/reloader.h"

#include <utility>

#include "checks/start_check.h"
#include "config/fixed_parts.h"
#include "config/reload_steps.h"
#include "journal/counted.h"
#include "metrics/config_hash.h"
#include "model/server_totals.h"
#include "port/clock.h"
#include "port/kernel_interface.h"
#include "programs/script.h"

namespace warren::control {
namespace {

using journal::counted;
using journal::counted_are;

journal::EventLevel level_of(syntax::Severity severity) {
    return severity == syntax::Severity::error     ? journal::EventLevel::error
           : severity == syntax::Severity::warning ? journal::EventLevel::warning
                                                   : journal::EventLevel::info;
}

std::string first_line(const syntax::Diagnostic& diagnostic) {
    const std::string text = diagnostic.to_string();
    return text.substr(0, text.find('\n'));
}

}  // namespace

Reloader::Reloader(const Context& context, exchange::Exchange& exchange, Reread reread,
                   std::vector<syntax::TextLine> running)
    : context_(context),
      exchange_(exchange),
      reread_(std::move(reread)),
      lines_(std::move(running)),
      history_{.last_taken_ms = journal::system_ms(),
               .config_hash = metrics::common_hash(context.state.config)} {}

Reloader::Outcome Reloader::reload(const TakeUp& take_up) {
    schema::LoadResult loaded = read();
    model::ReloadPlan plan;
    Outcome outcome = judge(loaded, plan);
    is_news_ = !outcome.steps.empty();
    if (outcome.refusal.empty()) outcome.refusal = take_up(loaded.config, plan);
    if (outcome.refusal.empty()) lines_ = std::move(loaded.lines);
    note(outcome);
    if (!outcome.refusal.empty())
        context_.events.error(journal::EventKind::config, "{}; the running configuration stays",
                              outcome.refusal);
    return outcome;
}

void Reloader::note(const Outcome& outcome) {
    history_.last_is_taken = outcome.refusal.empty();
    ++(history_.last_is_taken ? history_.taken : history_.refused);
    if (!history_.last_is_taken) return;
    history_.last_taken_ms = journal::system_ms();
    history_.config_hash = metrics::common_hash(context_.state.config);
}

Reloader::Outcome Reloader::dry_run() const {
    model::ReloadPlan plan;
    return judge(reread_(context_.state.config), plan);
}

Reloader::Outcome Reloader::judge(const schema::LoadResult& loaded, model::ReloadPlan& plan) const {
    Outcome outcome{.refusal = refusal_of(loaded, plan), .steps = {}};
    if (loaded.ok()) {
        outcome.steps =
            config::reload_steps({context_.state.config, lines_}, {loaded.config, loaded.lines})
                .lines;
        if (outcome.refusal.empty()) list_resets(plan, outcome);
        return outcome;
    }
    for (const syntax::Diagnostic& diagnostic : loaded.diagnostics)
        if (diagnostic.severity == syntax::Severity::error)
            outcome.steps.push_back(first_line(diagnostic));
    return outcome;
}

schema::LoadResult Reloader::read() {
    schema::LoadResult loaded = reread_(context_.state.config);
    syntax::Diagnostics all = loaded.diagnostics;
    if (loaded.ok())
        for (syntax::Diagnostic& script : programs::check_scripts(loaded.config))
            all.push_back(std::move(script));
    if (loaded.ok())
        for (syntax::Diagnostic& check : checks::find_faults(loaded.config))
            all.push_back(std::move(check));
    for (const syntax::Diagnostic& diagnostic : all)
        context_.events.add(journal::EventKind::config, level_of(diagnostic.severity),
                            first_line(diagnostic));
    return loaded;
}

std::string Reloader::refusal_of(const schema::LoadResult& loaded, model::ReloadPlan& plan) const {
    if (!loaded.ok()) return "the file is refused";
    const std::string fixed = config::changed_fixed_part(context_.state.config, loaded.config);
    if (!fixed.empty()) return fixed + ": that needs a restart";
    plan =
        plan_reload(context_.state, loaded.config,
                    {.of = [this](std::uint16_t server) { return exchange_.active_flows(server); },
                     .workers = static_cast<unsigned>(exchange_.workers.size())});
    if (!plan.refusal.empty()) return plan.refusal;
    for (const std::string& interface : plan.new_ports)
        if (!loaded.config.global.dynamic_interfaces && !port::kernel_has_interface(interface))
            return "interface " + interface + ": the kernel has no such interface";
    return {};
}

void Reloader::log_changes(const model::ReloadChanges& changes) {
    log_routers(changes);
    log_services(changes);
    log_servers(changes);
    context_.events.info(
        journal::EventKind::config, "reloaded: {}",
        changes.none() && !is_news_
            ? std::string("nothing has changed")
            : fmt::format("{}, {}, {}",
                          counted(count_served(context_.state.routers), "virtual router"),
                          counted(count_served(context_.state.services), "service"),
                          counted(count_served(context_.state.servers), "server")));
}

void Reloader::log_routers(const model::ReloadChanges& changes) {
    const auto log = [&](std::uint16_t index, const char* what) {
        context_.events.info(journal::EventKind::vrrp, "{} {}",
                             context_.state.routers[index].config->name, what);
    };
    for (const std::uint16_t index : changes.removed_routers)
        log(index, "is removed");
    for (const std::uint16_t index : changes.added_routers)
        log(index, "is added");
    for (const std::uint16_t index : changes.changed_routers)
        log(index, "has new settings");
}

void Reloader::log_services(const model::ReloadChanges& changes) {
    const auto name = [&](std::uint16_t index) { return name_of(context_.state.services[index]); };
    for (const std::uint16_t index : changes.removed_services)
        context_.events.warn(journal::EventKind::server, "service {} is removed: {} reset",
                             name(index), counted_are(flows_of_removed(index), "connection"));
    for (const std::uint16_t index : changes.added_services)
        context_.events.info(journal::EventKind::server, "service {} is added", name(index));
    for (const std::uint16_t index : changes.changed_services)
        context_.events.info(journal::EventKind::server, "service {} has new settings",
                             name(index));
}

std::string Reloader::full_name(std::uint16_t index) const {
    const model::ServerRecord& server = context_.state.servers[index];
    return name_of(server) + " of " + name_of(context_.state.services[server.service]);
}

// Of what is taken out.
void Reloader::list_resets(const model::ReloadPlan& plan, Outcome& outcome) const {
    for (const std::uint16_t index : plan.removed_servers)
        if (const std::uint64_t flows = exchange_.active_flows(index); flows != 0)
            outcome.steps.push_back(fmt::format("server {}: its connections are reset, {} now",
                                                full_name(index), flows));
}

void Reloader::log_servers(const model::ReloadChanges& changes) {
    const auto name = [&](std::uint16_t index) { return full_name(index); };
    for (const std::uint16_t index : changes.removed_servers)
        context_.events.warn(journal::EventKind::server, "server {} is removed: {} reset",
                             name(index), counted_are(exchange_.active_flows(index), "connection"));
    for (const std::uint16_t index : changes.added_servers)
        context_.events.info(journal::EventKind::server, "server {} is added", name(index));
    for (const std::uint16_t index : changes.changed_servers)
        context_.events.info(journal::EventKind::server, "server {} has new settings: weight {}",
                             name(index), context_.state.servers[index].config->weight);
}

std::uint64_t Reloader::flows_of_removed(std::uint16_t service) const {
    std::uint64_t flows = 0;
    for (std::uint16_t i = 0; i < context_.state.servers.size(); ++i)
        if (context_.state.servers[i].service == service &&
            context_.state.servers[i].presence == model::Presence::removed)
            flows += exchange_.active_flows(i);
    return flows;
}

// A worker that holds an older snapshot may still begin flows of what is removed.
bool Reloader::release_indices() {
    if (exchange_.publisher.reclaim() != 0) return false;
    const auto totals = [this](std::uint16_t server) {
        return model::totals_of(exchange_, server);
    };
    return model::release_indices(context_.state, totals, port::now_ns());
}

}  // namespace warren::control
