// SPDX-License-Identifier: BSD-3-Clause
// virtual_server, real_server and their checkers. Timings go from the outer block to the inner one.
#include <algorithm>
#include <bit>

#include "config/schema.h"

namespace warren::config {
namespace {

constexpr std::int64_t day_ns = 86'400 * ns_per_s;
constexpr std::int64_t least_delay_loop_ns = 10 * ns_per_ms;
constexpr std::int64_t longest_timeout_ns = 3'600 * ns_per_s;

constexpr std::string_view no_mail = "Warren sends no mail";
constexpr std::string_view no_snmp = "state is shown by warrenctl";

constexpr Keyword<CheckTiming> timing_keywords[] = {
    {"delay_loop", 1, 1,
     [](Statement& s, CheckTiming& t) { s.seconds(least_delay_loop_ns, day_ns, t.delay_loop_ns); }},
    {"connect_timeout", 1, 1,
     [](Statement& s, CheckTiming& t) {
         s.seconds(ns_per_ms, longest_timeout_ns, t.connect_timeout_ns);
     }},
    {"retry", 1, 1, [](Statement& s, CheckTiming& t) { s.number(0, 1'000, t.retry); }},
    {"nb_get_retry", 1, 1, [](Statement& s, CheckTiming& t) { s.number(0, 1'000, t.retry); }},
    {"delay_before_retry", 1, 1,
     [](Statement& s, CheckTiming& t) {
         s.seconds(0, longest_timeout_ns, t.delay_before_retry_ns);
     }},
    {"warmup", 1, 1, [](Statement& s, CheckTiming& t) { s.seconds(0, day_ns, t.warmup_ns); }},
};

constexpr Keyword<CheckTiming> own_timing_keywords[] = {
    {"rise", 1, 1, [](Statement& s, CheckTiming& t) { s.number(1, 1'000, t.rise); }},
};

void set_port(Statement& s, std::uint16_t& port, std::size_t i = 0) {
    s.number(1, 65'535, port, i);
}

constexpr Keyword<CheckEndpoint> endpoint_keywords[] = {
    {"connect_ip", 1, 1, [](Statement& s, CheckEndpoint& e) { s.address(e.connect_ip); }},
    {"connect_port", 1, 1,
     [](Statement& s, CheckEndpoint& e) {
         std::uint16_t port = 0;
         if (s.number(1, 65'535, port)) e.connect_port = port;
     }},
    {"bindto", 1, 1, [](Statement& s, CheckEndpoint& e) { s.address(e.bind_ip); }},
    {"bind_port", 1, 1, [](Statement& s, CheckEndpoint& e) { set_port(s, e.bind_port); }},
    {"bind_if", 1, 1, [](Statement& s, CheckEndpoint& e) { s.interface(e.bind_if); }},
    {"fwmark", 1, 1, [](Statement& s, CheckEndpoint& e) { s.number(0, UINT32_MAX, e.fwmark); }},
};

constexpr IgnoredKeyword ignored_checker[] = {
    {"log_all_failures", "every change is logged once"},
};

void set_alpha(Statement& s, RealServer& r) {
    s.boolean(r.alpha);
}

constexpr Keyword<RealServer> alpha_keyword[] = {{"alpha", 0, 1, set_alpha}};

// A real_server while it is read, with the timings its checkers start from.
struct ServerDraft {
    RealServer server;
    CheckTiming timing;
};

template <typename Check>
void read_checker(Statement& s, ServerDraft& d) {
    Check check;
    check.where = s.where();
    check.timing = d.timing;
    BlockReader(s.context, s.node.keyword(), s.where())
        .keywords(timing_keywords, check.timing)
        .keywords(own_timing_keywords, check.timing)
        .keywords(endpoint_keywords, check.endpoint)
        .keywords(alpha_keyword, d.server)
        .ignore(ignored_checker)
        .read(s.node.children);
    d.server.checkers.emplace_back(std::move(check));
}

constexpr std::pair<std::string_view, LbKind> kind_names[] = {
    {"NAT", LbKind::nat}, {"DR", LbKind::dr}, {"TUN", LbKind::tun}, {"FNAT", LbKind::fnat}};

// keepalived: lb_kind NAT|DR|TUN [type ipip|gue|gre [port N] [nocsum|csum|remcsum]]
bool read_kind(Statement& s, LbKind& kind) {
    if (!s.choice(kind_names, kind)) return false;
    if (s.args() == 1) return true;
    const bool plain =
        kind == LbKind::tun && s.args() == 3 && s.arg(1) == "type" && s.arg(2) == "ipip";
    if (plain) return true;
    if (kind == LbKind::tun && s.args() > 2 && s.arg(1) == "type")
        s.error("lb_kind TUN type " + s.arg(2) + " is not supported: use type ipip, or none");
    else
        s.error("lb_kind " + s.arg(0) + " takes no " + in_quotes(s.arg(1)));
    return false;
}

void set_server_kind(Statement& s, RealServer& r) {
    LbKind kind{};
    if (read_kind(s, kind)) r.lb_kind = kind;
}

constexpr Keyword<RealServer> server_keywords[] = {
    {"weight", 1, 1, [](Statement& s, RealServer& r) { s.number(0, 65'535, r.weight); }},
    {"inhibit_on_failure", 0, 1,
     [](Statement& s, RealServer& r) { s.boolean(r.inhibit_on_failure); }},
    {"alpha", 0, 1, set_alpha},
    {"lb_kind", 1, any_number, set_server_kind},
    {"lvs_method", 1, any_number, set_server_kind},
    {"uthreshold", 1, 1, [](Statement& s, RealServer& r) { s.number(0, 1 << 30, r.uthreshold); }},
    {"lthreshold", 1, 1, [](Statement& s, RealServer& r) { s.number(0, 1 << 30, r.lthreshold); }},
    {"notify_up", 1, 3, [](Statement& s, RealServer& r) { s.script(r.notify_up); }},
    {"notify_down", 1, 3, [](Statement& s, RealServer& r) { s.script(r.notify_down); }},
};

constexpr Keyword<ServerDraft> checker_keywords[] = {
    {"TCP_CHECK", 0, 0, read_checker<TcpCheck>, BlockUse::required, Repeat::yes},
    {"PING_CHECK", 0, 0, read_checker<PingCheck>, BlockUse::required, Repeat::yes},
};

constexpr IgnoredKeyword ignored_server[] = {
    {"smtp_alert", no_mail},
    {"snmp_name", no_snmp},
    {"virtualhost", "only HTTP checks use it"},
};

// ADDRESS [PORT], for virtual_server, real_server and sorry_server.
bool read_endpoint(Statement& s, net::IpAddress& address, std::uint16_t& port) {
    if (!s.address(address)) return false;
    if (s.args() < 2) {
        s.error(in_quotes(s.node.keyword()) + " needs an address and a port");
        return false;
    }
    return s.number(1, 65'535, port, 1, "port");
}

void read_real_server(Statement& s, VirtualServer& v) {
    ServerDraft draft;
    draft.server.where = s.where();
    draft.server.inhibit_on_failure = v.inhibit_on_failure;
    draft.server.alpha = v.alpha;
    draft.timing = v.timing;
    const bool addressed = read_endpoint(s, draft.server.address, draft.server.port);
    BlockReader(s.context, "real_server", s.where())
        .keywords(server_keywords, draft.server)
        .keywords(timing_keywords, draft.timing)
        .keywords(checker_keywords, draft)
        .ignore(ignored_server)
        .read(s.node.children);
    if (addressed) v.real_servers.push_back(std::move(draft.server));
}

void set_sorry_server(Statement& s, VirtualServer& v) {
    RealServer sorry;
    sorry.where = s.where();
    sorry.port = v.port;
    if (s.args() == 1 ? s.address(sorry.address) : read_endpoint(s, sorry.address, sorry.port))
        v.sorry_server = std::move(sorry);
}

constexpr std::int64_t default_persistence_ns = 360 * ns_per_s;  // keepalived's, and IPVS's

// A netmask for IPv4, a prefix length for IPv6. Alone it turns persistence on, as in keepalived.
void set_granularity(Statement& s, VirtualServer& v) {
    unsigned length = 0;
    if (v.address.is_v4()) {
        const auto mask = net::IpAddress::parse(s.arg(0));
        if (!mask || !mask->is_v4()) return s.error("'persistence_granularity' is a netmask");
        const std::uint32_t bits = mask->as_v4().host();
        length = static_cast<unsigned>(std::countl_one(bits));
        if (length == 0 || (length < 32 && bits << length != 0))
            return s.error("'persistence_granularity' is a netmask, not " + in_quotes(s.arg(0)));
    } else if (!s.number(1, 128, length)) {
        return;
    }
    v.persistence_granularity = static_cast<std::uint8_t>(length);
    if (v.persistence_timeout_ns == 0) v.persistence_timeout_ns = default_persistence_ns;
}

bool has_sorry_server(Statement& s, const VirtualServer& v) {
    if (!v.sorry_server) s.error(in_quotes(s.node.keyword()) + " needs a sorry_server before it");
    return v.sorry_server.has_value();
}

void set_sorry_inhibit(Statement& s, VirtualServer& v) {
    if (has_sorry_server(s, v)) s.boolean(v.sorry_server->inhibit_on_failure);
}

void set_sorry_kind(Statement& s, VirtualServer& v) {
    if (has_sorry_server(s, v)) set_server_kind(s, *v.sorry_server);
}

constexpr std::pair<std::string_view, LbAlgo> algo_names[] = {
    {"rr", LbAlgo::rr},   {"wrr", LbAlgo::wrr}, {"lc", LbAlgo::lc},
    {"wlc", LbAlgo::wlc}, {"sh", LbAlgo::sh},   {"mh", LbAlgo::mh},
    {"sed", LbAlgo::sed}, {"nq", LbAlgo::nq},   {"fo", LbAlgo::fo}};
constexpr std::pair<std::string_view, Protocol> protocol_names[] = {
    {"TCP", Protocol::tcp}, {"UDP", Protocol::udp}, {"SCTP", Protocol::sctp}};

void set_algo(Statement& s, VirtualServer& v) {
    for (const std::string_view other : {"ovf", "twos", "dh", "lblc", "lblcr"})
        if (s.arg(0) == other)
            return s.error("lb_algo " + s.arg(0) +
                           " is not supported: use rr, wrr, lc, wlc, sed, nq, fo, sh or mh");
    s.choice(algo_names, v.lb_algo);
}

void set_kind(Statement& s, VirtualServer& v) {
    read_kind(s, v.lb_kind);
}

void set_hash_port(Statement&, VirtualServer& v) {
    v.hash_port = true;
}

void set_hash_fallback(Statement&, VirtualServer& v) {
    v.hash_fallback = true;
}

constexpr Keyword<VirtualServer> virtual_server_keywords[] = {
    {"lb_algo", 1, 1, set_algo},
    {"lvs_sched", 1, 1, set_algo},
    {"lb_kind", 1, any_number, set_kind},
    {"lvs_method", 1, any_number, set_kind},
    {"protocol", 1, 1,
     [](Statement& s, VirtualServer& v) { s.choice(protocol_names, v.protocol); }},
    {"sh-port", 0, 0, set_hash_port},
    {"mh-port", 0, 0, set_hash_port},
    {"flag-2", 0, 0, set_hash_port},  // IPVS's name for both
    {"sh-fallback", 0, 0, set_hash_fallback},
    {"mh-fallback", 0, 0, set_hash_fallback},
    {"flag-1", 0, 0, set_hash_fallback},
    {"persistence_timeout", 0, 1,
     [](Statement& s, VirtualServer& v) {
         v.persistence_timeout_ns = default_persistence_ns;
         if (s.args() > 0) s.seconds(ns_per_s, 31 * day_ns, v.persistence_timeout_ns);
     }},
    {"persistence_granularity", 1, 1, set_granularity},
    {"quorum", 1, 1, [](Statement& s, VirtualServer& v) { s.number(1, 1 << 30, v.quorum); }},
    {"hysteresis", 1, 1,
     [](Statement& s, VirtualServer& v) { s.number(0, 1 << 30, v.hysteresis); }},
    {"quorum_up", 1, 3, [](Statement& s, VirtualServer& v) { s.script(v.quorum_up); }},
    {"quorum_down", 1, 3, [](Statement& s, VirtualServer& v) { s.script(v.quorum_down); }},
    {"alpha", 0, 1, [](Statement& s, VirtualServer& v) { s.boolean(v.alpha); }},
    {"omega", 0, 1, [](Statement& s, VirtualServer& v) { s.boolean(v.omega); }},
    {"inhibit_on_failure", 0, 1,
     [](Statement& s, VirtualServer& v) { s.boolean(v.inhibit_on_failure); }},
    {"establish_timeout", 1, 1,
     [](Statement& s, VirtualServer& v) {
         s.seconds(ns_per_s, 31 * day_ns, v.establish_timeout_ns);
     }},
    {"laddr_group_name", 1, 1,
     [](Statement& s, VirtualServer& v) { v.local_address_group = s.arg(0); }},
    {"sorry_server", 1, 2, set_sorry_server},
    {"sorry_server_inhibit", 0, 1, set_sorry_inhibit},
    {"sorry_server_lvs_method", 1, any_number, set_sorry_kind},
    {"real_server", 1, 2, read_real_server, BlockUse::required, Repeat::yes},
};

constexpr IgnoredKeyword ignored_virtual_server[] = {
    {"smtp_alert", no_mail},
    {"snmp_name", no_snmp},
    {"virtualhost", "only HTTP checks use it"},
    {"ip_family", "the address says it"},
    {"ha_suspend", "servers are checked on a backup too, so that a takeover finds them known"},
    {"flag-3", "no scheduler uses it"},
    {"hashed", "virtual_servers are always found by a hash"},
    {"vip_bind_dev", "the VIP's vrrp_instance names the interface"},
};

}  // namespace

void add_virtual_server_keywords(BlockReader& reader, VirtualServer& server) {
    reader.keywords(virtual_server_keywords, server)
        .keywords(timing_keywords, server.timing)
        .ignore(ignored_virtual_server);
}

bool says(const Node& block, std::string_view one, std::string_view other) {
    return mentions(block, one) || mentions(block, other);
}

// What stands nowhere and matters.
void report_defaults(Statement& s, const VirtualServer& v) {
    const std::string name = "the virtual_server " + name_of(v);
    const bool each_says = std::all_of(v.real_servers.begin(), v.real_servers.end(),
                                       [](const RealServer& r) { return r.lb_kind.has_value(); });
    if (!says(s.node, "lb_kind", "lvs_method") && !(each_says && !v.real_servers.empty()))
        s.warn(name + " has no lb_kind: NAT is taken, as in keepalived");
    if (!says(s.node, "lb_algo", "lvs_sched"))
        s.warn(name + " has no lb_algo: wlc is taken, as in keepalived");
    if (!mentions(s.node, "protocol"))
        s.context.report(s.where(), Severity::note,
                         name + " has no protocol: TCP is taken; keepalived takes UDP");
}

void read_virtual_server(Statement& s, Config& config) {
    if (s.arg(0) == "group" || s.arg(0) == "fwmark")
        return s.error("virtual_server " + s.arg(0) +
                       " is not supported yet: write one virtual_server for each address and port");
    VirtualServer server;
    server.where = s.where();
    const bool addressed = read_endpoint(s, server.address, server.port);
    BlockReader reader(s.context, "virtual_server", s.where());
    add_virtual_server_keywords(reader, server);
    reader.read(s.node.children);
    if (addressed && !s.context.misplaced) report_defaults(s, server);
    if (addressed) config.virtual_servers.push_back(std::move(server));
}

}  // namespace warren::config
