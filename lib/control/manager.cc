// SPDX-License-Identifier: BSD-3-Clause
#include "control/manager.h"

#include <signal.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "control/alarm_text.h"
#include "control/signals.h"
#include "election/traffic_watch.h"
#include "model/builder.h"
#include "model/kernel_rules.h"
#include "model/server_state.h"
#include "model/service_state.h"
#include "model/start.h"
#include "port/clock.h"
#include "views/views.h"

namespace warren::control {
namespace {

constexpr std::uint64_t ns_per_s = 1'000'000'000;

std::vector<std::string> verb_names() {
    std::vector<std::string> names{"flows", "events", "ended", "explain", "order"};
    for (const views::View& view : views::all_views())
        names.emplace_back(view.name);
    return names;
}

// Why a router changed its state; a fault is told by its causes.
std::string reason_text(const election::VrrpReport& report, const vrrp::Status& status) {
    std::string causes;
    for (unsigned bit = 0; bit < 16 && report.reason == vrrp::Reason::fault; ++bit)
        if ((status.faults >> bit & 1) != 0)
            causes += (causes.empty() ? "" : ", ") +
                      std::string(vrrp::name(static_cast<vrrp::FaultCause>(bit)));
    return causes.empty() ? std::string(vrrp::name(report.reason)) : causes;
}

}  // namespace

Manager::Manager(const config::Config& config, const std::vector<port::Port*>& ports,
                 exchange::Exchange& exchange, election::VrrpLink& vrrp, ManagerOptions options)
    : exchange_(exchange),
      vrrp_(vrrp),
      ports_(ports),
      options_(std::move(options)),
      host_addresses_(told_of_host(), model::possible_host_addresses(config), options_.cleaner),
      local_clients_(options_.process.instance),
      arp_silence_(options_.process.instance),
      netlink_(io_,
               {[this](const kernel::Link& link) { on_link(link); },
                [this](const net::IpAddress& server, const std::optional<kernel::NextHop>& hop) {
                    on_next_hop(server, hop);
                }}),
      state_(make_state(config, port_states(config), port::now_ns())),
      notifier_(io_, state_->config, events_),
      track_scripts_(io_, state_->config, events_, [this] { apply_tracking(); }),
      track_files_(io_, state_->config, events_, [this] { apply_tracking(); }),
      track_processes_(io_, state_->config, events_, [this] { apply_tracking(); }),
      server_notifier_(state_->config, notifier_.queues()),
      listing_(io_, exchange),
      commands_(io_, verb_names(),
                [this](const std::string& view, const std::string& cursor,
                       const telemetry::Commands::Answer& reply) {
                    if (view == "flows")
                        listing_.request(cursor, reply);
                    else if (view == "events")
                        reply(views::events_page(events_, cursor));
                    else if (view == "ended")
                        reply(views::ended_page(ended_, cursor));
                    else if (view == "explain")
                        explain(cursor, reply);
                    else if (view == "order")
                        take_order(cursor, reply);
                    else
                        reply(answer(view, cursor));
                }),
      drain_timer_(io_),
      stop_timer_(io_),
      bell_(io_, vrrp.bell.descriptor()),
      signals_(io_, SIGTERM, SIGINT),
      stalls_(state_->ports.size()),
      busy_(exchange.workers.size(), 0.0),
      busy_ns_(exchange.workers.size(), 0) {
    set_host_ports();
    watch_next_hops();
    start_guards();
    follow_own_hosts();
    silence_kernel();
    follow_quorums();
    publish();
}

Manager::~Manager() {
    bell_.release();  // the bell itself closes it
}

std::vector<const election::RouterPlan*> Manager::plans() const {
    std::vector<const election::RouterPlan*> plans;
    for (const model::RouterState& router : state_->routers)
        plans.push_back(router.plan.get());
    return plans;
}

void Manager::run() {
    tell_next_hops();
    checks_ = std::make_unique<Checks>(
        io_, *state_, events_,
        Checks::Told{
            .changed = [this](std::uint16_t server) { on_server(server); },
            .answered =
                [this](std::uint16_t server) { exchange_.note_check(server, port::now_ns()); }});
    take_signals();
    every(drain_timer_, std::chrono::milliseconds(drain_ms), attempts_, "the drain",
          [this] { drain(); });
    wait_for_bell();
    run_until_stopped();
    hold_signals();  // until the end: nobody handles them any more
    checks_.reset();
}

// Trouble in one handler is logged; it must not take the virtual addresses with it. What comes
// again and again has been armed again before it could throw (attempts.h).
void Manager::run_until_stopped() {
    for (;;) {
        try {
            io_.run();
            return;
        } catch (const std::exception& error) {
            events_.error(journal::EventKind::process, "{}", error.what());
        }
    }
}

// ---- what threads report

// Each by itself: one record that cannot be taken keeps nothing from the rest.
void Manager::drain() {
    take_flow_events();
    take_statuses();
    take_reports();
    attempts_("freeing snapshots", [this] { exchange_.publisher.reclaim(); });
    attempts_("looking at links", [this] { poll_own_links(); });
    attempts_("looking for stalls", [this] { look_for_stalls(); });
    if (port::now_ns() - last_second_ns_ >= ns_per_s)
        attempts_("the work of each second", [this] { every_second(); });
    if (!ready_) attempts_("becoming ready", [this] { announce_when_ready(); });
    tell_watchdog();
}

// systemd's: the loop turns, and this turn's work has been gone through.
void Manager::tell_watchdog() {
    const std::uint64_t now_ns = port::now_ns();
    if (now_ns < next_watchdog_ns_) return;
    next_watchdog_ns_ = now_ns + ns_per_s;
    options_.announce("WATCHDOG=1");
}

void Manager::take_flow_events() {
    for (const auto& worker : exchange_.workers) {
        exchange::FlowEvent event;
        for (unsigned i = 0; i < 8192 && worker->events.pop(event); ++i)
            attempts_("taking a flow's event", [&] { take_flow_event(event); });
        exchange::StationSeen seen;
        for (unsigned i = 0; i < 256 && worker->stations.pop(seen); ++i)
            attempts_("following a station", [&] { take_station(seen); });
    }
}

void Manager::take_statuses() {
    election::VrrpStatus status;
    bool moved = false;
    while (vrrp_.statuses.pop(status))
        attempts_("taking a router's status", [&] {
            model::RouterState& router = state_->routers.at(status.router);
            const bool was_master = router.status.state == vrrp::State::master;
            take_status(router, status);
            moved = moved || was_master != (router.status.state == vrrp::State::master);
        });
    if (moved) attempts_("following the masters", [&] { follow_masters(); });
}

void Manager::take_reports() {
    election::VrrpReport report;
    while (vrrp_.reports.pop(report))
        attempts_("taking a router's report", [&] { on_report(report); });
}

// A worker whose channel is full has 64 walks before it, and the station will speak again.
void Manager::take_station(const exchange::StationSeen& seen) {
    const auto move = station_moves_.note(seen, port::now_ns());
    if (!move) return;
    events_.info(journal::EventKind::link, "{}: {} is at {} now, no longer at {}",
                 state_->ports[seen.port].name, seen.address.to_string(), move->to.to_string(),
                 move->from.to_string());
    for (const auto& worker : exchange_.workers)
        static_cast<void>(worker->moves.push(*move));
}

void Manager::take_status(model::RouterState& router, const election::VrrpStatus& record) {
    router.status = record.status;
    router.record = record;
}

void Manager::on_report(const election::VrrpReport& report) {
    model::RouterState* router =
        report.router < state_->routers.size() ? &state_->routers[report.router] : nullptr;
    switch (report.kind) {
        case election::VrrpReport::Kind::transition:
            events_.info(journal::EventKind::vrrp, "{}: {} -> {} ({})", router->config->name,
                         vrrp::name(report.from), vrrp::name(report.to),
                         reason_text(report, router->status));
            if (waits_for_tracked(report)) break;
            if (const auto heard = notify_state(report.to, report.reason))
                notifier_.on_transition(router->config->name, *heard,
                                        router->status.effective_priority);
            break;
        case election::VrrpReport::Kind::alarm:
        case election::VrrpReport::Kind::rejected:
            on_alarm(*router, report);
            break;
        case election::VrrpReport::Kind::traffic:
            events_.info(journal::EventKind::vrrp, "{}: first traffic {:.1f} ms after the takeover",
                         router->config->name, static_cast<double>(report.silent_ns) / 1e6);
            break;
        case election::VrrpReport::Kind::silence:
            events_.info(journal::EventKind::vrrp,
                         "{}: no traffic since the takeover {} ms ago: announcing on",
                         router->config->name, election::TrafficWatch::first_wait_ns / 1'000'000);
            break;
        case election::VrrpReport::Kind::plan_taken:
            std::erase_if(retired_plans_,
                          [&](const auto& plan) { return plan.get() == report.plan; });
            break;
        case election::VrrpReport::Kind::stopped:
            stop_timer_.cancel();
            notifier_.queues().when_idle(scripts_patience_ms, [this] { leave_after(farewell_ms); });
            break;
    }
}

void Manager::every_second() {
    const std::uint64_t now_ns = port::now_ns();
    const auto passed_ns = static_cast<double>(now_ns - last_second_ns_);
    for (std::size_t i = 0; i < busy_.size(); ++i) {
        const std::uint64_t busy_ns = exchange_.workers[i]->counters.busy_ns.value();
        busy_[i] = static_cast<double>(busy_ns - busy_ns_[i]) / passed_ns;
        busy_ns_[i] = busy_ns;
    }
    last_second_ns_ = now_ns;
    if (update_factors(*state_)) publish();
    warn_of_few_ports();
    summarise_alarms(now_ns);
    if (const std::uint64_t ignored = station_moves_.take_ignored(); ignored != 0)
        events_.warn(journal::EventKind::link,
                     "{} changes of stations' MACs within a second not followed", ignored);
    release_indices();
    host_addresses_.expect_all_seen();
    host_addresses_.follow(host_addresses(*state_), netlink_.links());
}

// Ready is when every worker has looked into its queues.
void Manager::announce_when_ready() {
    for (std::size_t port = 0; port < state_->ports.size(); ++port)
        if (exchange_.seen_ns(port) == 0) return;
    ready_ = true;
    if (const auto error = static_cast<int>(vrrp_.counters.scheduling_errno.value()); error != 0)
        events_.warn(journal::EventKind::process, "the control lcore has no real-time priority: {}",
                     std::strerror(error));
    events_.info(journal::EventKind::process,
                 "ready: instance {}, {} virtual routers, {} services, {} servers, {} workers",
                 options_.process.instance, state_->routers.size(), count_served(state_->services),
                 count_served(state_->servers), exchange_.workers.size());
    options_.announce("READY=1");
}

// ---- what the others get

void Manager::publish() {
    publish_pending_ = false;
    update_slots(*state_);
    exchange_.publisher.publish(build_snapshot(*state_, ++generation_));
    follow_local_clients();
}

// Once for all changes of this turn of the loop.
void Manager::publish_soon() {
    if (std::exchange(publish_pending_, true)) return;
    boost::asio::post(io_, [this] {
        if (publish_pending_) publish();
    });
}

void Manager::command(const election::VrrpCommand& command) {
    if (!vrrp_.commands.push(command))
        events_.error(journal::EventKind::vrrp,
                      "the control lcore does not take commands: one is lost");
}

std::vector<views::PortTotals> Manager::port_totals() const {
    std::vector<views::PortTotals> all;
    for (const port::Port* port : ports_) {
        const rte_eth_stats stats = port->stats();
        all.push_back({stats.ipackets, stats.ibytes, stats.imissed, stats.ierrors, stats.rx_nombuf,
                       stats.opackets, stats.obytes, stats.oerrors});
    }
    return all;
}

std::string Manager::answer(const std::string& view, const std::string& cursor) {
    const std::vector<views::PortTotals> totals = port_totals();
    const views::ViewContext context{*state_,          exchange_, vrrp_, netlink_.statistics(),
                                     options_.process, totals,    busy_, port::now_ns()};
    for (const views::View& candidate : views::all_views())
        if (view == candidate.name) return views::make_page(view, candidate.rows(context), cursor);
    return views::error_page("no such view");
}

// ---- signals

// A port has a SIGRTMIN of its own, or nobody has: then it must not end us either.
void Manager::take_signals() {
    for (const int signal : asking_signals())
        signals_.add(signal);
    struct sigaction first {};
    if (sigaction(SIGRTMIN, nullptr, &first) == 0 && first.sa_handler == SIG_DFL)
        ::signal(SIGRTMIN, SIG_IGN);
    release_signals();
    arm_signals();
}

void Manager::arm_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        arm_signals();
        attempts_("obeying a signal", [&] { on_signal(signal); });
    });
}

void Manager::on_signal(int signal) {
    if (signal == SIGTERM || signal == SIGINT)
        return shut_down(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    if (signal == SIGHUP) {
        reopen_log();
        return reload();
    }
    // Monitoring sends them without end: once is enough.
    if (unserved_.insert(signal).second)
        events_.info(journal::EventKind::process, "{}", unserved_signal(signal));
}

// logrotate has renamed the file, whatever becomes of the configuration.
void Manager::reopen_log() {
    const std::string trouble = options_.reopen_log ? options_.reopen_log() : std::string();
    if (!trouble.empty())
        events_.error(journal::EventKind::process, "the log file is not opened again: {}", trouble);
}

// The second signal does not wait.
void Manager::shut_down(const char* why) {
    events_.info(journal::EventKind::process, "stopping: {}", why);
    if (std::exchange(stopping_, true)) {
        leave_after(0);
        return;
    }
    leave_after(stop_patience_ms);
    command({.kind = election::VrrpCommand::Kind::shutdown});
    options_.announce("STOPPING=1");
    tell_of_end();
}

void Manager::leave_after(int ms) {
    stop_timer_.expires_after(std::chrono::milliseconds(ms));
    stop_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        exchange_.stop.store(true, std::memory_order_relaxed);
        io_.stop();
    });
}

}  // namespace warren::control
