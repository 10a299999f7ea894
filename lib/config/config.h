// SPDX-License-Identifier: BSD-3-Clause
// The configuration as plain values: what keepalived.conf says, with units and defaults settled.
// Times are nanoseconds, ports host order. Each struct knows the line it came from, for messages;
// two are equal when they say the same, wherever they stand.
// Defaults are keepalived's, except delay_loop (200 ms instead of a minute) and
// garp_master_refresh (60 s instead of never).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/balancing.h"
#include "config/checks.h"
#include "config/flow_sync.h"
#include "config/http.h"
#include "config/notices.h"
#include "net/address.h"
#include "net/proxy_header.h"
#include "net/route.h"
#include "syntax/diagnostic.h"

namespace warren::config {

// Most that a valid Config holds, so that others can size their tables.
inline constexpr std::size_t max_vrrp_instances = 255;
inline constexpr std::size_t max_virtual_addresses = 255;  // per instance: what an advert counts
inline constexpr std::size_t max_excluded_addresses = 1'024;
inline constexpr std::size_t max_virtual_servers = 1'024;
inline constexpr std::size_t max_real_servers = 256;         // per virtual_server
inline constexpr std::size_t max_unicast_peers = 256;        // per vrrp_instance
inline constexpr std::size_t max_local_addresses = 255;      // per group
inline constexpr std::size_t max_all_real_servers = 4'096;   // of all virtual_servers
inline constexpr std::size_t max_all_addresses = 8'192;      // of all vrrp_instances
inline constexpr std::size_t max_tracked = 64;               // by one vrrp_instance
inline constexpr std::size_t max_track_definitions = 1'024;  // of each kind
inline constexpr std::size_t max_routes_and_rules = 1'024;   // of all instances and the host
inline constexpr std::size_t max_route_hops = 64;
inline constexpr std::size_t max_static_addresses = 256;
inline constexpr std::size_t max_interfaces = 32;  // of virtual routers and their addresses
inline constexpr unsigned max_workers = 15;        // with the control lcore's, 16 queues of a port

struct NotifyScripts {
    std::optional<Script> any, master, backup, fault, stop;
    std::optional<Script> lower_priority;  // a master's that has heard a lower one; not of groups
    bool says_deleted = false;        // a reload that takes the instance out is DELETED, not FAULT
    std::optional<Script> deleted{};  // and this runs then

    friend bool operator==(const NotifyScripts&, const NotifyScripts&) = default;
};

// Gratuitous ARP and unsolicited NA of one instance.
struct GarpTiming {
    std::int64_t master_delay_ns = 5 * ns_per_s;  // second burst this long after takeover; 0 = none
    unsigned master_repeat = 5;                   // packets per burst
    std::int64_t master_refresh_ns = 60 * ns_per_s;  // while master; 0 = never
    unsigned master_refresh_repeat = 1;
    std::int64_t lower_prio_delay_ns = 5 * ns_per_s;  // after a lower-priority advert
    unsigned lower_prio_repeat = 5;
    std::int64_t garp_interval_ns = 0;  // least gap between two gratuitous ARPs
    std::int64_t gna_interval_ns = 0;

    friend bool operator==(const GarpTiming&, const GarpTiming&) = default;
};

enum class VrrpState { backup, master };
enum class AuthType { none, pass, ah };
enum class V3Checksum { pseudo_header, message_only };  // message_only: v3_checksum_as_v2

struct VirtualAddress {
    syntax::Location where;
    net::Prefix prefix;
    std::string device;  // of `dev`; empty: the instance's interface
    // Where nobody asks who has it (lo, a dummy): the instance's interface answers for it.
    bool device_is_mute = false;
    // How the host has it while it is master.
    std::string label{};
    std::uint8_t scope = 0;  // RT_SCOPE_*
    std::optional<net::IpAddress> broadcast{};
    std::optional<net::Prefix> peer{};
    std::optional<std::uint32_t> preferred_lft{};  // seconds
    bool home = false;
    bool nodad = true;  // IPv6: no duplicate address detection; "-nodad" has it
    bool mngtmpaddr = false;
    bool noprefixroute = false;
    bool autojoin = false;
    unsigned repeated = 0;      // how many times more it stands in its list
    bool is_tracked = true;     // comes again when somebody takes it away ("no_track": not)
    std::string track_group{};  // of a static one

    friend bool operator==(const VirtualAddress&, const VirtualAddress&) = default;
};

// A route or a rule of the host: an instance's, while it is master, or a static one.
struct RouteLine {
    syntax::Location where;
    net::Route route;
    bool is_tracked = true;
    std::string track_group{};

    friend bool operator==(const RouteLine&, const RouteLine&) = default;
};

struct RuleLine {
    syntax::Location where;
    net::Rule rule;
    bool is_tracked = true;
    std::string track_group{};

    friend bool operator==(const RuleLine&, const RuleLine&) = default;
};

// Instances that are at fault while a static address, route or rule of the group is missing.
struct TrackGroup {
    syntax::Location where;
    std::string name;
    std::vector<std::string> instances;

    friend bool operator==(const TrackGroup&, const TrackGroup&) = default;
};

enum class TrackKind : std::uint8_t { interface, script, file, process, quorum, bfd, group };

// An entry of track_interface, track_script, track_file, track_process, track_quorum or track_bfd,
// or a track_group that names the instance.
struct Tracked {
    syntax::Location where;
    TrackKind kind = TrackKind::interface;
    std::string name;  // an interface's, a definition's, a virtual_server's "ADDRESS PORT"
    // Where the file gives none, load() puts the definition's.
    std::optional<int> weight;
    std::optional<bool> reverse;

    friend bool operator==(const Tracked&, const Tracked&) = default;
};

struct UnicastPeer {
    syntax::Location where;
    net::IpAddress address;
    std::uint8_t min_ttl = 0;
    std::uint8_t max_ttl = 255;

    friend bool operator==(const UnicastPeer&, const UnicastPeer&) = default;
};

struct VrrpInstance {
    syntax::Location where;
    std::string name;
    std::string interface;
    VrrpState initial_state = VrrpState::backup;
    std::uint8_t virtual_router_id = 0;
    std::uint8_t priority = 100;
    std::uint8_t version = 2;
    std::int64_t advert_int_ns = ns_per_s;
    AuthType auth_type = AuthType::none;
    std::array<std::uint8_t, 8> auth_pass{};  // zero-padded
    bool ah_rfc2402 = false;  // multicast AH that does not cover the TTL; keepalived's does
    std::vector<VirtualAddress> virtual_ipaddress;
    std::vector<VirtualAddress> virtual_ipaddress_excluded;  // owned, not in the advert
    std::vector<RouteLine> virtual_routes;
    std::vector<RuleLine> virtual_rules;
    bool preempt = true;
    std::int64_t preempt_delay_ns = 0;
    GarpTiming garp;
    bool use_vmac = false;
    std::string vmac_name;
    bool vmac_xmit_base = false;  // adverts leave with the port's own MAC nevertheless
    bool accept = true;
    bool strict_mode = false;
    bool skip_check_adv_addr = false;
    bool lower_prio_no_advert = false;
    bool higher_prio_send_advert = false;
    bool check_unicast_src = false;
    bool owner_ignore_adverts = false;
    bool track_primary = true;  // its own interface's link
    std::uint8_t down_timer_adverts = 3;
    V3Checksum v3_checksum = V3Checksum::pseudo_header;
    std::optional<net::IpAddress> unicast_src_ip;
    std::optional<net::IpAddress> mcast_src_ip;
    // mcast_dst_ip, or vrrp_mcast_group4 or 6. Its family is the instance's.
    net::IpAddress multicast_group = net::IpAddress::v4(224, 0, 0, 18);
    std::vector<UnicastPeer> unicast_peer;
    std::uint8_t unicast_ttl = 255;
    std::vector<Tracked> tracked;  // its sync group's too
    NotifyScripts notify;
    bool notify_priority_changes = false;  // on FIFOs
    std::optional<bool> smtp_alert;
    bool promote_secondaries = false;  // of the interfaces of its addresses
    bool track_src_ip = false;         // without its source address it is in fault
    // Made for an address of the host's own (serve_own_addresses() in host_devices.h), in no file:
    // master while the host has it, speaks no VRRP.
    bool serves_host_address = false;

    bool is_ipv6() const { return !multicast_group.is_v4(); }
    // Where an address of its is announced and answered for.
    const std::string& interface_of(const VirtualAddress& a) const {
        return a.device.empty() || a.device_is_mute ? interface : a.device;
    }

    friend bool operator==(const VrrpInstance&, const VrrpInstance&) = default;
};

struct VrrpSyncGroup {
    struct Member {
        syntax::Location where;
        std::string instance;

        friend bool operator==(const Member&, const Member&) = default;
    };
    syntax::Location where;
    std::string name;
    std::vector<Member> members;
    bool tracking_weight = false;  // sync_group_tracking_weight: members' weights count
    std::vector<Tracked> tracked;
    NotifyScripts notify;
    std::optional<bool> smtp_alert;

    friend bool operator==(const VrrpSyncGroup&, const VrrpSyncGroup&) = default;
};

struct VrrpScript {
    syntax::Location where;
    std::string name;
    Script script;
    std::int64_t interval_ns = ns_per_s;
    std::int64_t timeout_ns = 0;  // 0: the interval
    int weight = 0;
    bool reverse = false;
    unsigned rise = 1;
    unsigned fall = 1;
    bool init_fail = false;

    friend bool operator==(const VrrpScript&, const VrrpScript&) = default;
};

// A file whose number counts.
struct TrackFile {
    enum class Init : std::uint8_t { no, create, overwrite };
    syntax::Location where;
    std::string name;
    std::string file;
    int weight = 1;
    bool reverse = false;
    Init init = Init::no;  // what a start does to the file
    std::int64_t init_value = 0;

    friend bool operator==(const TrackFile&, const TrackFile&) = default;
};

// Processes of a name, or of a command line, of which there must be enough.
struct TrackProcess {
    enum class Match : std::uint8_t { none, exact, partial, initial };
    syntax::Location where;
    std::string name;
    std::string process;
    std::vector<std::string> params;
    Match param_match = Match::none;
    bool full_command = false;  // the command line's first word instead of the name
    int weight = 0;             // keepalived.conf(5) says 1, keepalived 2.2.7 takes 0
    bool reverse = false;
    std::optional<unsigned> quorum;  // 1, unless quorum_max is 0
    unsigned quorum_max = std::numeric_limits<unsigned>::max();
    std::int64_t fork_delay_ns = 0;       // before a quorum gained counts
    std::int64_t terminate_delay_ns = 0;  // before a quorum lost counts

    friend bool operator==(const TrackProcess&, const TrackProcess&) = default;
};

// A BFD session with one neighbour.
struct BfdInstance {
    static constexpr int unlimited_hops = 255;

    syntax::Location where;
    std::string name;
    net::IpAddress neighbor_ip;
    std::optional<net::IpAddress> source_ip;  // of the neighbour's family
    std::int64_t min_rx_ns = 10 * ns_per_ms;  // all three whole microseconds
    std::int64_t min_tx_ns = 10 * ns_per_ms;
    std::int64_t idle_tx_ns = 1'000 * ns_per_ms;  // while it is not up
    std::uint8_t multiplier = 5;
    bool passive = false;
    std::optional<int> ttl;  // or hoplimit
    int max_hops = 0;        // that a packet may have come over
    int weight = 0;
    bool reverse = false;
    bool for_vrrp = true;  // virtual routers may track it
    bool for_checkers = true;

    // Where the file says none: 255, as every implementation accepts (keepalived sends 64 to IPv6).
    std::uint8_t sent_ttl() const { return static_cast<std::uint8_t>(ttl.value_or(255)); }
    // keepalived's rule: from `ttl` down by max_hops, with its default of 64 for IPv6.
    std::uint8_t least_ttl() const;
    // They differ in nothing but what it moves, and whom: a reload lets its session go on.
    bool has_session_of(BfdInstance other) const;

    friend bool operator==(const BfdInstance&, const BfdInstance&) = default;
};

enum class LbAlgo { rr, wrr, lc, wlc, sh, mh, sed, nq, fo };
enum class LbKind { nat, dr, tun, fnat };
enum class Protocol { tcp, udp, sctp };

struct VirtualServer;

struct RealServer {
    syntax::Location where;
    net::IpAddress address;
    std::uint16_t port = 0;
    unsigned weight = 1;  // 0: no new flows
    unsigned tier = 0;    // new flows go to the lowest one of which a server is usable
    // A failed server keeps its flows, at weight 0. Of a sorry_server (sorry_server_inhibit): it
    // keeps them when the quorum is back.
    bool inhibit_on_failure = false;
    bool alpha = false;             // starts down until checked
    unsigned uthreshold = 0;        // flows of all workers; with so many no new ones; 0 = no limit
    unsigned lthreshold = 0;        // below it new ones again; 0 = 3/4 of uthreshold
    std::optional<LbKind> lb_kind;  // absent: the virtual_server's
    std::optional<Script> notify_up, notify_down;
    std::optional<bool> smtp_alert;
    std::vector<Checker> checkers;  // all must agree; none: always up
    std::string virtualhost;        // of its HTTP checks

    LbKind kind_in(const VirtualServer& service) const;

    friend bool operator==(const RealServer&, const RealServer&) = default;
};

struct VirtualServer {
    syntax::Location where;
    net::IpAddress address;
    std::uint16_t port = 0;
    LbAlgo lb_algo = LbAlgo::wlc;
    bool hash_port = false;      // sh-port, mh-port: a client is an address and a port
    bool hash_fallback = false;  // sh-fallback, mh-fallback: who cannot be served there goes on
    LbKind lb_kind = LbKind::nat;
    Protocol protocol = Protocol::tcp;
    CheckTiming timing;                       // defaults of its checkers
    unsigned weight = 1;                      // of real_servers that say none
    std::int64_t persistence_timeout_ns = 0;  // 0 = off
    // How many bits of a client's address say to which group it belongs; absent: all.
    std::optional<std::uint8_t> persistence_granularity;
    unsigned quorum = 1;      // sum of weights that must be up
    unsigned hysteresis = 0;  // gained at quorum + hysteresis, lost below quorum - hysteresis
    bool alpha = false;       // of its servers
    bool omega = false;       // stopping runs notify_down and quorum_down
    bool inhibit_on_failure = false;
    Balancing balancing{};
    std::optional<Script> quorum_up, quorum_down;
    std::optional<bool> smtp_alert;
    std::string virtualhost;                               // of its servers' HTTP checks
    std::int64_t establish_timeout_ns = 7'440 * ns_per_s;  // idle established flow (RFC 5382 REQ-5)
    std::string local_address_group;  // of laddr_group_name; empty: the VIP is the local address
    bool flow_sync = true;            // where there is a flow_sync, its flows outlive this warren
    // Its servers are told who the client is, before the client's first byte. FNAT and NAT only.
    net::ProxyVersion proxy_protocol = net::ProxyVersion::none;
    std::optional<RealServer> sorry_server;  // serves while the quorum is lost; never checked
    std::vector<RealServer> real_servers;

    friend bool operator==(const VirtualServer&, const VirtualServer&) = default;
};

inline LbKind RealServer::kind_in(const VirtualServer& service) const {
    return lb_kind.value_or(service.lb_kind);
}

// "192.168.8.100 5672", as track_quorum names it.
std::string name_of(const VirtualServer& service);

struct LocalAddressGroup {
    struct Member {
        syntax::Location where;
        net::IpAddress address;
        std::string interface;

        friend bool operator==(const Member&, const Member&) = default;
    };
    syntax::Location where;
    std::string name;
    std::vector<Member> members;

    friend bool operator==(const LocalAddressGroup&, const LocalAddressGroup&) = default;
};

enum class Hugepages { automatic, yes, no };
enum class Idle { adaptive, busy };

// Where an interface's packets come from: a PCI address or any EAL virtual device.
// What a segment gets that belongs to no flow and is no SYN.
enum class UnknownFlow : std::uint8_t { reset, drop };

inline constexpr int default_control_priority = 1;

struct DataplaneInterface {
    syntax::Location where;
    std::string name;
    std::string device;  // "0000:3b:00.0", "net_tap0,iface=tap0"

    friend bool operator==(const DataplaneInterface&, const DataplaneInterface&) = default;
};

struct Dataplane {
    syntax::Location where;
    unsigned workers = 1;
    std::vector<unsigned> worker_cpus;  // empty: any; else one for each worker
    std::optional<unsigned> control_cpu;
    std::optional<int> control_priority;  // SCHED_FIFO 1-99; 0 = ordinary scheduling
    Hugepages hugepages = Hugepages::automatic;
    Idle idle = Idle::adaptive;
    std::uint32_t flows = 65'536;  // per worker
    UnknownFlow unknown_flow = UnknownFlow::reset;
    // A master's host has the virtual addresses too, and all that no virtual_server claims.
    bool host_addresses = true;
    std::vector<HttpAddress> http;  // where metrics and the status page are; empty: nowhere
    std::vector<DataplaneInterface> interfaces;

    const DataplaneInterface* find_interface(const std::string& name) const;

    friend bool operator==(const Dataplane&, const Dataplane&) = default;
};

// startup_script and shutdown_script: once, before all else and after it.
struct LifeScript {
    std::optional<Script> script;
    std::int64_t timeout_ns = 10 * ns_per_s;
    friend bool operator==(const LifeScript&, const LifeScript&) = default;
};

// interface_up_down_delays: how long a link must have changed before it counts.
struct LinkDelay {
    syntax::Location where;
    std::string interface;
    std::int64_t down_ns = 0, up_ns = 0;
    friend bool operator==(const LinkDelay&, const LinkDelay&) = default;
};

struct GlobalDefs {
    syntax::Location where;
    std::string router_id;
    std::string net_namespace;               // of ip-netns(8), to run in; empty: as started
    std::string default_interface = "eth0";  // of static addresses
    std::string script_user, script_group;
    bool enable_script_security = false;
    LifeScript startup, shutdown;
    bool checker_log_all_failures = false;
    bool dynamic_interfaces = false;  // one that is not there yet is taken up when it comes
    NotifyFifos fifos;
    Mail mail;
    std::int64_t vrrp_startup_delay_ns = 0;
    std::optional<int> vrrp_rt_priority;  // keepalived's word for dataplane's control_priority
    net::IpAddress vrrp_mcast_group4 = net::IpAddress::v4(224, 0, 0, 18);
    net::IpAddress vrrp_mcast_group6 =
        net::IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12});
    // vrrp_version, vrrp_strict, vrrp_garp_* and the like have already gone into each instance.

    friend bool operator==(const GlobalDefs&, const GlobalDefs&) = default;
};

struct Config {
    GlobalDefs global;
    Dataplane dataplane;
    std::optional<FlowSync> flow_sync;
    std::vector<VrrpInstance> vrrp_instances;
    std::vector<VrrpSyncGroup> vrrp_sync_groups;
    std::vector<VrrpScript> vrrp_scripts;
    std::vector<VirtualAddress> static_addresses;
    std::vector<RouteLine> static_routes;
    std::vector<RuleLine> static_rules;
    std::vector<TrackGroup> track_groups;
    std::vector<LinkDelay> link_delays;
    std::vector<TrackFile> track_files;
    std::vector<TrackProcess> track_processes;
    std::vector<BfdInstance> bfd_instances;
    std::vector<VirtualServer> virtual_servers;
    std::vector<LocalAddressGroup> local_address_groups;
    // Not of the file: those that this host's routes to real_servers leave by.
    std::vector<std::string> server_interfaces;

    const TrackGroup* find_track_group(const std::string& name) const;
    const LocalAddressGroup* find_local_address_group(const std::string& name) const;
    // Of the control lcore's thread: above all ordinary threads unless the file says otherwise.
    int control_priority() const {
        return dataplane.control_priority.value_or(
            global.vrrp_rt_priority.value_or(default_control_priority));
    }

    friend bool operator==(const Config&, const Config&) = default;
};

// The interfaces that need a port, each once: the instances' in the configuration's order, then
// those that only addresses name, then those towards real_servers.
std::vector<std::string> port_names(const Config& config);

// The words of the file, for messages, logs and telemetry.
const char* to_text(LbAlgo algo);
const char* to_text(LbKind kind);
const char* to_text(Protocol protocol);
const char* to_text(VrrpState state);
const char* to_text(AuthType type);
const char* to_text(TrackKind kind);

}  // namespace warren::config
