// SPDX-License-Identifier: BSD-3-Clause
// real_server and sorry_server.
#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::pair<std::string_view, config::LbKind> kind_names[] = {
    {"NAT", config::LbKind::nat},
    {"DR", config::LbKind::dr},
    {"TUN", config::LbKind::tun},
    {"FNAT", config::LbKind::fnat}};

// What stands between "type" and the words of its packets' form; keepalived refuses other ones.
bool is_tunnel_type(const std::string& type) {
    return type == "ipip" || type == "gue" || type == "gre";
}

}  // namespace

// keepalived: lb_kind NAT|DR|TUN [type ipip|gue port N|gre [nocsum|csum|remcsum]]. Without a tunnel
// it heeds none of that, and packets of ipip have no sum of their own.
bool read_kind(Statement& s, config::LbKind& kind) {
    if (!s.choice(kind_names, kind)) return false;
    if (s.args() == 1) return true;
    if (s.arg(1) != "type" || s.args() < 3 || !is_tunnel_type(s.arg(2))) {
        s.error("lb_kind " + s.arg(0) + " takes no " +
                syntax::in_quotes(s.arg(s.arg(1) == "type" && s.args() > 2 ? 2 : 1)));
        return false;
    }
    if (kind != config::LbKind::tun)
        s.warn("lb_kind " + s.arg(0) + " has no tunnel: 'type " + s.arg(2) + "' means nothing");
    else if (s.arg(2) != "ipip")
        s.warn("lb_kind TUN type " + s.arg(2) +
               " is not served yet: plain IP in IP is sent, which a server takes only if it has an "
               "ipip tunnel too");
    return true;
}

void set_server_kind(Statement& s, config::RealServer& r) {
    config::LbKind kind{};
    if (read_kind(s, kind)) r.lb_kind = kind;
}

namespace {

constexpr Keyword<config::RealServer> server_keywords[] = {
    {"weight", 1, 1,
     [](Statement& s, config::RealServer& r) { s.number_or(0, 65'535, 1, r.weight); }},
    {"tier", 1, 1, [](Statement& s, config::RealServer& r) { s.number(0, 255, r.tier); }},
    {"inhibit_on_failure", 0, 1,
     [](Statement& s, config::RealServer& r) { s.boolean(r.inhibit_on_failure); }},
    {"alpha", 0, 1, [](Statement& s, config::RealServer& r) { s.boolean(r.alpha); }},
    {"lb_kind", 1, any_number, set_server_kind},
    {"lvs_method", 1, any_number, set_server_kind},
    {"uthreshold", 1, 1,
     [](Statement& s, config::RealServer& r) { s.number(0, 1 << 30, r.uthreshold); }},
    {"lthreshold", 1, 1,
     [](Statement& s, config::RealServer& r) { s.number(0, 1 << 30, r.lthreshold); }},
    {"virtualhost", 1, 1, [](Statement& s, config::RealServer& r) { r.virtualhost = s.arg(0); }},
    {"smtp_alert", 0, 1, [](Statement& s, config::RealServer& r) { s.boolean(r.smtp_alert); }},
    {"notify_up", 1, 3, [](Statement& s, config::RealServer& r) { s.script(r.notify_up); }},
    {"notify_down", 1, 3, [](Statement& s, config::RealServer& r) { s.script(r.notify_down); }},
};

constexpr IgnoredKeyword ignored_server[] = {
    {"snmp_name", "state is shown by warrenctl"},
};

}  // namespace

bool read_address_and_port(Statement& s, net::IpAddress& address, std::uint16_t& port) {
    if (!s.address(address)) return false;
    return s.args() < 2 || s.arg(1) == "0" || s.number(1, 65'535, port, 1, "port");
}

void read_real_server(Statement& s, config::VirtualServer& v) {
    ServerDraft draft;
    draft.server.where = s.where();
    draft.server.inhibit_on_failure = v.inhibit_on_failure;
    draft.server.alpha = v.alpha;
    draft.server.weight = v.weight;
    draft.timing = v.timing;
    const bool addressed = read_address_and_port(s, draft.server.address, draft.server.port);
    BlockReader reader(s.context, "real_server", s.where());
    reader.keywords(server_keywords, draft.server).ignore(ignored_server);
    add_checker_keywords(reader, draft);
    reader.read(s.node.children);
    if (addressed) v.real_servers.push_back(std::move(draft.server));
}

void read_sorry_server(Statement& s, config::VirtualServer& v) {
    config::RealServer sorry;
    sorry.where = s.where();
    if (read_address_and_port(s, sorry.address, sorry.port)) v.sorry_server = std::move(sorry);
}

}  // namespace warren::schema
