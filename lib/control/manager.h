// SPDX-License-Identifier: BSD-3-Clause
// The main thread: owns the model (State) and the parts that keep it up to date, and passes facts
// between them; it decides nothing itself. Everything after the constructor runs on one io_context.
// The constructor throws what makes a start impossible; later errors are logged.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/answers.h"
#include "control/faults.h"
#include "control/host.h"
#include "control/life.h"
#include "control/links.h"
#include "control/next_hops.h"
#include "control/priorities.h"
#include "control/reloader.h"
#include "control/routers.h"
#include "control/services.h"
#include "handover/flow_sync.h"
#include "http/server.h"
#include "mail/alerts.h"
#include "model/station_moves.h"
#include "telemetry/capture_desk.h"
#include "telemetry/flow_log.h"

namespace warren::control {

struct ManagerOptions {
    const rte_mempool* pool = nullptr;        // of all received frames
    std::vector<const rte_mempool*> pools{};  // all there are, for metrics
    // Opens one more port of `ports`. Throws std::runtime_error, as Port does.
    std::function<void(const std::string& interface)> open_port;
    views::ProcessFacts process;
    kernel::Cleaner* cleaner = nullptr;  // must outlive the manager
    Reloader::Reread reread;
    std::vector<syntax::TextLine> config_lines;  // LoadResult's, of the configuration
    Life::Announce announce;
    Life::ReopenLog reopen_log;
    std::optional<std::string> flow_log;  // a file for each connection that ended
};

class Manager {
  public:
    static constexpr int drain_ms = 20;            // between two drains of the channels
    static constexpr int handover_drain_ms = 2;    // the same during a hand-over
    static constexpr int bell_pause_ms = 2;        // from one bell of the workers' to the next
    static constexpr int stop_scripts_ms = 5'000;  // how long notify_stop may take
    static constexpr int last_mails_ms = 2'000;    // how long the last mails may take

    // `ports`: those of port_names(config). Publishes the first snapshot.
    Manager(const config::Config& config, const port::PortTable& ports,
            exchange::Exchange& exchange, election::VrrpLink& vrrp, ManagerOptions options);
    ~Manager();
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    // For the control lcore's start.
    std::vector<const election::RouterPlan*> plans() const { return routers_.plans(); }

    // The current one, also after reloads.
    const config::Config& config() const { return state_->config; }

    // Returns after SIGTERM or SIGINT, when all virtual routers have stopped; Exchange::stop is
    // set.
    void run();

  private:
    Context context() { return {io_, *state_, events_, attempts_, publication_}; }
    Routers::Callbacks router_callbacks();
    Answers::Actions operator_actions();
    Life::Callbacks life_callbacks();

    void on_link(const kernel::Link& link);
    void follow_port(const PortChange& change);
    void on_next_hop(const net::IpAddress& address, const std::optional<kernel::NextHop>& hop);
    void open_port_towards(int ifindex);
    void follow_guards_soon();
    void follow_link_delays();
    void poll_own_links();

    void drain();
    void take_flow_events();
    void take_station(const exchange::StationSeen& seen);
    void look_at_flow_sync();
    void every_second(std::uint64_t now_ns);
    void become_ready();
    std::string reopen_logs();
    void wait_for_bell();
    void run_until_stopped();
    void leave();

    void reload(bool is_dry_run, const Answers::Actions::OnRows& done);
    Reloader::Outcome take(Reloader::Reading reading);
    std::string take_up(config::Config& wanted, const model::ReloadPlan& plan);
    void follow_counters(const model::ReloadChanges& changes);
    void open_port(const std::string& interface);
    telemetry::CaptureMeans capture_means();

    boost::asio::io_context io_;
    journal::EventLog events_;
    journal::Attempts attempts_{events_};
    exchange::Exchange& exchange_;
    election::VrrpLink& vrrp_;
    const port::PortTable& ports_;  // as in State
    ManagerOptions options_;
    kernel::Netlink netlink_;
    std::unique_ptr<model::State> state_;
    LivePublication publication_;
    Host host_;
    programs::NotifyFifos fifos_;
    mail::Alerts alerts_;
    tracking::LinkDelays link_delays_;
    Links links_;
    NextHops next_hops_;
    Routers routers_;
    Priorities priorities_;
    Services services_;
    Faults faults_;
    handover::FlowSync flow_sync_;
    Reloader reloader_;
    metrics::FlowTally flow_tally_;
    journal::TurnTimes turns_;
    history::Days days_;
    std::optional<telemetry::FlowLog> flow_log_;
    Answers answers_;
    http::Site site_;
    http::Server http_;
    telemetry::CaptureDesk capture_;
    Life life_;
    model::StationMoves station_moves_;
    boost::asio::steady_timer drain_timer_, handover_timer_, bell_timer_;
    boost::asio::posix::stream_descriptor bell_, worker_bell_;
    std::uint64_t last_second_ns_ = 0;
    bool guards_are_due_ = false;
};

}  // namespace warren::control
