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
#include "control/arp_silence.h"
#include "control/attempts.h"
#include "control/checks.h"
#include "control/commands.h"
#include "control/ended_flows.h"
#include "control/event_log.h"
#include "control/event_rows.h"
#include "control/flow_listing.h"
#include "control/guard.h"
#include "control/host_addresses.h"
#include "control/local_clients.h"
#include "control/multicast.h"
#include "control/netlink.h"
#include "control/notifier.h"
#include "control/port_use.h"
#include "control/reload.h"
#include "control/server_notifier.h"
#include "control/stall.h"
#include "control/state.h"
#include "control/station_moves.h"
#include "control/track_files.h"
#include "control/track_processes.h"
#include "control/track_scripts.h"
#include "control/view_context.h"
#include "control/views.h"
#include "control/vrrp_link.h"
#include "exchange/worker_link.h"
#include "port/port.h"

namespace warren::control {

struct ManagerOptions {
    const rte_mempool* pool = nullptr;        // of all received frames
    std::vector<port::Port*> kernel_ports{};  // by port; null: shared, or no way to the host
    ProcessFacts process;
    Cleaner* cleaner = nullptr;                      // outlives the manager
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
            exchange::Exchange& exchange, VrrpLink& vrrp, ManagerOptions options);
    ~Manager();
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    // What the control lcore starts with.
    std::vector<const RouterPlan*> plans() const;

    // Until SIGTERM or SIGINT: then the virtual routers have said good-bye and Exchange::stop is
    // set.
    void run();

  private:
    struct PortStall {
        TransmitWatch watch;
        bool stalled = false;
        std::uint64_t next_probe_ns = 0;
    };

    // Kernel (manager_kernel.cc).
    std::vector<PortState> port_states(const config::Config& config);
    void watch_next_hops();
    void on_link(const Link& link);
    void warn_unreachable(const net::IpAddress& server, const std::optional<NextHop>& hop);
    void on_next_hop(const net::IpAddress& server, const std::optional<NextHop>& hop);
    void poll_own_links();
    void set_link(std::uint8_t port, bool up);
    void follow_interface(std::uint8_t port, const Link& link);
    void set_mtu(std::uint8_t port, std::uint16_t mtu);
    void start_guards();
    void try_guards(const exchange::Snapshot& snapshot);
    void try_guard(std::uint8_t index, const exchange::Snapshot& snapshot);
    void apply_guard(std::uint8_t port, const exchange::Snapshot& snapshot);

    // What the host has of virtual addresses (manager_host.cc).
    HostAddresses::Told told_of_host();
    void set_host_ports();
    Link own_part(const Link& link) const;
    std::vector<net::IpAddress> kernel_addresses() const;
    void follow_masters();
    void follow_local_clients();
    void silence_kernel();
    void tell_of_local_server(const net::IpAddress& server);
    void wait_for_bell();

    // Virtual routers (manager_vrrp.cc).
    std::vector<net::IpAddress> unicast_peers() const;
    void tell_next_hop(const net::IpAddress& address, const std::optional<NextHop>& hop);
    void tell_next_hops();
    void set_addresses(std::uint8_t port, const std::optional<net::Prefix>& primary,
                       const std::optional<net::IpAddress>& link_local);
    bool replace_plan(std::uint16_t router);
    void tell_plan(std::uint16_t router);
    void renew_plan(std::uint16_t router);
    void join_groups(std::uint8_t port, const exchange::Snapshot& snapshot);

    // Tracking (manager_tracking.cc).
    TrackedState interface_state(const std::string& name) const;
    TrackedState quorum_state(const std::string& name) const;
    TrackedState state_of(const config::Tracked& tracked) const;
    void apply_tracking();
    bool waits_for_tracked(const VrrpReport& report);
    void tell_of_fault(std::size_t router);

    // Virtual_servers and their servers (manager_services.cc).
    void on_server(std::uint16_t server);
    void follow_own_hosts();
    void follow_quorums();
    void tell_of_end();
    void tell_of_end(const ServerRecord& server);
    void explain(const std::string& text, const Commands::Answer& reply);
    void take_order(const std::string& text, const Commands::Answer& reply);
    void take_flow_event(const exchange::FlowEvent& event);
    void take_station(const exchange::StationSeen& seen);
    void warn_of_few_ports();

    // SIGHUP (manager_reload.cc).
    void reload();
    std::string refusal_of(const config::LoadResult& loaded, ReloadPlan& plan);
    void take_up(const config::Config& wanted, const ReloadPlan& plan);
    void tell_of_changes(const ReloadChanges& changes);
    void release_indices();
    ServerTotals totals_of(std::uint16_t server) const;

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
    void take_status(RouterState& router, const VrrpStatus& record);
    void on_report(const VrrpReport& report);
    void on_alarm(RouterState& router, const VrrpReport& report);
    void summarise_alarms(std::uint64_t now_ns);
    void every_second();
    void announce_when_ready();

    void publish();
    void publish_soon();
    void command(const VrrpCommand& command);
    std::vector<PortTotals> port_totals() const;
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
    EventLog events_;
    Attempts attempts_{events_};
    exchange::Exchange& exchange_;
    VrrpLink& vrrp_;
    std::vector<port::Port*> ports_;  // as in State
    ManagerOptions options_;
    HostAddresses host_addresses_;
    LocalClients local_clients_;
    ArpSilence arp_silence_;
    Netlink netlink_;
    MulticastGroups multicast_;
    std::unique_ptr<State> state_;
    Notifier notifier_;
    TrackScripts track_scripts_;
    TrackFiles track_files_;
    TrackProcesses track_processes_;
    ServerNotifier server_notifier_;
    std::map<std::uint8_t, std::unique_ptr<Guard>> guards_;  // by port
    std::map<std::uint8_t, GuardRules> guarded_;
    std::set<net::IpAddress> doubly_owned_;  // warned about             // what is in force
    std::vector<std::unique_ptr<const RouterPlan>> retired_plans_;
    std::unique_ptr<Checks> checks_;
    EndedFlows ended_;
    PortAlarm port_alarm_;
    StationMoves station_moves_;
    FlowListing listing_;
    Commands commands_;
    boost::asio::steady_timer drain_timer_;
    boost::asio::steady_timer stop_timer_;
    boost::asio::posix::stream_descriptor bell_;
    boost::asio::signal_set signals_;
    std::set<int> unserved_;         // signals that the log has spoken of
    std::vector<PortStall> stalls_;  // by port
    BufferWatch buffers_;
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
