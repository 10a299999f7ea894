// SPDX-License-Identifier: BSD-3-Clause
// virtual_server. Timings go from the outer block to the inner one.
#include <algorithm>
#include <bit>
#include <charconv>

#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::int64_t default_persistence_ns = 360 * config::ns_per_s;  // keepalived's, and IPVS's

std::optional<unsigned> length_of_mask(const std::string& text) {
    const auto mask = net::IpAddress::parse(text);
    if (!mask || !mask->is_v4()) return std::nullopt;
    const std::uint32_t bits = mask->as_v4().host();
    const auto length = static_cast<unsigned>(std::countl_one(bits));
    if (length == 0 || (length < 32 && bits << length != 0)) return std::nullopt;
    return length;
}

// keepalived hands any mask to IPVS, and reads 24 as 0.0.0.24, which nobody means.
unsigned read_mask(Statement& s) {
    const std::string& text = s.arg(0);
    if (const auto length = length_of_mask(text)) return *length;
    unsigned meant = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), meant);
    if (fault != std::errc{} || *end != '\0' || meant == 0 || meant > 32) meant = 32;
    s.warn("'persistence_granularity' is a netmask, not " + syntax::in_quotes(text) + ": /" +
           std::to_string(meant) + " is taken");
    return meant;
}

// A netmask for IPv4, a prefix length for IPv6; a firewall mark has either. Alone it turns
// persistence on, as in keepalived.
void set_granularity(Statement& s, config::VirtualServer& v) {
    const bool is_mark = v.address == net::IpAddress();
    const bool has_dots = s.arg(0).find('.') != std::string::npos;
    unsigned length = 0;
    if (v.address.is_v4() || (is_mark && has_dots))
        length = read_mask(s);
    else if (!s.number(1, 128, length))
        return;
    v.persistence_granularity = static_cast<std::uint8_t>(length);
    if (v.persistence_timeout_ns == 0) v.persistence_timeout_ns = default_persistence_ns;
}

bool has_sorry_server(Statement& s, const config::VirtualServer& v) {
    if (!v.sorry_server)
        s.warn(syntax::in_quotes(s.node.keyword()) +
               " needs a sorry_server before it: it is left out, as in keepalived");
    return v.sorry_server.has_value();
}

void set_sorry_inhibit(Statement& s, config::VirtualServer& v) {
    if (has_sorry_server(s, v)) s.boolean(v.sorry_server->inhibit_on_failure);
}

void set_sorry_kind(Statement& s, config::VirtualServer& v) {
    if (has_sorry_server(s, v)) set_server_kind(s, *v.sorry_server);
}

constexpr std::pair<std::string_view, config::LbAlgo> algo_names[] = {
    {"rr", config::LbAlgo::rr},   {"wrr", config::LbAlgo::wrr}, {"lc", config::LbAlgo::lc},
    {"wlc", config::LbAlgo::wlc}, {"sh", config::LbAlgo::sh},   {"mh", config::LbAlgo::mh},
    {"sed", config::LbAlgo::sed}, {"nq", config::LbAlgo::nq},   {"fo", config::LbAlgo::fo}};
constexpr std::pair<std::string_view, config::Protocol> protocol_names[] = {
    {"TCP", config::Protocol::tcp},
    {"UDP", config::Protocol::udp},
    {"SCTP", config::Protocol::sctp}};

void set_protocol(Statement& s, config::VirtualServer& v) {
    s.choice(protocol_names, v.protocol);
}

// IPVS's and DPVS's schedulers that we have not, and which of ours does most of what they do.
struct StandIn {
    std::string_view name;
    config::LbAlgo taken;
};
constexpr StandIn stand_ins[] = {{"dh", config::LbAlgo::sh},    {"lblc", config::LbAlgo::lc},
                                 {"lblcr", config::LbAlgo::lc}, {"ovf", config::LbAlgo::fo},
                                 {"twos", config::LbAlgo::wlc}, {"conhash", config::LbAlgo::mh}};

void set_algo(Statement& s, config::VirtualServer& v) {
    for (const StandIn& other : stand_ins)
        if (is_same_word(s.arg(0), other.name)) {
            v.lb_algo = other.taken;
            return s.warn("lb_algo " + s.arg(0) + " is not served: " + config::to_text(v.lb_algo) +
                          ", the nearest, is taken");
        }
    if (const std::string wrong = s.take_choice(algo_names, v.lb_algo); !wrong.empty())
        s.warn(wrong + ": " + config::to_text(v.lb_algo) + " is taken, as in keepalived");
}

void set_kind(Statement& s, config::VirtualServer& v) {
    read_kind(s, v.lb_kind);
}

constexpr std::pair<std::string_view, net::ProxyVersion> proxy_names[] = {
    {"v1", net::ProxyVersion::v1}, {"v2", net::ProxyVersion::v2}, {"off", net::ProxyVersion::none}};

void set_hash_port(Statement&, config::VirtualServer& v) {
    v.hash_port = true;
}

void set_hash_fallback(Statement&, config::VirtualServer& v) {
    v.hash_fallback = true;
}

// read_profile() has read it.
void check_profile(Statement& s, config::VirtualServer&) {
    if (s.arg(0) != "rabbitmq")
        s.error("'profile' is rabbitmq, not " + syntax::in_quotes(s.arg(0)));
}

constexpr Keyword<config::VirtualServer> virtual_server_keywords[] = {
    {"profile", 1, 1, check_profile},
    {"virtualhost", 1, 1, [](Statement& s, config::VirtualServer& v) { v.virtualhost = s.arg(0); }},
    {"smtp_alert", 0, 1, [](Statement& s, config::VirtualServer& v) { s.boolean(v.smtp_alert); }},
    {"lb_algo", 1, 1, set_algo},
    {"lvs_sched", 1, 1, set_algo},
    {"lb_kind", 1, any_number, set_kind},
    {"lvs_method", 1, any_number, set_kind},
    {"protocol", 1, 1, [](Statement& s, config::VirtualServer& v) { set_protocol(s, v); }},
    {"sh-port", 0, 0, set_hash_port},
    {"mh-port", 0, 0, set_hash_port},
    {"flag-2", 0, 0, set_hash_port},  // IPVS's name for both
    {"sh-fallback", 0, 0, set_hash_fallback},
    {"mh-fallback", 0, 0, set_hash_fallback},
    {"flag-1", 0, 0, set_hash_fallback},
    {"persistence_timeout", 0, 1,
     [](Statement& s, config::VirtualServer& v) {
         v.persistence_timeout_ns = default_persistence_ns;
         if (s.args() > 0 && s.arg(0) == "0") {
             s.warn("'persistence_timeout' 0 means no persistence: the line can go");
             v.persistence_timeout_ns = 0;
         } else if (s.args() > 0) {
             s.seconds(config::ns_per_s, 31 * config::ns_per_day, v.persistence_timeout_ns);
         }
     }},
    {"persistence_granularity", 1, 1, set_granularity},
    {"weight", 1, 1,
     [](Statement& s, config::VirtualServer& v) { s.number_or(1, 65'535, 1, v.weight); }},
    {"quorum", 1, 1,
     [](Statement& s, config::VirtualServer& v) { s.number_near(1, 1 << 30, v.quorum); }},
    {"hysteresis", 1, 1,
     [](Statement& s, config::VirtualServer& v) { s.number(0, 1 << 30, v.hysteresis); }},
    {"quorum_up", 1, 3, [](Statement& s, config::VirtualServer& v) { s.script(v.quorum_up); }},
    {"quorum_down", 1, 3, [](Statement& s, config::VirtualServer& v) { s.script(v.quorum_down); }},
    {"alpha", 0, 1, [](Statement& s, config::VirtualServer& v) { s.boolean(v.alpha); }},
    {"omega", 0, 1, [](Statement& s, config::VirtualServer& v) { s.boolean(v.omega); }},
    {"inhibit_on_failure", 0, 1,
     [](Statement& s, config::VirtualServer& v) { s.boolean(v.inhibit_on_failure); }},
    {"establish_timeout", 1, 1,
     [](Statement& s, config::VirtualServer& v) {
         s.seconds(config::ns_per_s, 31 * config::ns_per_day, v.establish_timeout_ns);
     }},
    {"flow_sync", 1, 1, [](Statement& s, config::VirtualServer& v) { s.boolean(v.flow_sync); }},
    {"proxy_protocol", 1, 1,
     [](Statement& s, config::VirtualServer& v) { s.choice(proxy_names, v.proxy_protocol); }},
    {"laddr_group_name", 1, 1,
     [](Statement& s, config::VirtualServer& v) { v.local_address_group = s.arg(0); }},
    {"sorry_server", 1, 2, read_sorry_server},
    {"sorry_server_inhibit", 0, 1, set_sorry_inhibit},
    {"sorry_server_lvs_method", 1, any_number, set_sorry_kind},
    {"real_server", 1, 2, read_real_server, BlockUse::required, Repeat::yes},
};

constexpr IgnoredKeyword ignored_virtual_server[] = {
    {"snmp_name", no_snmp},
    {"nat_mask", "it is of old kernels: real_servers have addresses of their own"},
    {"net_mask", "keepalived has no such keyword, though old guides have"},
    {"timeout", "keepalived has no such keyword either: use connect_timeout or establish_timeout"},
    {"ip_family", "the address says it"},
    {"ha_suspend", "servers are checked on a backup too, so that a takeover finds them known"},
    {"flag-3", "no scheduler uses it"},
    {"hashed", "virtual_servers are always found by a hash"},
    {"vip_bind_dev", "the VIP's vrrp_instance names the interface"},
};

bool says(const syntax::Node& block, std::string_view one, std::string_view other) {
    return mentions(block, one) || mentions(block, other);
}

// Clients that come back to the server they were moved from.
bool has_fixed_places(const config::VirtualServer& v) {
    using config::LbAlgo;
    return v.lb_algo == LbAlgo::sh || v.lb_algo == LbAlgo::mh || v.lb_algo == LbAlgo::fo ||
           v.persistence_timeout_ns != 0;
}

bool asks_management_api(const config::RealServer& server) {
    return std::any_of(server.checkers.begin(), server.checkers.end(),
                       [](const config::Checker& check) {
                           return std::holds_alternative<config::RabbitmqCheck>(check);
                       });
}

// `method close` knows clients of ours by FNAT's local addresses, and nodes by their
// RABBITMQ_CHECK.
void warn_of_stayers(Statement& s, const config::VirtualServer& v) {
    if (!v.balancing.rebalance) return;
    if (has_fixed_places(v))
        return s.warn("the virtual_server " + config::name_of(v) +
                      " has a rebalance, and where its clients go is fixed: nothing is moved");
    if (v.balancing.rebalance->method != config::MoveMethod::close) return;
    for (const config::RealServer& server : v.real_servers) {
        const std::string what = "rebalance by 'method close' moves nothing of the real_server " +
                                 server.address.to_string() + ": ";
        if (!asks_management_api(server))
            s.warn(what + "it has no RABBITMQ_CHECK, which says where the management API is");
        else if (server.kind_in(v) != config::LbKind::fnat)
            s.warn(what + "only with lb_kind FNAT a node's clients of ours are known from others");
    }
}

void warn_of_no_weights(Statement& s, const config::VirtualServer& v) {
    using config::LbAlgo;
    const LbAlgo algo = v.lb_algo;
    if (v.balancing.slow_start_ns != 0 &&
        (algo == LbAlgo::rr || algo == LbAlgo::lc || algo == LbAlgo::fo))
        s.warn("the virtual_server " + config::name_of(v) + " has a slow_start, and its lb_algo " +
               config::to_text(algo) + " takes no notice of it: wlc and wrr do");
}

// Who does not say what it is comes last, so that `prefer` would choose among nobody.
void warn_of_unknown_types(Statement& s, const config::VirtualServer& v) {
    if (v.balancing.prefer == config::Prefer::any) return;
    for (const config::RealServer& server : v.real_servers)
        if (!asks_management_api(server))
            s.warn("'prefer' does not know the real_server " + server.address.to_string() +
                   ": it has no RABBITMQ_CHECK, which says whether a node is ram or disc");
}

// What stands nowhere and matters.
void report_defaults(Statement& s, const config::VirtualServer& v) {
    if (mentions(s.node, "profile")) return;
    const std::string name = "the virtual_server " + config::name_of(v);
    const bool each_says =
        std::all_of(v.real_servers.begin(), v.real_servers.end(),
                    [](const config::RealServer& r) { return r.lb_kind.has_value(); });
    if (!says(s.node, "lb_kind", "lvs_method") && !(each_says && !v.real_servers.empty()))
        s.warn(name + " has no lb_kind: NAT is taken, as in keepalived");
    if (!says(s.node, "lb_algo", "lvs_sched"))
        s.warn(name + " has no lb_algo: wlc is taken, as in keepalived");
    if (!mentions(s.node, "protocol"))
        s.context.report(s.where(), syntax::Severity::note,
                         name + " has no protocol: TCP is taken; keepalived takes UDP");
}

// What comes to it is not balanced; whoever has the address answers.
void warn_unserved(Statement& s, const std::string& what, const std::string& why) {
    s.warn("the virtual_server " + what + " is not served yet: " + why);
}

// Without a port of its own a server has its virtual_server's.
void settle_port(config::RealServer& r, std::uint16_t port) {
    if (r.port == 0) r.port = port;
}

// The same with the name that its HTTP checks ask for.
void settle_host(config::RealServer& r, const config::VirtualServer& v) {
    if (r.virtualhost.empty()) r.virtualhost = v.virtualhost;
}

// A check of another address or port, a management API's for one, meets another listener.
bool is_where_clients_come(const config::CheckEndpoint& e, const config::RealServer& r) {
    return e.connect_ip.value_or(r.address) == r.address &&
           e.connect_port.value_or(r.port) == r.port;
}

// And whether its listener wants a header first: who serves our clients does. TCP_CHECK, which says
// nothing, says no header either.
void settle_proxy(config::RealServer& r, const config::VirtualServer& v) {
    const auto settle = [&](config::CheckEndpoint& endpoint) {
        if (is_where_clients_come(endpoint, r)) endpoint.proxy_protocol = v.proxy_protocol;
    };
    for (config::Checker& checker : r.checkers)
        if (auto* amqp = std::get_if<config::AmqpCheck>(&checker)) {
            if (!amqp->proxy_header)
                amqp->proxy_header = v.proxy_protocol != net::ProxyVersion::none;
        } else if (auto* http = std::get_if<config::HttpCheck>(&checker)) {
            settle(http->endpoint);
        } else if (auto* smtp = std::get_if<config::SmtpCheck>(&checker)) {
            settle(smtp->endpoint);
            for (config::CheckEndpoint& host : smtp->hosts)
                settle(host);
        }
}

bool is_served(Statement& s, const config::VirtualServer& v) {
    const std::string name = v.address.to_string() + " " + std::to_string(v.port);
    if (v.protocol != config::Protocol::tcp)
        warn_unserved(s, name,
                      std::string("its protocol is ") + config::to_text(v.protocol) +
                          ", and only TCP is balanced");
    else if (v.port == 0)
        warn_unserved(s, v.address.to_string(),
                      "it has no port, which means all of them: write one for each port");
    return v.protocol == config::Protocol::tcp && v.port != 0;
}

}  // namespace

void add_virtual_server_keywords(BlockReader& reader, config::VirtualServer& server) {
    reader.keywords(virtual_server_keywords, server).ignore(ignored_virtual_server);
    add_balancing_keywords(reader, server.balancing);
    add_timing_keywords(reader, server.timing);
}

void add_virtual_server(Statement& s, config::VirtualServer server, config::Config& config) {
    if (!is_served(s, server)) return;
    warn_of_stayers(s, server);
    warn_of_no_weights(s, server);
    warn_of_unknown_types(s, server);
    report_defaults(s, server);
    for (config::RealServer& r : server.real_servers) {
        settle_port(r, server.port);
        settle_host(r, server);
        settle_proxy(r, server);
    }
    if (server.sorry_server) settle_port(*server.sorry_server, server.port);
    config.virtual_servers.push_back(std::move(server));
}

void read_virtual_server(Statement& s, config::Config& config,
                         std::vector<GroupedServer>& grouped) {
    config::VirtualServer server;
    server.where = s.where();
    const bool is_group = s.arg(0) == "group", is_mark = s.arg(0) == "fwmark";
    const bool addressed =
        !is_group && !is_mark && read_address_and_port(s, server.address, server.port);
    if ((is_group || is_mark) && s.args() < 2)
        s.error("'virtual_server " + s.arg(0) + "' needs " + (is_group ? "a name" : "a number"));
    if (addressed) read_profile(s.node, s.context, server);
    BlockReader reader(s.context, "virtual_server", s.where());
    add_virtual_server_keywords(reader, server);
    reader.read(s.node.children);
    if (s.context.misplaced || s.args() < (is_group || is_mark ? 2 : 1)) return;
    if (is_mark)
        return warn_unserved(s, "fwmark " + s.arg(1), "write one for each address and port of it");
    if (is_group) {
        grouped.push_back({&s.node, s.arg(1), std::move(server)});
    } else if (addressed) {
        add_virtual_server(s, std::move(server), config);
    }
}

}  // namespace warren::schema
