// SPDX-License-Identifier: BSD-3-Clause
#include "control/routers.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string>
#include <utility>

#include "control/alarm_text.h"
#include "election/traffic_watch.h"
#include "history/router_history.h"
#include "model/reload_routers.h"
#include "model/vrrp_plan.h"
#include "port/clock.h"

namespace warren::control {
namespace {

// Who was master beside us, for what is said of connections that a takeover has cut.
void note_other(model::RouterState& router, const vrrp::Status& now) {
    if (now.state != vrrp::State::master && !now.master_address.is_unspecified())
        router.other_master = now.master_address;
    if (now.last_heard_ns != 0) router.other_heard_ns = now.last_heard_ns;
}

std::string silence_text(std::uint64_t ns) {
    const double ms = static_cast<double>(ns) / 1e6;
    return ms < 1'000 ? fmt::format("{:.1f} ms", ms) : fmt::format("{:.1f} s", ms / 1'000);
}

bool is_on(const model::RouterState& router, std::uint8_t port) {
    return is_served(router) && router.port == port;
}

std::string_view cause_of(const election::VrrpReport& alarm) {
    return alarm.kind == election::VrrpReport::Kind::rejected ? vrrp::name(alarm.reject)
                                                              : vrrp::name(alarm.alarm);
}

}  // namespace

Routers::Routers(const Context& context, election::VrrpLink& vrrp, Callbacks callbacks,
                 programs::NotifyFifos& fifos, const programs::Listeners& listeners)
    : context_(context),
      vrrp_(vrrp),
      callbacks_(std::move(callbacks)),
      fifos_(fifos),
      notifier_(context.io, context.state.config, context.events, listeners) {}

std::vector<const election::RouterPlan*> Routers::plans() const {
    std::vector<const election::RouterPlan*> plans;
    for (const model::RouterState& router : context_.state.routers)
        plans.push_back(router.plan.get());
    return plans;
}

// Each record by itself: one that cannot be taken keeps nothing from the rest.
void Routers::take_all() {
    take_statuses();
    election::VrrpReport report;
    while (vrrp_.reports.pop(report))
        context_.attempts("taking a router's report", [&] { on_report(report); });
}

void Routers::take_statuses() {
    election::VrrpStatus record;
    bool moved = false;
    while (vrrp_.statuses.pop(record))
        context_.attempts("taking a router's status", [&] {
            model::RouterState& router = context_.state.routers.at(record.router);
            if (!is_served(router)) return;
            const bool was_master = is_master(router);
            const vrrp::Status before = std::exchange(router.status, record.status);
            router.record = record;
            note_other(router, record.status);
            moved = moved || was_master != is_master(router);
            write_fifos(router, before);
        });
    if (moved) context_.attempts("following the masters", [&] { callbacks_.masters_changed(); });
}

// What is no change of state, and nobody else hears of.
void Routers::write_fifos(const model::RouterState& router, const vrrp::Status& before) {
    const vrrp::Status& now = router.status;
    if (router.config->notify_priority_changes && before.state != vrrp::State::initialize &&
        now.effective_priority != before.effective_priority)
        fifos_.on_priority(router.config->name, is_master(router), now.effective_priority);
    if (!is_master(router) ||
        now.counters.lower_priority_heard == before.counters.lower_priority_heard)
        return;
    notifier_.on_lower_priority(router.config->name);
    fifos_.on_lower_priority(router.config->name, now.effective_priority);
}

void Routers::on_report(const election::VrrpReport& report) {
    using Kind = election::VrrpReport::Kind;
    const auto router = [&]() -> const model::RouterState& {
        return context_.state.routers.at(report.router);
    };
    switch (report.kind) {
        case Kind::transition:
            return on_transition(report);
        case Kind::alarm:
        case Kind::rejected:
            return on_alarm(report);
        case Kind::traffic:
            context_.events.info(journal::EventKind::vrrp, about(router()),
                                 "{}: first traffic {} after the takeover", router().config->name,
                                 silence_text(report.silent_ns));
            note_peer_heard(port::now_ns());
            break;
        case Kind::silence:
            context_.events.info(journal::EventKind::vrrp, about(router(), "no_traffic"),
                                 "{}: no traffic since the takeover {} ms ago: announcing on",
                                 router().config->name,
                                 election::TrafficWatch::first_wait_ns / 1'000'000);
            break;
        case Kind::plan_taken:
            std::erase_if(retired_plans_,
                          [&](const auto& plan) { return plan.get() == report.plan; });
            break;
        case Kind::reloaded:
            on_reloaded(report);
            break;
        case Kind::stopped:
            callbacks_.all_stopped();
            break;
    }
}

void Routers::on_transition(const election::VrrpReport& report) {
    model::RouterState& router = context_.state.routers.at(report.router);
    ++router.entered.at(static_cast<std::size_t>(report.to));
    context_.events.info(journal::EventKind::vrrp, about(router, vrrp::name(report.reason)),
                         "{}: {} -> {} ({})", router.config->name, vrrp::name(report.from),
                         vrrp::name(report.to), history::reason_text(report, router));
    if (callbacks_.transition) callbacks_.transition(report);
    if (router.config->serves_host_address || waits_for_tracked(report)) return;
    if (!is_served(router))
        notifier_.on_removal(router.config->name, router.status.effective_priority);
    else if (const auto heard = programs::notify_state(report.to, report.reason))
        notifier_.on_transition(router.config->name, *heard, router.status.effective_priority);
}

// What was removed is forgotten when no later reload is under way that may have removed it.
void Routers::on_reloaded(const election::VrrpReport& report) {
    std::erase_if(handed_over_,
                  [&](const HandedOver& handed) { return &handed.changes == report.changes; });
    if (handed_over_.empty()) model::forget_removed_routers(context_.state);
}

// As in keepalived a router that waits for the first result of a script is in no state that notify
// scripts hear of.
bool Routers::waits_for_tracked(const election::VrrpReport& report) {
    model::RouterState& router = context_.state.routers[report.router];
    constexpr unsigned tracked = 1U << static_cast<unsigned>(vrrp::FaultCause::tracked);
    if (report.from != vrrp::State::initialize || report.to != vrrp::State::fault ||
        (router.status.faults & ~tracked) != 0)
        return false;
    router.waits_silently = !router.tracking.settled();
    return router.waits_silently || !router.tracking.total.fault;
}

// What it waited for has failed.
void Routers::send_settled(std::uint16_t index) {
    model::RouterState& router = context_.state.routers[index];
    router.waits_silently = false;
    if (router.tracking.total.fault)
        notifier_.on_transition(router.config->name, programs::NotifyState::fault,
                                router.status.effective_priority);
}

// ---- plans

election::RouterPlan Routers::plan_of(const model::RouterState& router) const {
    election::RouterPlan plan = model::make_plan(*router.config, context_.state.ports[router.port],
                                                 router.port, router.plan->group);
    plan.settings.advert_addresses = router.plan->settings.advert_addresses;
    return plan;
}

std::vector<std::uint16_t> Routers::renew_plans(std::uint8_t port) {
    std::vector<std::uint16_t> renewed;
    for (std::uint16_t i = 0; i < context_.state.routers.size(); ++i)
        if (is_on(context_.state.routers[i], port) && replace_plan(i)) renewed.push_back(i);
    return renewed;
}

// The port's address or MAC has changed, not necessarily what this router sends. True:
// there is a new plan. Without an address the old one stays: good-bye is said from that.
bool Routers::replace_plan(std::uint16_t index) {
    model::RouterState& router = context_.state.routers[index];
    auto plan = std::make_unique<election::RouterPlan>(plan_of(router));
    const net::IpAddress& source = plan->settings.primary_address;
    const bool same = source == router.plan->settings.primary_address &&
                      plan->source_mac == router.plan->source_mac;
    if (source.is_unspecified() || same) return false;
    retired_plans_.push_back(std::move(router.plan));
    router.plan = std::move(plan);
    return true;
}

// A master tells all stations, with the MAC that the snapshot says now.
void Routers::send_plans(std::uint8_t port, const std::vector<std::uint16_t>& renewed) {
    for (const std::uint16_t i : renewed)
        context_.publication.command({.kind = election::VrrpCommand::Kind::plan,
                                      .router = i,
                                      .plan = context_.state.routers[i].plan.get()});
    for (std::uint16_t i = 0; i < context_.state.routers.size(); ++i)
        if (is_on(context_.state.routers[i], port)) update_address_fault(i);
}

void Routers::update_address_fault(std::uint16_t index) {
    model::RouterState& router = context_.state.routers[index];
    const bool missing = plan_of(router).settings.primary_address.is_unspecified() ||
                         model::lacks_source(*router.config, context_.state.ports[router.port],
                                             context_.state.kernel_addresses);
    if (router.no_address == missing) return;
    router.no_address = missing;
    context_.publication.fault(index, vrrp::FaultCause::no_address, missing);
}

// The plan that it has: a master tells all stations.
void Routers::announce_on(std::uint8_t port) {
    const auto has_address_there = [&](const model::RouterState& router) {
        const auto is_there = [&](const config::VirtualAddress& address) {
            return port_of(context_.state, router, address) == port;
        };
        const config::VrrpInstance& v = *router.config;
        return std::any_of(v.virtual_ipaddress.begin(), v.virtual_ipaddress.end(), is_there) ||
               std::any_of(v.virtual_ipaddress_excluded.begin(), v.virtual_ipaddress_excluded.end(),
                           is_there);
    };
    for (std::uint16_t i = 0; i < context_.state.routers.size(); ++i) {
        const model::RouterState& router = context_.state.routers[i];
        if (router.port != port && is_master(router) && context_.state.ports[port].link_up &&
            has_address_there(router))
            context_.publication.command({.kind = election::VrrpCommand::Kind::plan,
                                          .router = i,
                                          .plan = router.plan.get()});
    }
}

void Routers::update_address_faults() {
    for (std::uint16_t i = 0; i < context_.state.routers.size(); ++i)
        if (is_served(context_.state.routers[i])) update_address_fault(i);
}

void Routers::send_link(std::uint8_t port) {
    const bool up = context_.state.ports[port].link_up;
    for (std::uint16_t i = 0; i < context_.state.routers.size(); ++i)
        if (is_on(context_.state.routers[i], port) &&
            context_.state.routers[i].config->track_primary)
            context_.publication.fault(i, vrrp::FaultCause::link_down, !up, up);
}

// ---- a reload

void Routers::follow(model::ReloadChanges changes, const FaultsOf& faults_of) {
    notifier_.follow(context_.state.config);
    HandedOver& handed = handed_over_.emplace_back();
    handed.changes = model::router_changes(context_.state, changes);
    handed.retired = std::move(changes.retired_plans);
    if (handed.changes.empty()) return handed_over_.pop_back();
    for (election::RouterChange& change : handed.changes) {
        if (change.kind == election::RouterChange::Kind::add)
            change.faults |= faults_of(context_.state.routers[change.router].port);
        if (change.kind == election::RouterChange::Kind::remove) continue;
        add_missing_source(change);
        log_unlisted(context_.state.routers[change.router]);
    }
    context_.publication.command(
        {.kind = election::VrrpCommand::Kind::reload, .changes = &handed.changes});
}

// A peer that lists all of them (a larger MTU) refuses such adverts, as this router does its.
void Routers::log_unlisted(const model::RouterState& router) {
    const std::size_t unlisted = model::unlisted_addresses(router);
    if (unlisted == 0) return;
    const std::size_t listed = router.plan->settings.advert_addresses.size();
    const model::PortState& port = context_.state.ports[router.port];
    context_.events.warn(journal::EventKind::vrrp, about(router),
                         "{}: the MTU of {} ({}) leaves room for {} of {} virtual addresses in an "
                         "advert; the others are served unlisted",
                         router.config->name, port.name, port.mtu, listed, listed + unlisted);
}

void Routers::log_all_unlisted() {
    for (const model::RouterState& router : context_.state.routers)
        log_unlisted(router);
}

// A plan does not know what addresses the host has.
void Routers::add_missing_source(election::RouterChange& change) {
    model::RouterState& router = context_.state.routers[change.router];
    if (!model::lacks_source(*router.config, context_.state.ports[router.port],
                             context_.state.kernel_addresses))
        return;
    router.no_address = true;
    change.faults |=
        static_cast<std::uint16_t>(1U << static_cast<unsigned>(vrrp::FaultCause::no_address));
}

// ---- alarms

// Another master is heard with each of its adverts: every three seconds is enough.
void Routers::note_peer_heard(std::uint64_t now_ns) {
    constexpr std::uint64_t gap_ns = 3'000'000'000;
    if (!callbacks_.peer_heard || (peer_heard_ns_ != 0 && now_ns - peer_heard_ns_ < gap_ns)) return;
    peer_heard_ns_ = now_ns;
    callbacks_.peer_heard();
}

// Who claims an address is told by name, where it is known.
std::string Routers::alarm_of(const model::RouterState& router,
                              const election::VrrpReport& report) const {
    const bool is_claim = report.kind == election::VrrpReport::Kind::alarm &&
                          report.alarm == vrrp::AlarmKind::address_conflict;
    const std::string station =
        is_claim ? model::station_of(context_.state, report.claimant) : std::string();
    return alarm_text(report, router.plan->settings, router.status.effective_priority) +
           (station.empty() ? "" : ", " + station);
}

// An advert that differs is often the only sign of two masters: a wrong password or interval.
void Routers::on_alarm(const election::VrrpReport& report) {
    model::RouterState& router = context_.state.routers.at(report.router);
    const std::uint64_t now_ns = port::now_ns();
    if (report.kind == election::VrrpReport::Kind::alarm &&
        report.alarm == vrrp::AlarmKind::other_master)
        note_peer_heard(now_ns);
    if (!router.alarms.see(report, now_ns)) return;
    context_.events.warn(journal::EventKind::vrrp, about(router, cause_of(report)), "{}: {}",
                         router.config->name, alarm_of(router, report));
}

void Routers::summarise_alarms(std::uint64_t now_ns) {
    for (model::RouterState& router : context_.state.routers)
        router.alarms.summarise(now_ns, [&](const election::VrrpReport& last, std::uint64_t more) {
            context_.events.warn(journal::EventKind::vrrp, about(router, cause_of(last)),
                                 "{}: {} times more, last: {}", router.config->name, more,
                                 alarm_of(router, last));
        });
}

}  // namespace warren::control
