// SPDX-License-Identifier: BSD-3-Clause
// The main thread: keeps State true (links, next hops, checks, flows' handshakes, VRRP reports),
// publishes a new snapshot when it changed, guards shared interfaces, answers telemetry, and ends
// the process in order. Everything below the constructor runs on one io_context. The constructor
// throws what makes a start impossible; afterwards trouble is logged.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "control/checks.h"
#include "control/notifier.h"
#include "control/server_notifier.h"
#include "election/vrrp_link.h"
#include "exchange/worker_link.h"
#include "journal/attempts.h"
#include "journal/event_log.h"
#include "kernel/arp_silence.h"
#include "kernel/guard.h"
#include "kernel/host_addresses.h"
#include "kernel/local_clients.h"
#include "kernel/multicast.h"
#include "kernel/netlink.h"
#include "model/ended_flows.h"
#include "model/port_use.h"
#include "model/reload.h"
#include "model/state.h"
#include "model/station_moves.h"
#include "port/port.h"
#include "port/stall.h"
#include "telemetry/commands.h"
#include "telemetry/flow_listing.h"
#include "tracking/track_files.h"
#include "tracking/track_processes.h"
#include "tracking/track_scripts.h"
#include "views/event_rows.h"
#include "views/view_context.h"
#include "views/views.h"

namespace warren::control {

struct ManagerOptions {
    const rte_mempool* pool = nullptr;        // of all received frames
    std::vector<port::Port*> kernel_ports{};  // by port; null: shared, or no way to the host
    views::ProcessFacts process;
    kernel::Cleaner* cleaner = nullptr;              // outlives the manager
    std::function<config::LoadResult()> reread;      // SIGHUP
    std::function<void(std::string_view)> announce;  // to the service manager: "READY=1"
    std::function<std::string()> reopen_log;         // SIGHUP; what went wrong, or nothing
};

class Manager {
  public:
    static constexpr int drain_ms = 20;                // how often the channels are emptied
    static constexpr int stop_patience_ms = 500;       // for the control lcore's good-bye
    static constexpr int farewell_ms = 20;             // for frames on their way out
    static constexpr int scripts_patience_ms = 5'000;  // for notify_stop

    // `ports` in the order of port_names(config). Publishes the first snapshot.
    Manager(const config::Config& config, const std::vector<port::Port*>& ports,
            exchange::Exchange& exchange, election::VrrpLink& vrrp, ManagerOptions options);
    ~Manager();
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    // What the control lcore starts with.
    std::vector<const election::RouterPlan*> plans() const;

    // Until SIGTERM or SIGINT: then the virtual routers have said good-bye and Exchange::stop is
    // set.
    void run();

  private:
    struct PortStall {
        port::TransmitWatch watch;
        bool stalled = false;
        std::uint64_t next_probe_ns = 0;
    };

    // Kernel (manager_kernel.cc).
    std::vector<model::PortState> port_states(const config::Config& config);
    void watch_next_hops();
    void on_link(const kernel::Link& link);
    void warn_unreachable(const net::IpAddress& server, const std::optional<kernel::NextHop>& hop);
    void on_next_hop(const net::IpAddress& server, const std::optional<kernel::NextHop>& hop);
    void poll_own_links();
    void set_link(std::uint8_t port, bool up);
    void follow_interface(std::uint8_t port, const kernel::Link& link);
    void set_mtu(std::uint8_t port, std::uint16_t mtu);
    void start_guards();
    void try_guards(const exchange::Snapshot& snapshot);
    void try_guard(std::uint8_t index, const exchange::Snapshot& snapshot);
    void apply_guard(std::uint8_t port, const exchange::Snapshot& snapshot);

    // What the host has of virtual addresses (manager_host.cc).
    kernel::HostAddresses::Told told_of_host();
    void set_host_ports();
    kernel::Link own_part(const kernel::Link& link) const;
    std::vector<net::IpAddress> kernel_addresses() const;
    void follow_masters();
    void follow_local_clients();
    void silence_kernel();
    void tell_of_local_server(const net::IpAddress& server);
    void wait_for_bell();

    // Virtual routers (manager_vrrp.cc).
    std::vector<net::IpAddress> unicast_peers() const;
    void tell_next_hop(const net::IpAddress& address, const std::optional<kernel::NextHop>& hop);
    void tell_next_hops();
    void set_addresses(std::uint8_t port, const std::optional<net::Prefix>& primary,
                       const std::optional<net::IpAddress>& link_local);
    bool replace_plan(std::uint16_t router);
    void tell_plan(std::uint16_t router);
    void renew_plan(std::uint16_t router);
    void join_groups(std::uint8_t port, const exchange::Snapshot& snapshot);

    // Tracking (manager_tracking.cc).
    vrrp::TrackedState interface_state(const std::string& name) const;
    vrrp::TrackedState quorum_state(const std::string& name) const;
    vrrp::TrackedState state_of(const config::Tracked& tracked) const;
    void apply_tracking();
    bool waits_for_tracked(const election::VrrpReport& report);
    void tell_of_fault(std::size_t router);

    // Virtual_servers and their servers (manager_services.cc).
    void on_server(std::uint16_t server);
    void follow_own_hosts();
    void follow_quorums();
    void tell_of_end();
    void tell_of_end(const model::ServerRecord& server);
    void explain(const std::string& text, const telemetry::Commands::Answer& reply);
    void take_order(const std::string& text, const telemetry::Commands::Answer& reply);
    void take_flow_event(const exchange::FlowEvent& event);
    void take_station(const exchange::StationSeen& seen);
    void warn_of_few_ports();

    // SIGHUP (manager_reload.cc).
    void reload();
    std::string refusal_of(const config::LoadResult& loaded, model::ReloadPlan& plan);
    void take_up(const config::Config& wanted, const model::ReloadPlan& plan);
    void tell_of_changes(const model::ReloadChanges& changes);
    void release_indices();
    model::ServerTotals totals_of(std::uint16_t server) const;

    // What only who drives the card can notice (manager_faults.cc).
    void look_for_stalls();
    void look_at_port(std::uint8_t port, std::uint64_t now_ns);
    void set_fault(std::uint16_t router, vrrp::FaultCause cause, bool present, bool can_transmit);
    void probe(std::uint8_t port);

    // What threads report.
    void drain();
    void take_flow_events();
    void take_statuses();
    void take_reports();
    void take_status(model::RouterState& router, const election::VrrpStatus& record);
    void on_report(const election::VrrpReport& report);
    void on_alarm(model::RouterState& router, const election::VrrpReport& report);
    void summarise_alarms(std::uint64_t now_ns);
    void every_second();
    void announce_when_ready();

    void publish();
    void publish_soon();
    void command(const election::VrrpCommand& command);
    std::vector<views::PortTotals> port_totals() const;
    std::string answer(const std::string& view, const std::string& cursor);

    void run_until_stopped();
    void take_signals();
    void arm_signals();
    void on_signal(int signal);
    void reopen_log();
    void tell_watchdog();
    void shut_down(const char* why);
    void leave_after(int ms);

    boost::asio::io_context io_;
    journal::EventLog events_;
    journal::Attempts attempts_{events_};
    exchange::Exchange& exchange_;
    election::VrrpLink& vrrp_;
    std::vector<port::Port*> ports_;  // as in State
    ManagerOptions options_;
    kernel::HostAddresses host_addresses_;
    kernel::LocalClients local_clients_;
    kernel::ArpSilence arp_silence_;
    kernel::Netlink netlink_;
    kernel::MulticastGroups multicast_;
    std::unique_ptr<model::State> state_;
    Notifier notifier_;
    tracking::TrackScripts track_scripts_;
    tracking::TrackFiles track_files_;
    tracking::TrackProcesses track_processes_;
    ServerNotifier server_notifier_;
    std::map<std::uint8_t, std::unique_ptr<kernel::Guard>> guards_;  // by port
    std::map<std::uint8_t, kernel::GuardRules> guarded_;
    std::set<net::IpAddress> doubly_owned_;  // warned about             // what is in force
    std::vector<std::unique_ptr<const election::RouterPlan>> retired_plans_;
    std::unique_ptr<Checks> checks_;
    model::EndedFlows ended_;
    model::PortAlarm port_alarm_;
    model::StationMoves station_moves_;
    telemetry::FlowListing listing_;
    telemetry::Commands commands_;
    boost::asio::steady_timer drain_timer_;
    boost::asio::steady_timer stop_timer_;
    boost::asio::posix::stream_descriptor bell_;
    boost::asio::signal_set signals_;
    std::set<int> unserved_;         // signals that the log has spoken of
    std::vector<PortStall> stalls_;  // by port
    port::BufferWatch buffers_;
    bool no_buffers_ = false;
    std::uint64_t next_stall_look_ns_ = 0;
    std::vector<double> busy_;            // by worker
    std::vector<std::uint64_t> busy_ns_;  // at the last sample
    std::uint64_t last_second_ns_ = 0;
    std::uint64_t next_watchdog_ns_ = 0;
    std::uint64_t generation_ = 0;
    bool publish_pending_ = false;
    bool ready_ = false;
    bool stopping_ = false;
};

}  // namespace warren::control
