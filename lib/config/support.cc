// SPDX-License-Identifier: BSD-3-Clause
#include "config/support.h"

#include <algorithm>
#include <string>

namespace warren::config {
namespace {

struct Refused {
    std::string_view block;
    std::string_view keyword;
    std::string_view hint;
};

constexpr std::string_view use_tcp_or_ping = "use TCP_CHECK or PING_CHECK";

constexpr Refused refused[] = {
    {"global_defs", "net_namespace", "start warren in the namespace instead"},
    {"", "net_namespace", "start warren in the namespace instead"},
    {"vrrp_instance", "track_bfd", "use track_script or track_interface"},
    {"vrrp_instance", "vrf", ""},
    {"vrrp_instance", "auth_hmac", "use authentication with auth_type PASS"},
    {"vrrp_instance", "track_src_ip", ""},
    {"vrrp_instance", "no_virtual_ipaddress", ""},
    {"vrrp_sync_group", "track_bfd", ""},
    {"virtual_server", "persistence_engine", ""},
    {"virtual_server", "ops", ""},
    {"virtual_server", "proxy_protocol", ""},
    {"virtual_server", "syn_proxy", ""},
    {"virtual_server", "allow_address_group", ""},
    {"virtual_server", "deny_address_group", ""},
    {"virtual_server", "expire_quiescent_conn", ""},
    {"virtual_server", "bps", ""},
    {"virtual_server", "limit_proportion", ""},
    {"virtual_server", "tunnel_group", ""},
    {"virtual_server", "quic", ""},
    {"virtual_server", "hash_target", ""},
    {"real_server", "HTTP_GET", use_tcp_or_ping},
    {"real_server", "SSL_GET", use_tcp_or_ping},
    {"real_server", "SMTP_CHECK", use_tcp_or_ping},
    {"real_server", "DNS_CHECK", use_tcp_or_ping},
    {"real_server", "MISC_CHECK", use_tcp_or_ping},
    {"real_server", "BFD_CHECK", use_tcp_or_ping},
    {"real_server", "UDP_CHECK", use_tcp_or_ping},
    {"real_server", "FILE_CHECK", use_tcp_or_ping},
    {"real_server", "AMQP_CHECK", use_tcp_or_ping},
    {"real_server", "RABBITMQ_CHECK", use_tcp_or_ping},
};

class Checks {
  public:
    void refuse(bool present, const Location& where, const std::string& what,
                std::string_view hint = "") {
        if (present)
            found_.push_back(
                {where, Severity::error, what + " is not supported yet" + std::string(hint)});
    }
    void warn(bool present, const Location& where, const std::string& what) {
        if (present) found_.push_back({where, Severity::warning, what + " is not acted on yet"});
    }
    Diagnostics take() { return std::move(found_); }

  private:
    Diagnostics found_;
};

void check_instance(const VrrpInstance& v, Checks& checks) {
    const std::string name = v.name + ": ";
    checks.refuse(v.unicast_peer.size() > max_unicast_peers, v.where,
                  name + "more than 32 unicast_peers");
    for (const auto* list : {&v.virtual_ipaddress, &v.virtual_ipaddress_excluded})
        for (const VirtualAddress& a : *list)
            checks.refuse(!a.device.empty() && a.device != v.interface, a.where,
                          "an address on another interface (dev " + a.device + ")");
}

void check_virtual_server(const VirtualServer& s, Checks& checks) {
    checks.refuse(s.protocol != Protocol::tcp, s.where,
                  std::string("protocol ") + to_text(s.protocol), ": use TCP");
    const auto check_address = [&](const RealServer& r) {
        checks.refuse(r.address.is_link_local(), r.where,
                      "the link-local server " + r.address.to_string(),
                      ": use a global or unique local address of its");
    };
    std::for_each(s.real_servers.begin(), s.real_servers.end(), check_address);
    if (s.sorry_server) check_address(*s.sorry_server);
}

}  // namespace

std::optional<std::string_view> refused_keyword(std::string_view block, std::string_view keyword) {
    const auto* found = std::find_if(std::begin(refused), std::end(refused), [&](const Refused& r) {
        return r.block == block && r.keyword == keyword;
    });
    if (found == std::end(refused)) return std::nullopt;
    return found->hint;
}

Diagnostics check_supported(const Config& config) {
    Checks checks;
    for (const VrrpInstance& v : config.vrrp_instances)
        check_instance(v, checks);
    for (const VirtualServer& s : config.virtual_servers)
        check_virtual_server(s, checks);
    return checks.take();
}

}  // namespace warren::config
