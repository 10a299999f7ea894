// SPDX-License-Identifier: BSD-3-Clause
#include "config/support.h"

#include <algorithm>
#include <string>

namespace warren::config {
namespace {

constexpr std::string_view use_tcp_or_ping = "use TCP_CHECK or PING_CHECK";
constexpr std::string_view of_auth_hmac = "it is of auth_hmac (keepalived since 2.4)";

constexpr UnservedKeyword unserved[] = {
    {"vrrp_instance", "vrf", "adverts leave by the interface"},
    {"vrrp_instance", "auth_hmac",
     "keepalived's HMAC of adverts (since 2.4); a peer in mode enforce drops ours: "
     "use authentication on all of them",
     syntax::Severity::error},
    {"vrrp_instance", "active_key", of_auth_hmac, syntax::Severity::error},
    {"vrrp_instance", "anti_replay", of_auth_hmac, syntax::Severity::error},
    {"vrrp_instance", "time_window", of_auth_hmac, syntax::Severity::error},
    {"authentication", "active_key", of_auth_hmac, syntax::Severity::error},
    {"authentication", "anti_replay", of_auth_hmac, syntax::Severity::error},
    {"authentication", "time_window", of_auth_hmac, syntax::Severity::error},
    {"virtual_server", "persistence_engine", "clients are told apart by their addresses"},
    {"virtual_server", "ops", "it is about UDP"},
    {"virtual_server", "syn_proxy", "the real_servers see every SYN"},
    {"virtual_server", "expire_quiescent_conn", "connections end with their servers' checks only"},
    {"virtual_server", "bps", "no limit is kept"},
    {"virtual_server", "limit_proportion", "no limit is kept"},
    {"virtual_server", "tunnel_group", "the routes choose the tunnel"},
    {"virtual_server", "hash_target", "sh and mh hash the client's address"},
    {"virtual_server", "quic", "it is about UDP"},
    {"virtual_server", "daddr_group_name", "the host's firewall knows who may connect",
     syntax::Severity::error},
    {"virtual_server", "allow_address_group", "the host's firewall knows who may connect",
     syntax::Severity::error},
    {"virtual_server", "deny_address_group", "the host's firewall knows who may connect",
     syntax::Severity::error},
    {"real_server", "AMQP_CHECK", use_tcp_or_ping, syntax::Severity::error},
    {"real_server", "RABBITMQ_CHECK", use_tcp_or_ping, syntax::Severity::error},
};

class Checks {
  public:
    explicit Checks(const Config& config) {
        for (const VirtualServer& s : config.virtual_servers) {
            for (const RealServer& r : s.real_servers)
                check(r);
            if (s.sorry_server) check(*s.sorry_server);
        }
    }
    syntax::Diagnostics take() { return std::move(found_); }

  private:
    void report(const syntax::Location& where, syntax::Severity severity, std::string what) {
        found_.push_back({where, severity, std::move(what)});
    }

    void check(const RealServer& r) {
        if (r.address.is_link_local())
            report(r.where, syntax::Severity::error,
                   "the link-local server " + r.address.to_string() +
                       " is not supported yet: use a global or unique local address of its");
    }

    syntax::Diagnostics found_;
};

}  // namespace

const UnservedKeyword* find_unserved(std::string_view block, std::string_view keyword) {
    const auto* found = std::find_if(
        std::begin(unserved), std::end(unserved),
        [&](const UnservedKeyword& k) { return k.block == block && k.keyword == keyword; });
    return found == std::end(unserved) ? nullptr : found;
}

syntax::Diagnostics check_supported(const Config& config) {
    return Checks(config).take();
}

}  // namespace warren::config
