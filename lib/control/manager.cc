// SPDX-License-Identifier: BSD-3-Clause
#include "control/manager.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

#include "control/signals.h"
#include "exchange/wake.h"
#include "journal/counted.h"
#include "metrics/pool_rows.h"
#include "model/builder.h"
#include "model/server_totals.h"
#include "model/start.h"
#include "port/clock.h"
#include "port/kernel_interface.h"
#include "views/config_rows.h"
#include "views/status_line.h"

namespace warren::control {
namespace {

constexpr std::uint64_t ns_per_s = 1'000'000'000;

bool has_session(const model::ServerRecord& server) {
    const auto& checkers = server.config->checkers;
    return is_served(server) &&
           std::any_of(checkers.begin(), checkers.end(), [](const config::Checker& checker) {
               return std::holds_alternative<config::AmqpCheck>(checker);
           });
}

// Clients of a server that may have died do not wait for the next drain. Who floods us with
// refusals is answered now and then only.
void answer(exchange::Doorbell& bell, boost::asio::posix::stream_descriptor& descriptor,
            boost::asio::steady_timer& pause, const std::function<void()>& take) {
    using Error = boost::system::error_code;
    bell.fall_asleep();
    descriptor.async_wait(descriptor.wait_read, [&bell, &descriptor, &pause, take](const Error& e) {
        if (e) return;
        bell.wake_up();
        take();
        pause.expires_after(std::chrono::milliseconds(Manager::bell_pause_ms));
        pause.async_wait([&bell, &descriptor, &pause, take](const Error& cancelled) {
            if (!cancelled) answer(bell, descriptor, pause, take);
        });
    });
}

}  // namespace

Manager::Manager(const config::Config& config, const port::PortTable& ports,
                 exchange::Exchange& exchange, election::VrrpLink& vrrp, ManagerOptions options)
    : exchange_(exchange),
      vrrp_(vrrp),
      ports_(ports),
      options_(std::move(options)),
      netlink_(io_,
               {[this](const kernel::Link& link) { on_link(link); },
                [this](const net::IpAddress& server, const std::optional<kernel::NextHop>& hop) {
                    on_next_hop(server, hop);
                }}),
      state_(model::make_state(config, port_states(ports_, netlink_, events_), port::now_ns())),
      publication_(io_, *state_, events_, exchange, vrrp,
                   [this] { host_.follow_local_clients_soon(); }),
      host_(context(), netlink_, options_.process.instance, options_.cleaner),
      fifos_(io_, state_->config.global, events_),
      alerts_(io_, state_->config, events_),
      link_delays_(io_,
                   [this](const std::string& interface) {
                       if (const auto link = netlink_.link(interface)) on_link(*link);
                   }),
      links_(context(), ports_, link_delays_),
      next_hops_(context(), netlink_),
      routers_(context(), vrrp, router_callbacks(), fifos_, {&fifos_, &alerts_}),
      priorities_(context(), netlink_, link_delays_,
                  {.group = [this](const std::string& name) { return host_.state_of_group(name); },
                   .settled = [this](std::uint16_t router) { routers_.send_settled(router); },
                   .watched = [this] { services_.look_at_watched(); }}),
      services_(
          context(), exchange, routers_.script_queues(), {&fifos_, &alerts_},
          {.quorums_changed = [this] { priorities_.apply(); },
           .server_silent = [this](const net::IpAddress& server) { netlink_.recheck(server); }}),
      faults_(context(), ports_, options_.pool, vrrp.counters),
      flow_sync_(
          *state_, events_, exchange.sync_reports,
          [this](const election::VrrpCommand& command) { publication_.command(command); },
          port::now_ns()),
      reloader_(context(), exchange, options_.reread, std::move(options_.config_lines)),
      answers_(context(),
               {exchange, vrrp, netlink_, ports_, services_.ended(), days_, options_.process,
                flow_sync_.picture(), flow_tally_, reloader_.history(), reloader_.lines(),
                options_.pools, turns_},
               operator_actions()),
      site_([this](const http::Site::Look& look) { return answers_.with_facts(look); },
            services_.ended(),
            [this](const std::string& what, const std::string& question,
                   const std::function<void(std::string)>& take) {
                answers_.read(what, question, take);
            },
            [this](std::function<void()> go_on) {
                boost::asio::post(io_, [this, go_on = std::move(go_on)] {
                    attempts_("answering over HTTP", go_on);
                });
            }),
      http_(io_, events_, attempts_, options_.process.instance,
            [this](const http::Question& question, const http::Reply& reply) {
                site_.answer(question, reply);
            }),
      capture_(io_, events_, telemetry::capture_socket_path(), capture_means()),
      life_(
          context(), exchange, options_.announce, [this] { return reopen_logs(); },
          life_callbacks()),
      drain_timer_(io_),
      handover_timer_(io_),
      bell_timer_(io_),
      bell_(io_, vrrp.bell.descriptor()),
      worker_bell_(io_, exchange.bell.descriptor()) {
    if (options_.flow_log) flow_log_.emplace(*options_.flow_log);
    follow_link_delays();
    next_hops_.follow();
    host_.start();
    routers_.log_all_unlisted();
    routers_.update_address_faults();
    services_.follow_own_hosts();
    services_.follow_quorums();
    flow_sync_.start();
    publication_.publish();
}

Manager::~Manager() {
    bell_.release();  // the bell itself closes it
    worker_bell_.release();
}

// ---- what its parts call

Routers::Callbacks Manager::router_callbacks() {
    return {.masters_changed = [this] { host_.follow_masters(); },
            .all_stopped =
                [this] {
                    life_.end_now();
                    leave();
                },
            .transition =
                [this](const election::VrrpReport& report) {
                    services_.on_transition(report);
                    flow_sync_.on_transition(report, port::now_ns());
                    // An address of the host's own goes with a router that is master.
                    if (state_->routers.size() > 1) publication_.publish_soon();
                },
            .peer_heard = [this] { services_.retry_those_down(); }};
}

Answers::Actions Manager::operator_actions() {
    return {.execute = [this](const model::Order& order) { return services_.execute(order); },
            .reload = [this](bool is_dry_run,
                             const Answers::Actions::OnRows& done) { reload(is_dry_run, done); },
            .hand_over =
                [this](const handover::Request& request, const handover::FlowSync::Reply& reply) {
                    flow_sync_.execute(request, reply, port::now_ns());
                    look_at_flow_sync();
                }};
}

Life::Callbacks Manager::life_callbacks() {
    return {.reload = [this] { reload(false, [](const auto&) {}); },
            .dump = [this](views::Dump dump) { answers_.write(dump); },
            .stopping =
                [this] {
                    services_.run_stop_scripts();
                    services_.end_checks();  // their sessions say good-bye while the loop turns
                },
            .hand_over =
                [this](std::function<void()> done) {
                    const bool begun = flow_sync_.leave(std::move(done), port::now_ns());
                    look_at_flow_sync();
                    return begun;
                }};
}

void Manager::run() {
    next_hops_.send_peer_next_hops();
    services_.begin_checks(
        {.file = [this](const std::string& name) { return priorities_.file_state(name); },
         .bfd = [this](const std::string& name) { return priorities_.bfd_state(name); }});
    life_.take_signals();
    every(drain_timer_, std::chrono::milliseconds(drain_ms), attempts_, "the drain",
          [this] { drain(); });
    wait_for_bell();
    answer(exchange_.bell, worker_bell_, bell_timer_,
           [this] { attempts_("what the workers report", [this] { take_flow_events(); }); });
    run_until_stopped();
    hold_signals();  // until the end: nobody handles them any more
    services_.end_checks();
}

// Trouble in one handler is logged; it must not take the virtual addresses with it. What comes
// again and again has been armed again before it could throw (attempts.h).
void Manager::run_until_stopped() {
    journal::TurnClock clock(port::now_ns(), port::thread_cpu_ns);
    const auto take_turn = [&] {
        const bool has_more = io_.run_one() != 0;
        clock.end_turn(turns_, port::now_ns(), port::thread_cpu_ns);
        return has_more;
    };
    for (;;) {
        try {
            while (take_turn()) {
            }
            return;
        } catch (const std::exception& error) {
            events_.error(journal::EventKind::process, "{}", error.what());
        }
    }
}

// The virtual addresses are another's now: what is said of it has time.
void Manager::leave() {
    routers_.script_queues().when_idle(stop_scripts_ms, [this] {
        alerts_.when_idle(last_mails_ms, [this] {
            const bool says_goodbye =
                std::any_of(state_->servers.begin(), state_->servers.end(), has_session);
            life_.leave_after(says_goodbye ? Life::goodbye_ms : Life::linger_ms);
        });
    });
}

// ---- what the kernel tells

// Our own addresses come and go as events too; those change nothing of what is computed anew here.
void Manager::on_link(const kernel::Link& link) {
    bool changed = !link.present;
    for (const PortChange& change : links_.take(host_.own_part(link))) {
        follow_port(change);
        changed = changed || change.any();
    }
    if (host_.follow_kernel_addresses()) {
        publication_.publish();
        services_.follow_own_hosts();
        routers_.update_address_faults();
        changed = true;
    }
    if (changed) {
        host_.follow_masters();
    } else {
        host_.follow_addresses();
        host_.follow_local_clients();
    }
    priorities_.apply();
}

// Those who read from its socket hear of a new interface by the snapshot, before the link is said
// to be up; a master announces itself when the snapshot has the MAC that it announces.
void Manager::follow_port(const PortChange& change) {
    if (change.gone_ifindex != 0) host_.forget_groups(change.gone_ifindex);
    std::vector<std::uint16_t> renewed;
    const bool renews = change.mac || change.addresses;
    if (renews) renewed = routers_.renew_plans(change.port);
    if (change.is_new || change.mac || change.mtu) publication_.publish();
    if (renews) routers_.send_plans(change.port, renewed);
    if (change.link) routers_.send_link(change.port);
    if (change.mac || change.link) routers_.announce_on(change.port);
    if (change.present && change.any())
        host_.join_groups(change.port, *model::build_snapshot(*state_, 0));
}

void Manager::on_next_hop(const net::IpAddress& address,
                          const std::optional<kernel::NextHop>& hop) {
    if (hop && next_hops_.needs_port(address, *hop)) open_port_towards(hop->ifindex);
    follow_guards_soon();
    if (next_hops_.take(address, hop)) services_.follow_own_hosts();
}

// FNAT may take another address of the host towards that server: its answers are to be hidden from
// the kernel before the snapshot says so. Once for all that netlink has told together.
void Manager::follow_guards_soon() {
    if (std::exchange(guards_are_due_, true)) return;
    boost::asio::post(io_, [this] {
        guards_are_due_ = false;
        attempts_("following the guards", [this] { host_.follow_guard(); });
    });
}

// A route came after the start (DHCP, a routing daemon, a link that was late) or leads another way
// now: as at a start the host's routes say which interfaces are used.
void Manager::open_port_towards(int ifindex) {
    const auto link = netlink_.link(ifindex);
    const auto has_name = [&](const model::PortState& port) { return port.name == link->name; };
    if (!link || state_->ports.size() >= config::max_interfaces ||
        std::any_of(state_->ports.begin(), state_->ports.end(), has_name) ||
        !port::kernel_has_link(link->name))
        return;
    try {
        open_port(link->name);
    } catch (const std::runtime_error& error) {
        return events_.warn(journal::EventKind::link, "{}", error.what());
    }
    publication_.publish([this](const exchange::Snapshot& next) { host_.follow_masters(next); });
}

void Manager::follow_link_delays() {
    link_delays_.follow(state_->config.link_delays);
    for (const model::PortState& port : state_->ports)
        link_delays_.begin(port.name, port.link_up);
}

void Manager::poll_own_links() {
    for (const PortChange& change : links_.poll_own()) {
        routers_.send_link(change.port);
        priorities_.apply();
    }
}

// ---- what threads report

// Each by itself: one record that cannot be taken keeps nothing from the rest. Routers first: who
// has become master explains the segments of no flow that come then.
void Manager::drain() {
    const std::uint64_t now_ns = port::now_ns();
    routers_.take_all();
    take_flow_events();
    if (flow_log_)
        attempts_("writing the flow log",
                  [this] { flow_log_->follow(services_.ended(), journal::system_ms()); });
    attempts_("following drains", [this] { services_.follow_traffic(); });
    look_at_flow_sync();
    attempts_("freeing snapshots", [this] { exchange_.publisher.reclaim(); });
    attempts_("looking at links", [this] { poll_own_links(); });
    attempts_("looking for stalls", [&] { faults_.look(now_ns); });
    if (now_ns - last_second_ns_ >= ns_per_s)
        attempts_("the work of each second", [&] { every_second(now_ns); });
    if (!life_.is_ready()) attempts_("becoming ready", [this] { become_ready(); });
    life_.notify_watchdog(now_ns);
}

void Manager::take_flow_events() {
    for (const auto& worker : exchange_.workers) {
        exchange::FlowEvent event;
        for (unsigned i = 0; i < 8192 && worker->events.pop(event); ++i)
            attempts_("taking a flow's event", [&] {
                services_.take(event);
                flow_tally_.take(event);
            });
        exchange::StationSeen seen;
        for (unsigned i = 0; i < 256 && worker->stations.pop(seen); ++i)
            attempts_("following a station", [&] { take_station(seen); });
    }
}

// Steps of a hand-over follow each other faster than drains.
void Manager::look_at_flow_sync() {
    attempts_("looking at flow sync", [this] { flow_sync_.look(port::now_ns()); });
    if (!flow_sync_.is_busy()) return;
    handover_timer_.expires_after(std::chrono::milliseconds(handover_drain_ms));
    handover_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) look_at_flow_sync();
    });
}

// A worker whose channel is full has 64 walks before it, and the station will speak again.
void Manager::take_station(const exchange::StationSeen& seen) {
    const auto move = station_moves_.note(seen, port::now_ns());
    if (!move) return;
    events_.info(journal::EventKind::link, about(state_->ports[seen.port]),
                 "{}: {} is at {} now, no longer at {}", state_->ports[seen.port].name,
                 seen.address.to_string(), move->to.to_string(), move->from.to_string());
    for (const auto& worker : exchange_.workers)
        static_cast<void>(worker->moves.push(*move));
    exchange::wake_workers(exchange_.workers);
}

// Addresses whose transition rang the bell do not wait for the next drain.
void Manager::wait_for_bell() {
    vrrp_.bell.wake_up();
    vrrp_.bell.fall_asleep();
    bell_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                         if (error) return;
                         wait_for_bell();
                         routers_.take_all();
                     });
}

void Manager::every_second(std::uint64_t now_ns) {
    last_second_ns_ = now_ns;
    events_.log_repeats();
    answers_.sample_load(now_ns);
    answers_.sample_counters(now_ns);
    services_.every_second();
    days_.take(*state_, now_ns);
    routers_.summarise_alarms(now_ns);
    if (const std::uint64_t ignored = station_moves_.take_ignored(); ignored != 0)
        events_.warn(journal::EventKind::link,
                     "{} changes of stations' MACs within a second not followed", ignored);
    if (reloader_.release_indices()) {
        publication_.publish();
        host_.follow_guard();
    }
    host_.expect_all_seen();
    host_.follow_forwarding();
    priorities_.apply();
    http_.follow(state_->config.dataplane.http);
    life_.notify_status(views::status_line(*state_, exchange_));
}

std::string Manager::reopen_logs() {
    std::string trouble = options_.reopen_log ? options_.reopen_log() : std::string();
    try {
        if (flow_log_) flow_log_->reopen();
    } catch (const std::exception& error) {
        trouble += (trouble.empty() ? "" : "; ") + std::string(error.what());
    }
    return trouble;
}

// Ready is when every worker has looked into its queues.
void Manager::become_ready() {
    for (std::size_t port = 0; port < state_->ports.size(); ++port)
        if (exchange_.seen_ns(port) == 0) return;
    if (const auto error = static_cast<int>(vrrp_.counters.scheduling_errno.value()); error != 0)
        events_.warn(journal::EventKind::process, "the control lcore has no real-time priority: {}",
                     std::strerror(error));
    events_.info(journal::EventKind::process, "ready: instance {}, {}, {}, {}, {}",
                 options_.process.instance,
                 journal::counted(count_served(state_->routers), "virtual router"),
                 journal::counted(count_served(state_->services), "service"),
                 journal::counted(count_served(state_->servers), "server"),
                 journal::counted(exchange_.workers.size(), "worker"));
    life_.notify_ready();
}

// ---- who captures

telemetry::CaptureMeans Manager::capture_means() {
    return {.workers = exchange_.workers.size(),
            .port_names =
                [this] {
                    std::vector<std::string> names;
                    for (const model::PortState& port : state_->ports)
                        names.push_back(port.name);
                    return names;
                },
            .show =
                [this](std::shared_ptr<exchange::CaptureTap> tap) {
                    state_->capture = std::move(tap);
                    publication_.publish();
                }};
}

// ---- a reload

void Manager::reload(bool is_dry_run, const Answers::Actions::OnRows& done) {
    reloader_.read([this, is_dry_run, done](Reloader::Reading reading) {
        const Reloader::Outcome outcome =
            is_dry_run ? reloader_.dry_run(reading) : take(std::move(reading));
        done(views::reload_rows({outcome.steps, outcome.warnings, outcome.refusal}, is_dry_run));
    });
}

Reloader::Outcome Manager::take(Reloader::Reading reading) {
    Reloader::Outcome outcome;
    const auto work = [&] {
        outcome = reloader_.reload(std::move(reading),
                                   [this](config::Config& wanted, const model::ReloadPlan& plan) {
                                       return take_up(wanted, plan);
                                   });
    };
    if (!life_.while_reloading(work))
        outcome.refusal = "it was not done: warren stops, or the log says what failed";
    return outcome;
}

// Workers and control lcore have it with the next snapshot. It stays open even if what follows
// fails, and a later reload finds it.
void Manager::open_port(const std::string& interface) {
    options_.open_port(interface);
    const std::size_t index = ports_.size() - 1;
    state_->ports.push_back(port_state(ports_, index, netlink_, events_));
    host_.take_port(static_cast<std::uint8_t>(index), *model::build_snapshot(*state_, 0));
    events_.info(journal::EventKind::link, about(state_->ports.back()), "interface {}: is taken up",
                 interface);
}

// The kernel must not see what will be ours before it is, and removed things are kept from it until
// their flows are forgotten. Nothing is changed before all ports are open; else the reason.
std::string Manager::take_up(config::Config& wanted, const model::ReloadPlan& plan) {
    try {
        for (const std::string& interface : plan.new_ports)
            open_port(interface);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    services_.run_stop_scripts(plan);
    links_.hear_virtual_macs(wanted);
    if (const int priority = wanted.control_priority();
        priority != state_->config.control_priority())
        publication_.command(
            {.kind = election::VrrpCommand::Kind::scheduling, .priority = priority});
    model::ReloadChanges changes =
        carry_out(*state_, wanted, plan, port::now_ns(),
                  [this](std::uint16_t server) { return model::totals_of(exchange_, server); });
    fifos_.follow(state_->config.global);
    follow_link_delays();
    priorities_.follow(changes);
    services_.resolve_scripts();
    reloader_.log_changes(changes);
    next_hops_.follow();
    services_.follow_own_hosts();
    services_.follow_quorums();
    publication_.publish([this](const exchange::Snapshot& next) {
        host_.join_all_groups(next);
        host_.follow_masters(next);
    });
    follow_counters(changes);
    for (const std::uint16_t index : changes.standing_changed)
        services_.on_server(index);
    const std::vector<std::uint16_t> added = changes.added_routers;
    const std::vector<std::uint16_t> removed = changes.removed_routers;
    routers_.follow(std::move(changes), [this](std::uint8_t port) { return faults_.of(port); });
    flow_sync_.follow(added, removed);
    next_hops_.send_peer_next_hops();
    priorities_.apply();
    services_.follow_checks();
    if (state_->config.global.fifos.states_on_reload) routers_.repeat_on_fifos();
    return {};
}

// Sums go on for what stays, are kept of what goes, and begin at 0 for what comes.
void Manager::follow_counters(const model::ReloadChanges& changes) {
    for (const std::uint16_t index : changes.removed_servers)
        flow_tally_.keep(state_->servers[index].service,
                         metrics::counts_of(*state_, exchange_, index));
    for (const std::uint16_t index : changes.added_services)
        flow_tally_.begin_service(index, metrics::turned_away(exchange_, index));
    for (const std::uint16_t index : changes.added_servers) {
        flow_tally_.begin_server(index);
        days_.begin_server(index);
    }
    for (const std::uint16_t index : changes.added_routers)
        days_.begin_router(index);
}

}  // namespace warren::control
