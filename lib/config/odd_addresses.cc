// SPDX-License-Identifier: BSD-3-Clause
#include "config/odd_addresses.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "syntax/document.h"

namespace warren::config {
namespace {

using Addresses = std::unordered_set<net::IpAddress, net::IpAddressHash>;

// What no host on a link has as its address; empty: a host may have it.
std::string_view oddity(const net::IpAddress& a) {
    const std::uint8_t first = a.bytes()[12];
    if (a.is_unspecified() || (a.is_v4() && first == 0)) return "an unspecified address";
    if (a.is_loopback()) return "a loopback address";
    if (a.is_multicast()) return "a multicast address";
    if (a == net::IpAddress::v4(255, 255, 255, 255)) return "the broadcast address";
    if (a.is_v4() && first >= 240) return "a reserved address";
    return {};
}

// Smaller networks than this, and those of IPv6, have neither a broadcast nor a network address.
bool has_broadcast(const net::Prefix& p) {
    return p.address.is_v4() && p.length <= 30;
}

net::IpAddress broadcast_of(const net::Prefix& p) {
    const std::uint32_t hosts = p.length == 0 ? UINT32_MAX : ~(UINT32_MAX << (32 - p.length));
    return net::IpAddress::v4(net::Be32(p.address.as_v4().host() | hosts));
}

constexpr const char* loopback_is_the_vip =
    " is this host, which clients reach by the virtual address: its service has to listen there "
    "too (0.0.0.0 or [::]), not on loopback alone";

// A server on this host is served through lo, as IPVS's local node; empty if so.
std::string why_not_served(const Config& config) {
    if (!config.dataplane.host_addresses)
        return " is this host's own address, which host_addresses off keeps out of reach: it "
               "counts as down";
    return {};
}

template <typename Visit>
void for_each_vip(const Config& config, Visit visit) {
    for (const VrrpInstance& v : config.vrrp_instances)
        for (const auto* list : {&v.virtual_ipaddress, &v.virtual_ipaddress_excluded})
            for (const VirtualAddress& a : *list)
                visit(v, a);
}

template <typename Visit>
void for_each_server(const Config& config, Visit visit) {
    for (const VirtualServer& s : config.virtual_servers) {
        for (const RealServer& r : s.real_servers)
            visit(r, "the real_server " + r.address.to_string());
        if (s.sorry_server)
            visit(*s.sorry_server, "the sorry_server " + s.sorry_server->address.to_string());
    }
}

class Search {
  public:
    explicit Search(const Config& config) : config_(config) {
        for_each_vip(config, [&](const VrrpInstance&, const VirtualAddress& a) {
            vips_.insert(a.prefix.address);
            if (has_broadcast(a.prefix)) broadcasts_.emplace(broadcast_of(a.prefix), a.prefix);
        });
        for (const VrrpInstance& v : config.vrrp_instances)
            for (const auto& own : {v.mcast_src_ip, v.unicast_src_ip})
                if (own) own_.insert(*own);
        for_each_server(
            config, [&](const RealServer& r, const std::string&) { servers_.insert(r.address); });
    }

    syntax::Diagnostics run() {
        for_each_vip(config_, [&](const VrrpInstance&, const VirtualAddress& a) { check(a); });
        for (const VrrpInstance& v : config_.vrrp_instances)
            check(v);
        for_each_server(config_,
                        [&](const RealServer& r, const std::string& name) { check(r, name); });
        for (const LocalAddressGroup& group : config_.local_address_groups)
            check(group);
        return std::move(found_);
    }

  private:
    void warn(const syntax::Location& where, std::string what) {
        found_.push_back({where, syntax::Severity::warning, std::move(what)});
    }

    void check(const VirtualAddress& a) {
        const net::IpAddress& address = a.prefix.address;
        const std::string name = "the virtual address " + address.to_string();
        if (const auto odd = oddity(address); !odd.empty())
            warn(a.where, name + " is " + std::string(odd) + ": no other host can use it");
        else if (has_broadcast(a.prefix) && broadcast_of(a.prefix) == address)
            warn(a.where, name + " is the broadcast address of its network " + network(a.prefix));
        else if (has_broadcast(a.prefix) && a.prefix.network() == address)
            warn(a.where, name + " is the network's own address of " + network(a.prefix));
    }

    static std::string network(const net::Prefix& p) {
        return net::Prefix{p.network(), p.length}.to_string();
    }

    void check(const VrrpInstance& v) {
        if (v.interface == "lo") warn(v.where, v.name + ": no other router is on the interface lo");
        const auto check_own = [&](const std::optional<net::IpAddress>& own, const char* keyword) {
            if (own && vips_.contains(*own))
                warn(v.where, v.name + ": " + keyword + " " + own->to_string() +
                                  " is a virtual address, which a backup does not have");
        };
        check_own(v.mcast_src_ip, "mcast_src_ip");
        check_own(v.unicast_src_ip, "unicast_src_ip");
        for (const UnicastPeer& peer : v.unicast_peer)
            check(v, peer);
    }

    void check(const VrrpInstance& v, const UnicastPeer& peer) {
        const std::string name = v.name + ": the unicast_peer " + peer.address.to_string();
        if (const auto odd = oddity(peer.address); !odd.empty())
            warn(peer.where, name + " is " + std::string(odd) + ": no other router has it");
        else if (vips_.contains(peer.address))
            warn(peer.where, name +
                                 " is a virtual address: a peer is named by an address that "
                                 "stays its own");
        else if (peer.address == v.unicast_src_ip || peer.address == v.mcast_src_ip)
            warn(peer.where, name + " is this router's own address: it would talk to itself");
    }

    void check(const RealServer& r, const std::string& name) {
        const bool is_own = r.address.is_loopback() || own_.contains(r.address);
        if (is_own) {
            if (const std::string why = why_not_served(config_); !why.empty())
                warn(r.where, name + why);
            else if (r.address.is_loopback())
                found_.push_back({r.where, syntax::Severity::note, name + loopback_is_the_vip});
        } else if (const auto odd = oddity(r.address); !odd.empty())
            warn(r.where, name + " is " + std::string(odd) + ": no host has it");
        else if (const auto b = broadcasts_.find(r.address); b != broadcasts_.end())
            warn(r.where,
                 name + " is the broadcast address of " + network(b->second) + ": no host has it");
        for (const Checker& checker : r.checkers)
            std::visit(
                [&](const auto& c) {
                    if constexpr (requires { c.endpoint; }) check(c.where, c.endpoint);
                },
                checker);
    }

    // With a mark or an interface the host's routes may well lead a VIP's check to the server.
    void check(const syntax::Location& where, const CheckEndpoint& e) {
        const bool is_routed = e.fwmark != 0 || !e.bind_if.empty();
        if (e.connect_ip && vips_.contains(*e.connect_ip) && !is_routed)
            warn(where, "connect_ip " + e.connect_ip->to_string() +
                            " is one of our own virtual addresses: the check asks this host, not "
                            "the real_server");
        if (e.connect_ip && (e.connect_ip->is_multicast() || e.connect_ip->is_unspecified()))
            warn(where, "connect_ip " + e.connect_ip->to_string() + " is " +
                            std::string(oddity(*e.connect_ip)) + ": no host has it");
        if (e.bind_ip && vips_.contains(*e.bind_ip))
            warn(where, "bindto " + e.bind_ip->to_string() +
                            " is a virtual address: a backup, which has it not, cannot check");
    }

    void check(const LocalAddressGroup& group) {
        const auto uses = [&](const VirtualServer& s) {
            return s.local_address_group == group.name;
        };
        if (std::none_of(config_.virtual_servers.begin(), config_.virtual_servers.end(), uses))
            warn(group.where, "no virtual_server names the local_address_group " +
                                  syntax::in_quotes(group.name) + " by laddr_group_name");
        Addresses seen;
        for (const LocalAddressGroup::Member& member : group.members) {
            const std::string name = "the local address " + member.address.to_string();
            if (!seen.insert(member.address).second)
                warn(member.where, name + " stands in this group twice");
            else if (const auto odd = oddity(member.address); !odd.empty())
                warn(member.where,
                     name + " is " + std::string(odd) + ": no server can answer to it");
            else if (servers_.contains(member.address))
                warn(member.where, name + " is a real_server's: its answers would go to it");
        }
    }

    const Config& config_;
    Addresses vips_, own_, servers_;
    std::unordered_map<net::IpAddress, net::Prefix, net::IpAddressHash> broadcasts_;
    syntax::Diagnostics found_;
};

}  // namespace

syntax::Diagnostics find_odd_addresses(const Config& config) {
    return Search(config).run();
}

syntax::Diagnostics find_odd_http(const Config& config) {
    Addresses vips;
    for_each_vip(config, [&](const VrrpInstance&, const VirtualAddress& a) {
        vips.insert(a.prefix.address);
    });
    syntax::Diagnostics found;
    for (const HttpAddress& http : config.dataplane.http) {
        if (vips.contains(http.address))
            found.push_back({http.where, syntax::Severity::error,
                             "http " + http.to_string() +
                                 " is a virtual address, which moves: use one of this machine"});
        else if (!http.is_unix() && oddity(http.address) == "an unspecified address")
            found.push_back({http.where, syntax::Severity::warning,
                             "http " + http.to_string() +
                                 ": whoever reaches this machine can read its state: say an "
                                 "address of the management network, or 127.0.0.1"});
    }
    return found;
}

namespace {

// A file that was copied from the other router. A port of our own gets its addresses later; of
// virtual ones find_odd_addresses() tells.
bool lacks_source(const Config& config, const VrrpInstance& v, const Addresses& host,
                  const Addresses& vips) {
    if (!v.unicast_src_ip || v.unicast_peer.empty() || vips.contains(*v.unicast_src_ip))
        return false;
    const auto& later = config.static_addresses;
    return !host.contains(*v.unicast_src_ip) && !config.dataplane.find_interface(v.interface) &&
           std::none_of(later.begin(), later.end(), [&](const VirtualAddress& a) {
               return a.prefix.address == *v.unicast_src_ip;
           });
}

}  // namespace

syntax::Diagnostics find_own_addresses(const Config& config, std::span<const net::IpAddress> host) {
    Addresses vips, own(host.begin(), host.end());
    for_each_vip(config, [&](const VrrpInstance&, const VirtualAddress& a) {
        vips.insert(a.prefix.address);
    });
    syntax::Diagnostics found;
    const auto is_own = [&](const net::IpAddress& a) {
        return own.contains(a) && !a.is_loopback() && !vips.contains(a);
    };
    for_each_server(config, [&](const RealServer& r, const std::string& name) {
        const std::string why = is_own(r.address) ? why_not_served(config) : "";
        if (!why.empty()) found.push_back({r.where, syntax::Severity::warning, name + why});
    });
    for (const VrrpInstance& v : config.vrrp_instances) {
        if (lacks_source(config, v, own, vips))
            found.push_back({v.where, syntax::Severity::warning,
                             v.name + ": unicast_src_ip " + v.unicast_src_ip->to_string() +
                                 " is no address of this host now: the router is in fault "
                                 "until the host has it"});
        for (const UnicastPeer& peer : v.unicast_peer)
            if (is_own(peer.address))
                found.push_back({peer.where, syntax::Severity::warning,
                                 v.name + ": the unicast_peer " + peer.address.to_string() +
                                     " is this host's own address: it would talk to itself"});
    }
    return found;
}

}  // namespace warren::config
