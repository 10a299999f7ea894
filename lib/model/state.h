// SPDX-License-Identifier: BSD-3-Clause
// What the manager knows: plain values that only its thread touches. builder.h makes the snapshot
// of it, views.h shows it. Indices of routers, services, servers and ports are the snapshot's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "balance/drain_watch.h"
#include "balance/flap_damping.h"
#include "balance/health_factor.h"
#include "balance/panic_rule.h"
#include "balance/rate.h"
#include "balance/rebalance.h"
#include "balance/recent_count.h"
#include "balance/roll_call.h"
#include "balance/server_health.h"
#include "balance/silence.h"
#include "balance/slot_table.h"
#include "config/config.h"
#include "election/alarm_pacer.h"
#include "election/vrrp_link.h"
#include "flow/local_ports.h"
#include "journal/subject.h"
#include "kernel/next_hop.h"
#include "model/tracking.h"
#include "net/address.h"
#include "rabbitmq/node_facts.h"
#include "vrrp/instance.h"

namespace warren::exchange {
struct CaptureTap;
}

namespace warren::model {

struct PortState {
    std::string name;
    std::string driver;
    net::MacAddress mac;
    bool shared = false;  // with the kernel
    bool link_up = false;
    int ifindex = 0;                     // of the kernel interface of that name; 0: none
    std::optional<net::Prefix> primary;  // its first IPv4 address
    std::uint16_t mtu = 1500;            // bytes of an IP packet
    std::optional<net::IpAddress> link_local{};
    bool hears_virtual_macs = true;  // as far as its virtual routers have one
    std::string rss_trouble{};       // why its frames need hand-offs between workers; port.h
    bool reaches_kernel = true;      // what is not ours has a way to the host
    std::array<std::uint64_t, 3> went_down_ns{};  // when its link last did, the latest first
    std::uint64_t flaps = 0;                      // how often it did
};

// What a reload takes out of the file keeps its index until nobody remembers it (reload.h).
enum class Presence : std::uint8_t {
    served,
    removed,  // of a server: its flows are reset, and what their ends still send is answered
    free,     // the index may become another's
};

inline constexpr std::size_t router_states = static_cast<std::size_t>(vrrp::State::fault) + 1;

struct RouterState {
    std::shared_ptr<const config::VrrpInstance> config;  // its own: State::config may be replaced
    Presence presence = Presence::served;
    bool leaving = false;  // removed, and the control lcore has not said yet that it knows
    std::uint8_t port = 0;
    std::unique_ptr<const election::RouterPlan> plan;
    vrrp::Status status;            // the control lcore's latest copy
    net::IpAddress other_master{};  // the last one that was not us; unspecified: none was heard
    std::uint64_t other_heard_ns = 0;
    election::VrrpStatus record{};  // and the rest of it
    bool no_address = false;        // as last told
    Tracking tracking{};            // as last told
    bool has_begun = false;         // what a reload gives it to track need not be waited for
    std::uint64_t added_ns = 0;     // when the plan's added addresses came
    bool waits_silently = false;    // scripts have not heard of a fault that may be none
    election::AlarmPacer alarms{};
    std::array<std::uint64_t, router_states> entered{};  // how often it came into each state
};

// Why a server is in the state it is in, for the log and `show servers`.
struct LastCheck {
    bool known = false;
    bool ok = false;
    bool local = false;  // failed through our own machine's fault: no evidence about the server
    std::int64_t latency_ns = 0;
    std::string text;  // "connection refused"; empty when ok
};

// A check that cannot tell, again and again: nobody asks the node any more. The text is the last.
struct Unsure {
    std::size_t checker = 0;
    unsigned in_a_row = 0;
    std::string text;

    bool lasts() const { return in_a_row >= few; }
    static constexpr unsigned few = 3;
};

// What all workers have counted under a server's index.
struct ServerTotals {
    std::uint64_t active = 0, connections = 0, to_server_bytes = 0, to_client_bytes = 0;
};

// In the last ten seconds (server_totals.h).
struct ServerRates {
    balance::Rate connections{}, to_server_bytes{}, to_client_bytes{};
};

// What the workers have counted of a server, as last looked at; for what has come since.
struct Traffic {
    std::uint64_t connections = 0, unanswered = 0, segments = 0, repeated = 0;
};

// What a node has said when it took its leave; empty: it has not.
struct Farewell {
    std::size_t checker = 0;  // that has heard it
    std::string text{};
};

struct ServerRecord {
    std::shared_ptr<const config::RealServer> config;
    std::uint16_t service = 0;
    Presence presence = Presence::served;
    std::uint64_t quiet_since_ns = 0;  // removed: it has had no live flows since
    ServerTotals before{};             // counted for those who had the index before
    std::uint16_t position = 0;        // in its service
    balance::ServerHealth health;
    bool is_sorry = false;  // its service's sorry_server: not checked, no part of the quorum
    bool replaced = false;  // the sorry_server serves instead, or the others instead of it
    std::uint32_t factor = balance::factor_one;     // as published; 256 = 1.0
    std::optional<std::uint32_t> ordered_weight{};  // the operator's, until the next order
    bool stands_by = false;                         // gets no new flows while preferred ones can
    bool is_last_resort = false;                    // takes its leave, and gets those of all others
    bool is_full = false;                           // uthreshold, where tiers ask for it
    bool serves = true;                             // takes new flows, as of the last change
    std::uint64_t serving_ns = 0;                   // since when; 0: from the start
    std::shared_ptr<const rabbitmq::NodeFacts> node{};  // null: no check asks it
    Traffic traffic{};
    ServerRates rates{};
    balance::FlapDamping damping{};
    balance::Silence silence{};
    balance::Refusing refusing{};
    balance::Resetting resetting{};
    balance::Talking talking{};
    balance::RollCall roll_call{};
    std::uint64_t passed_ns = 0;  // when a check last passed
    balance::DrainWatch drain{};
    bool drain_is_over = false;  // drain_timeout: the rest of its flows is reset
    std::optional<kernel::NextHop> next_hop{};
    LastCheck check{};
    Unsure unsure{};
    Farewell farewell{};
    std::vector<std::int64_t> weight_changes{};  // by checker: misc_dynamic, FILE_CHECK
    bool judged = false;                         // a check has failed, or all have passed
    std::uint64_t since_ns = 0;                  // of the standing
    std::string reason{};                        // of the last change
    std::uint64_t refused = 0, unanswered = 0;
    std::uint64_t checks_passed = 0, checks_failed = 0;
    std::uint64_t came_up = 0, went_down = 0;
    balance::RecentCount refusals{};  // its RSTs to SYNs, also those that another server got then
    double handshake_us = 0;          // mean of SYN to SYN-ACK; 0: none yet
};

// Why a client gets no connection.
enum class Refusal : std::uint8_t {
    refused,     // servers answered its SYN with RST
    unanswered,  // none answered it
    no_server,   // none takes new flows
    no_port,     // no local port is left
    table_full,  // no flow is
    count_,
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Refusal::count_)>
    refusal_names{"refused", "unanswered", "no_server", "no_port", "table_full"};
const char* text(Refusal cause);

// In ten seconds: fewer are no news.
inline constexpr std::uint64_t few_refusals = 3;

struct ServiceRecord {
    std::shared_ptr<const config::VirtualServer> config;
    Presence presence = Presence::served;
    std::optional<std::uint16_t> router;  // whose VIP it is; without one it is not served
    std::vector<std::uint16_t> servers;   // without the sorry_server
    std::optional<std::uint16_t> sorry_server;
    bool is_checked_alike = true;  // else times differ: a page takes longer than a handshake
    bool has_tiers = false;        // of its real_servers, more than one
    bool has_quorum = false;       // service_state.h keeps it true
    bool quorum_known = false;     // false: it has only just begun
    bool on_last_resort = false;   // as last told
    // FNAT: the sources towards its servers; those that are no VIP move with the service's VIP.
    std::vector<net::IpAddress> local_addresses;
    balance::PoolFactors factors;
    balance::PanicGuard guard;
    balance::Rebalance rebalance{};
    bool is_rebalance_ordered = false;  // once, whatever the configuration says
    std::array<balance::RecentCount, refusal_names.size()> refusals{};  // of clients, by Refusal
    balance::RecentCount opened{};                                      // servers answered a SYN
    std::shared_ptr<const balance::SlotTable> slots;  // sh and mh; service_state.h keeps it true
};

struct State {
    config::Config config;  // as of the last reload; services and servers have their own copies
    std::vector<PortState> ports;
    std::vector<net::IpAddress> kernel_addresses;  // on all its links, sorted; without VIPs
    flow::PortRange host_ports{};                  // what the host numbers its own connections from
    std::vector<RouterState> routers;
    // Which of them has a VIP, and on which port. index_vips() makes it anew when routers have
    // changed.
    struct VipPlace {
        std::uint16_t router = 0;
        std::uint8_t port = 0;
    };
    std::unordered_map<net::IpAddress, VipPlace, net::IpAddressHash> place_of_vip;
    std::vector<ServiceRecord> services;
    std::vector<ServerRecord> servers;
    std::shared_ptr<exchange::CaptureTap> capture{};  // null: nobody captures
};

// Failures of most servers at once are doubted for so long.
inline constexpr std::uint64_t panic_hold_ms = 3'000;

// It answers its clients and not its checks.
inline bool is_busy(const ServerRecord& server) {
    return server.talking.is_busy() && server.health.is_up();
}

constexpr bool is_served(const auto& record) {
    return record.presence == Presence::served;
}
// Not of the host's own address: nobody stands by for that.
inline bool speaks_vrrp(const RouterState& router) {
    return is_served(router) && !router.config->serves_host_address;
}
// Whether its addresses and the services on them are here now. One that stands for the host's own
// address is master for as long as the host has that; one that was removed never is.
inline bool is_master(const RouterState& router) {
    return router.status.state == vrrp::State::master;
}
std::size_t count_served(const auto& records) {
    return static_cast<std::size_t>(std::count_if(
        records.begin(), records.end(), [](const auto& record) { return is_served(record); }));
}

// As at start: up until a check fails, or down with `alpha`. Its place in a service is not set.
ServerRecord make_server(const config::VirtualServer& service, const config::RealServer& server,
                         bool is_sorry, std::uint64_t now_ns);
// Without its servers.
ServiceRecord make_service(const State& state, const config::VirtualServer& service);
// Puts a server's new settings in force; what is known of it holds on. `service` is its service's.
void change_server(ServerRecord& record, const config::VirtualServer& service,
                   const config::RealServer& server);

// As configured and as its checks change it (keepalived's effective weight), 0 to 65,535; or as the
// operator ordered.
inline constexpr std::int64_t max_weight = 65'535;
unsigned weight_of(const ServerRecord& server);
// A server's standing has changed: since when, why, and what begins and ends with that.
void note_change(ServerRecord& server, std::string reason, std::uint64_t now_ns);
// A port that refuses is only how it shows where the node has taken its leave before.
std::string with_farewell(const ServerRecord& server, const std::string& text);
// How long it has been taking new flows, in ms; one that has done so from the start has long.
std::uint64_t serving_ms(const ServerRecord& server, std::uint64_t now_ns);

void index_vips(State& state);
// Index of the virtual router that has this VIP.
std::optional<std::uint16_t> router_of(const State& state, const net::IpAddress& vip);
// Whether what belongs to that router (a service, a VIP) is here now; to none: never.
inline bool is_active(const State& state, std::optional<std::uint16_t> router) {
    return router && is_master(state.routers[*router]);
}

// The port of a router's address: its own, or that of the `dev` that it says.
std::uint8_t port_of(const State& state, const RouterState& router,
                     const config::VirtualAddress& address);

// "192.168.8.11:5672", "[2001:db8::11]:5672"
std::string endpoint(const net::IpAddress& address, std::uint16_t port);
struct Endpoint {
    net::IpAddress address;
    net::Be16 port;
};
std::optional<Endpoint> read_endpoint(std::string_view text);
std::string name_of(const ServerRecord& server);
std::string name_of(const ServiceRecord& service);

// Whom an event is about.
using journal::Subject;
Subject about(const PortState& port);
Subject about(const RouterState& router, std::string_view cause = {});
Subject about(const ServiceRecord& service, std::string_view cause = {});
Subject about(const State& state, const ServerRecord& server, std::string_view cause = {});
// Whose MAC it is, as far as the way to real_servers tells: "real_server 192.168.8.11"; or empty.
std::string station_of(const State& state, const net::MacAddress& mac);

}  // namespace warren::model
