// SPDX-License-Identifier: BSD-3-Clause
#include "control/reloader.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
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

// Lines of one kind: what thousands are, nobody reads one by one.
constexpr std::size_t most_told = 64;

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

Reloader::~Reloader() {
    if (reader_.joinable()) reader_.join();
}

Reloader::Reading Reloader::read_now() const {
    const config::Config& running = context_.state.config;
    Reading reading;
    reading.loaded = reread_(running);
    const config::Config& wanted = reading.loaded.config;
    if (!reading.loaded.ok()) return reading;
    reading.more = programs::check_scripts(wanted);
    for (syntax::Diagnostic& check : checks::find_faults(wanted))
        reading.more.push_back(std::move(check));
    reading.steps = config::reload_steps({running, lines_}, {wanted, reading.loaded.lines}).lines;
    reading.config_hash = metrics::common_hash(wanted);
    return reading;
}

void Reloader::read(Take take) {
    if (waiting_.size() >= max_waiting) {
        Reading none;
        none.trouble = "too many reloads wait";
        return take(std::move(none));
    }
    waiting_.push_back(std::move(take));
    if (waiting_.size() == 1) read_next();
}

// What runs and its lines are another's only when a reading is taken up, which is before the next.
void Reloader::read_next() {
    reader_ = std::thread([this, loop = boost::asio::make_work_guard(context_.io)] {
        auto reading = std::make_shared<Reading>();
        try {
            *reading = read_now();
        } catch (const std::exception& error) {
            reading->trouble = error.what();
        }
        boost::asio::post(context_.io, [this, reading] {
            reader_.join();
            context_.attempts("the reload", [&] { waiting_.front()(std::move(*reading)); });
            waiting_.pop_front();
            if (!waiting_.empty()) read_next();
        });
    });
}

Reloader::Outcome Reloader::reload(Reading reading, const TakeUp& take_up) {
    log_findings(reading);
    model::ReloadPlan plan;
    Outcome outcome = judge(reading, plan);
    is_news_ = !outcome.steps.empty();
    if (outcome.refusal.empty()) outcome.refusal = take_up(reading.loaded.config, plan);
    if (outcome.refusal.empty()) lines_ = std::move(reading.loaded.lines);
    note(outcome, reading.config_hash);
    if (!outcome.refusal.empty())
        context_.events.error(journal::EventKind::config, "{}; the running configuration stays",
                              outcome.refusal);
    return outcome;
}

void Reloader::note(const Outcome& outcome, const std::string& config_hash) {
    history_.last_is_taken = outcome.refusal.empty();
    ++(history_.last_is_taken ? history_.taken : history_.refused);
    if (!history_.last_is_taken) return;
    history_.last_taken_ms = journal::system_ms();
    history_.config_hash = config_hash;
}

Reloader::Outcome Reloader::dry_run(const Reading& reading) const {
    model::ReloadPlan plan;
    return judge(reading, plan);
}

Reloader::Outcome Reloader::judge(const Reading& reading, model::ReloadPlan& plan) const {
    if (!reading.trouble.empty()) return {.refusal = reading.trouble, .steps = {}};
    const schema::LoadResult& loaded = reading.loaded;
    const bool ok = loaded.ok();  // which looks at all of them
    Outcome outcome{.refusal = refusal_of(loaded, plan), .steps = reading.steps};
    if (ok && outcome.refusal.empty()) list_resets(plan, outcome);
    for (const syntax::Diagnostic& diagnostic : loaded.diagnostics)
        if (!ok && diagnostic.severity == syntax::Severity::error)
            outcome.steps.push_back(first_line(diagnostic));
    for (const syntax::Diagnostics* all : {&loaded.diagnostics, &reading.more})
        for (const syntax::Diagnostic& diagnostic : *all)
            if (ok && diagnostic.severity == syntax::Severity::warning)
                outcome.warnings.push_back(first_line(diagnostic));
    return outcome;
}

void Reloader::log_findings(const Reading& reading) {
    std::array<std::size_t, 3> found{};  // by level
    for (const syntax::Diagnostics* all : {&reading.loaded.diagnostics, &reading.more})
        for (const syntax::Diagnostic& diagnostic : *all) {
            const journal::EventLevel level = level_of(diagnostic.severity);
            if (found[static_cast<std::size_t>(level)]++ < most_told)
                context_.events.add(journal::EventKind::config, level, first_line(diagnostic));
        }
    for (std::size_t level = 0; level < found.size(); ++level)
        if (found[level] > most_told)
            context_.events.add(journal::EventKind::config, static_cast<journal::EventLevel>(level),
                                fmt::format("{} more like these: warren --check names all",
                                            found[level] - most_told));
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
        const model::RouterState& router = context_.state.routers[index];
        context_.events.info(journal::EventKind::vrrp, about(router, "reload"), "{} {}",
                             router.config->name, what);
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
    const auto subject = [&](std::uint16_t index) {
        return about(context_.state.services[index], "reload");
    };
    for (const std::uint16_t index : changes.removed_services)
        context_.events.warn(journal::EventKind::server, subject(index),
                             "service {} is removed: {} reset", name(index),
                             counted_are(flows_of_removed(index), "connection"));
    for (const std::uint16_t index : changes.added_services)
        context_.events.info(journal::EventKind::server, subject(index), "service {} is added",
                             name(index));
    for (const std::uint16_t index : changes.changed_services)
        context_.events.info(journal::EventKind::server, subject(index),
                             "service {} has new settings", name(index));
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
    const auto subject = [&](std::uint16_t index) {
        return about(context_.state, context_.state.servers[index], "reload");
    };
    for (const std::uint16_t index : changes.removed_servers)
        context_.events.warn(journal::EventKind::server, subject(index),
                             "server {} is removed: {} reset", name(index),
                             counted_are(exchange_.active_flows(index), "connection"));
    if (changes.added_servers.size() > most_told)
        context_.events.info(journal::EventKind::server, "{} servers are added",
                             changes.added_servers.size());
    else
        for (const std::uint16_t index : changes.added_servers)
            context_.events.info(journal::EventKind::server, subject(index), "server {} is added",
                                 name(index));
    if (changes.changed_servers.size() > most_told)
        return context_.events.info(journal::EventKind::server, "{} servers have new settings",
                                    changes.changed_servers.size());
    for (const std::uint16_t index : changes.changed_servers)
        context_.events.info(journal::EventKind::server, subject(index),
                             "server {} has new settings: weight {}", name(index),
                             context_.state.servers[index].config->weight);
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
