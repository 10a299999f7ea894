// SPDX-License-Identifier: BSD-3-Clause
#include "config/validate.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "config/host_devices.h"
#include "config/local_addresses.h"
#include "config/same_routers.h"
#include "syntax/document.h"

namespace warren::config {
namespace {

std::string name(const net::IpAddress& address, std::uint16_t port) {
    return address.to_string() + " " + std::to_string(port);
}

class Validator {
  public:
    explicit Validator(Config& config) : config_(config) {}

    syntax::Diagnostics run() {
        check_instances();
        check_addresses();
        check_groups();
        check_virtual_servers();
        check_local_addresses();
        check_totals();
        return std::move(found_);
    }

  private:
    void report(syntax::Severity severity, const syntax::Location& where, std::string message) {
        found_.push_back({where, severity, std::move(message)});
    }
    void error(const syntax::Location& where, std::string message) {
        report(syntax::Severity::error, where, std::move(message));
    }
    void warn(const syntax::Location& where, std::string message) {
        report(syntax::Severity::warning, where, std::move(message));
    }

    // ---- virtual routers

    void check_instances() {
        drop_repeated_instances();
        std::multimap<std::tuple<std::string, unsigned, bool>, const VrrpInstance*> routers;
        for (VrrpInstance& v : config_.vrrp_instances) {
            settle(v);
            if (v.virtual_router_id == 0 || v.interface.empty()) continue;  // reported already
            const bool ipv6 =
                !v.virtual_ipaddress.empty() && !v.virtual_ipaddress.front().prefix.address.is_v4();
            const std::tuple key(v.interface, v.virtual_router_id, ipv6);
            const auto [first, last] = routers.equal_range(key);
            const auto same = std::find_if(
                first, last, [&](const auto& one) { return share_adverts(*one.second, v); });
            if (same != last)
                error(v.where, v.name + ": virtual_router_id " +
                                   std::to_string(v.virtual_router_id) + " on " + v.interface +
                                   " belongs to " + same->second->name + " (" +
                                   same->second->where.to_string() + ")");
            routers.emplace(key, &v);
        }
        if (config_.vrrp_instances.size() > max_vrrp_instances)
            error(config_.vrrp_instances[max_vrrp_instances].where,
                  "more than " + std::to_string(max_vrrp_instances) + " vrrp_instances");
    }

    void drop_repeated_instances() {
        std::map<std::string, syntax::Location> names;
        std::erase_if(config_.vrrp_instances, [&](const VrrpInstance& v) {
            const auto [other, fresh] = names.emplace(v.name, v.where);
            if (!fresh)
                warn(v.where, "the vrrp_instance " + syntax::in_quotes(v.name) +
                                  " already stands at " + other->second.to_string() +
                                  ": this one is left out, as in keepalived");
            return !fresh;
        });
    }

    void settle(VrrpInstance& v) {
        if (v.priority == 255 && v.initial_state != VrrpState::master) {
            warn(v.where, v.name +
                              ": priority 255 owns the address: state becomes MASTER, and it is "
                              "master at once (keepalived would wait for three adverts first)");
            v.initial_state = VrrpState::master;
        }
        if (v.priority == 255 && !v.preempt) {
            warn(v.where, v.name + ": nopreempt means nothing with priority 255 and is left out");
            v.preempt = true;
        }
        if (v.initial_state == VrrpState::master && v.preempt_delay_ns != 0) {
            warn(v.where, v.name + ": preempt_delay means nothing with state MASTER: use BACKUP");
            v.preempt_delay_ns = 0;
        }
        drop_repeated(v.virtual_ipaddress);
        drop_repeated(v.virtual_ipaddress_excluded);
        std::vector<VirtualAddress>& vips = v.virtual_ipaddress;
        if (vips.size() > max_virtual_addresses) {
            const auto surplus = vips.begin() + max_virtual_addresses;
            warn(surplus->where, v.name + ": an advert holds " +
                                     std::to_string(max_virtual_addresses) +
                                     " addresses: from this one on they are treated as "
                                     "virtual_ipaddress_excluded, as in keepalived");
            v.virtual_ipaddress_excluded.insert(v.virtual_ipaddress_excluded.begin(), surplus,
                                                vips.end());
            vips.erase(surplus, vips.end());
        }
        std::erase_if(vips, [&, is_v4 = vips.empty() || vips.front().prefix.address.is_v4()](
                                const VirtualAddress& a) {
            const bool is_other = a.prefix.address.is_v4() != is_v4;
            if (is_other)
                warn(a.where, v.name + ": an advert has addresses of one family: " +
                                  a.prefix.address.to_string() +
                                  " is left out, as in keepalived; put it into "
                                  "virtual_ipaddress_excluded");
            return is_other;
        });
        if (v.unicast_peer.size() > max_unicast_peers)
            error(v.unicast_peer[max_unicast_peers].where,
                  v.name + ": more than " + std::to_string(max_unicast_peers) + " unicast_peers");
        if (v.virtual_ipaddress_excluded.size() > max_excluded_addresses)
            error(v.virtual_ipaddress_excluded[max_excluded_addresses].where,
                  v.name + ": more than " + std::to_string(max_excluded_addresses) +
                      " excluded addresses");
    }

    // Twice in one list is a slip that changes nothing but the adverts.
    void drop_repeated(std::vector<VirtualAddress>& list) {
        std::map<net::IpAddress, std::size_t> places;
        std::vector<VirtualAddress> kept;
        for (VirtualAddress& a : list) {
            const auto [place, fresh] = places.emplace(a.prefix.address, kept.size());
            if (fresh) {
                kept.push_back(std::move(a));
                continue;
            }
            VirtualAddress& first = kept[place->second];
            ++first.repeated;
            warn(a.where, "the address " + a.prefix.address.to_string() + " already stands at " +
                              first.where.to_string());
        }
        list = std::move(kept);
    }

    void check_addresses() {
        for (const VrrpInstance& v : config_.vrrp_instances) {
            for (const auto* list : {&v.virtual_ipaddress, &v.virtual_ipaddress_excluded}) {
                for (const VirtualAddress& a : *list) {
                    const auto [other, fresh] = owned_.emplace(a.prefix.address, a.where);
                    if (!fresh)
                        warn(a.where, "the address " + a.prefix.address.to_string() +
                                          " already stands at " + other->second.to_string() +
                                          ": only the router there answers for it");
                }
            }
        }
    }

    void check_groups() {
        std::set<std::string> instances;
        for (const VrrpInstance& v : config_.vrrp_instances)
            instances.insert(v.name);
        for (VrrpSyncGroup& g : config_.vrrp_sync_groups)
            std::erase_if(g.members, [&](const VrrpSyncGroup::Member& m) {
                if (instances.contains(m.instance)) return false;
                warn(m.where, "there is no vrrp_instance " + syntax::in_quotes(m.instance) +
                                  ": this member is left out, as in keepalived");
                return true;
            });
    }

    // ---- services

    void check_virtual_servers() {
        drop_repeated(config_.virtual_servers);
        for (VirtualServer& s : config_.virtual_servers) {
            if (!owned_.contains(s.address)) warn(s.where, unowned_text(s.address));
            if (!s.local_address_group.empty() &&
                config_.find_local_address_group(s.local_address_group) == nullptr)
                error(s.where, "there is no local_address_group " +
                                   syntax::in_quotes(s.local_address_group));
            check_scheduler(s);
            check_quorum(s);
            check_real_servers(s);
        }
        if (config_.virtual_servers.size() > max_virtual_servers)
            error(config_.virtual_servers[max_virtual_servers].where,
                  "more than " + std::to_string(max_virtual_servers) + " virtual_servers");
    }

    void drop_repeated(std::vector<VirtualServer>& services) {
        std::map<std::pair<net::IpAddress, std::uint16_t>, syntax::Location> seen;
        std::erase_if(services, [&](const VirtualServer& s) {
            const auto [first, fresh] = seen.emplace(std::pair(s.address, s.port), s.where);
            if (!fresh)
                warn(s.where, "the virtual_server " + name(s.address, s.port) +
                                  " already stands at " + first->second.to_string() +
                                  ": this one is left out");
            return !fresh;
        });
    }

    void check_scheduler(const VirtualServer& s) {
        if ((s.hash_port || s.hash_fallback) && s.lb_algo != LbAlgo::sh && s.lb_algo != LbAlgo::mh)
            warn(s.where, std::string("the flags of sh and mh mean nothing with lb_algo ") +
                              to_text(s.lb_algo));
    }

    // As keepalived: what could never be reached is lowered. A quorum of 0 is none.
    void check_quorum(VirtualServer& s) {
        unsigned weights = 0;
        for (const RealServer& r : s.real_servers)
            weights += r.weight;
        if (weights == 0 && !s.real_servers.empty())
            warn(s.where, "all real_servers have weight 0: none of them gets a connection");
        if (const unsigned most = std::max(weights, 1U); s.quorum > most) {
            warn(s.where, "quorum " + std::to_string(s.quorum) +
                              " is never reached: the weights sum to " + std::to_string(weights) +
                              "; " + std::to_string(most) + " is taken");
            s.quorum = most;
        }
        if (s.hysteresis >= s.quorum && s.hysteresis != 0) {
            warn(s.where, "hysteresis " + std::to_string(s.hysteresis) +
                              " must be less than quorum: " + std::to_string(s.quorum - 1) +
                              " is taken");
            s.hysteresis = s.quorum - 1;
        }
        if (s.quorum + s.hysteresis > weights && s.hysteresis != 0)
            warn(s.where,
                 "quorum + hysteresis is more than the weights sum to: a lost quorum "
                 "never comes back");
    }

    // As keepalived: the first of two counts, and one of another family is none where the method
    // knows one family only.
    void drop_unusable(VirtualServer& s) {
        std::map<std::pair<net::IpAddress, std::uint16_t>, syntax::Location> seen;
        std::erase_if(s.real_servers, [&](const RealServer& r) {
            const LbKind kind = r.kind_in(s);
            const bool is_other = r.address.is_v4() != s.address.is_v4() && kind != LbKind::tun &&
                                  kind != LbKind::fnat;
            const auto [other, fresh] = seen.emplace(std::pair(r.address, r.port), r.where);
            if (is_other)
                warn(r.where, std::string("lb_kind ") + to_text(kind) +
                                  ": a real_server must be of the family of its virtual_server; "
                                  "FNAT and TUN know both: this one is left out, as in keepalived");
            else if (!fresh)
                warn(r.where, "the real_server " + name(r.address, r.port) + " already stands at " +
                                  other->second.to_string() +
                                  ": this one is left out, as in keepalived");
            return is_other || !fresh;
        });
    }

    void check_real_servers(VirtualServer& s) {
        drop_unusable(s);
        std::map<std::pair<net::IpAddress, std::uint16_t>, syntax::Location> seen;
        if (s.real_servers.empty() && !s.sorry_server)
            warn(s.where, "the virtual_server " + name(s.address, s.port) +
                              " has no real_server: it refuses every connection");
        const std::size_t most = max_real_servers - (s.sorry_server ? 1 : 0);
        if (s.real_servers.size() > most)
            error(s.real_servers[most].where,
                  "more than " + std::to_string(most) + " real_servers");
        for (RealServer& r : s.real_servers) {
            seen.emplace(std::pair(r.address, r.port), r.where);
            check_server(s, r, "real_server");
            if (r.uthreshold == 0 || r.lthreshold <= r.uthreshold) continue;
            warn(r.where, "lthreshold must not exceed uthreshold: " + std::to_string(r.uthreshold) +
                              " is taken");
            r.lthreshold = r.uthreshold;
        }
        if (!s.sorry_server) return;
        const RealServer& sorry = *s.sorry_server;
        check_server(s, sorry, "sorry_server");
        if (const auto other = seen.find({sorry.address, sorry.port}); other != seen.end())
            warn(sorry.where, "the sorry_server " + name(sorry.address, sorry.port) +
                                  " is the real_server at " + other->second.to_string() +
                                  ": it is left out, for it fails with it");
        if (seen.contains({sorry.address, sorry.port})) s.sorry_server.reset();
    }

    void check_server(const VirtualServer& s, const RealServer& r, const char* what) {
        check_method(s, r);
        const LbKind kind = r.kind_in(s);
        if (r.address.is_v4() != s.address.is_v4() && kind != LbKind::tun && kind != LbKind::fnat)
            error(r.where, std::string("lb_kind ") + to_text(kind) + ": a " + what +
                               " must be of the family of its virtual_server; FNAT and TUN know "
                               "both");
        if (owned_.contains(r.address))
            error(r.where, std::string("the ") + what + " " + r.address.to_string() +
                               " is one of our own virtual addresses");
    }

    // NAT works only if the server's replies come back through us: its gateway is an address of
    // ours, which moves with the VIP.
    void check_method(const VirtualServer& s, const RealServer& r) {
        const LbKind kind = r.kind_in(s);
        if ((kind == LbKind::dr || kind == LbKind::tun) &&
            s.proxy_protocol != net::ProxyVersion::none)
            error(r.where, std::string("lb_kind ") + to_text(kind) +
                               " sends packets as they are, so no PROXY header: proxy_protocol is "
                               "for FNAT and NAT");
        if (kind != LbKind::fnat && !s.local_address_group.empty())
            warn(r.where, std::string("lb_kind ") + to_text(kind) +
                              " uses no local address: laddr_group_name is for FNAT");
        if ((kind == LbKind::dr || kind == LbKind::tun) && r.port != s.port &&
            !r.address.is_loopback())
            warn(r.where, std::string("lb_kind ") + to_text(kind) +
                              " leaves packets as they are: connections come to port " +
                              std::to_string(s.port) + " of the real_server, not to " +
                              std::to_string(r.port) + ", which only its checks use");
        if (kind != LbKind::nat || r.weight == 0 || r.address.is_loopback()) return;
        const VrrpInstance* gateway =
            instance_with([&](const VirtualAddress& a) { return a.prefix.contains(r.address); });
        const VrrpInstance* service =
            instance_with([&](const VirtualAddress& a) { return a.prefix.address == s.address; });
        const std::string text = "lb_kind NAT: the real_server " + r.address.to_string();
        if (gateway == nullptr)
            warn(r.where, text +
                              " has no virtual address in its network to be its gateway: its "
                              "replies must come back through this machine some other way, "
                              "or use FNAT");
        else if (service != nullptr && gateway != service && !are_in_one_group(*gateway, *service))
            warn(r.where, text + "'s gateway is of " + gateway->name +
                              " and the virtual_server of " + service->name +
                              ": put both into one vrrp_sync_group");
    }

    template <typename Predicate>
    const VrrpInstance* instance_with(Predicate matches) const {
        for (const VrrpInstance& v : config_.vrrp_instances)
            for (const auto* list : {&v.virtual_ipaddress, &v.virtual_ipaddress_excluded})
                if (std::any_of(list->begin(), list->end(), matches)) return &v;
        return nullptr;
    }

    bool are_in_one_group(const VrrpInstance& one, const VrrpInstance& other) const {
        return std::any_of(config_.vrrp_sync_groups.begin(), config_.vrrp_sync_groups.end(),
                           [&](const VrrpSyncGroup& g) {
                               const auto has = [&g](const VrrpInstance& v) {
                                   return std::any_of(
                                       g.members.begin(), g.members.end(),
                                       [&v](const auto& m) { return m.instance == v.name; });
                               };
                               return has(one) && has(other);
                           });
    }

    void check_local_addresses() {
        for (const LocalAddressGroup& g : config_.local_address_groups)
            for (const auto& m : g.members)
                if (!owned_.contains(m.address))
                    warn(m.where,
                         "the local address " + m.address.to_string() +
                             " is in no vrrp_instance: put it into "
                             "virtual_ipaddress_excluded so that the master answers for it");
        for (syntax::Diagnostic& missing : LocalAddresses(config_).find_missing())
            found_.push_back(std::move(missing));
    }

    // What the data plane's tables hold.
    void check_totals() {
        std::size_t servers = 0;
        for (const VirtualServer& s : config_.virtual_servers) {
            servers += s.real_servers.size() + (s.sorry_server ? 1 : 0);
            if (servers <= max_all_real_servers) continue;
            error(s.where, "more than " + std::to_string(max_all_real_servers) +
                               " real_servers in all virtual_servers");
            break;
        }
        std::size_t addresses = 0;
        for (const VrrpInstance& v : config_.vrrp_instances) {
            addresses += v.virtual_ipaddress.size() + v.virtual_ipaddress_excluded.size();
            if (addresses <= max_all_addresses) continue;
            error(v.where, "more than " + std::to_string(max_all_addresses) +
                               " addresses in all vrrp_instances");
            break;
        }
        check_interfaces();
        check_policy();
    }

    void check_interfaces() {
        std::set<std::string> interfaces;
        for (const VrrpInstance& v : config_.vrrp_instances) {
            interfaces.insert(v.interface);
            for (const auto* list : {&v.virtual_ipaddress, &v.virtual_ipaddress_excluded})
                for (const VirtualAddress& a : *list)
                    interfaces.insert(v.interface_of(a));
            if (interfaces.size() <= max_interfaces) continue;
            error(v.where, "more than " + std::to_string(max_interfaces) + " interfaces");
            break;
        }
    }

    void check_policy() {
        std::size_t lines = config_.static_routes.size() + config_.static_rules.size();
        for (const VrrpInstance& v : config_.vrrp_instances)
            lines += v.virtual_routes.size() + v.virtual_rules.size();
        if (lines > max_routes_and_rules)
            error(config_.global.where,
                  "more than " + std::to_string(max_routes_and_rules) + " routes and rules");
        if (config_.static_addresses.size() > max_static_addresses)
            error(config_.static_addresses[max_static_addresses].where,
                  "more than " + std::to_string(max_static_addresses) + " static addresses");
    }

    Config& config_;
    syntax::Diagnostics found_;
    std::unordered_map<net::IpAddress, syntax::Location, net::IpAddressHash> owned_;
};

}  // namespace

syntax::Diagnostics validate(Config& config) {
    return Validator(config).run();
}

namespace {

// Definitions of what may be tracked that nothing tracks.
class Untracked {
  public:
    explicit Untracked(const Config& config) {
        for (const VrrpInstance& v : config.vrrp_instances)
            note(v.tracked);
        for (const VrrpSyncGroup& g : config.vrrp_sync_groups)
            note(g.tracked);
        for (const VirtualServer& s : config.virtual_servers)
            for (const RealServer& r : s.real_servers)
                note(r.checkers);
    }

    template <typename Definition>
    void find(const std::vector<Definition>& all, TrackKind kind, const char* keyword,
              syntax::Diagnostics& found) const {
        for (const Definition& d : all)
            if (!used_.contains({kind, d.name}))
                found.push_back({d.where, syntax::Severity::warning,
                                 std::string("nothing tracks the ") + keyword + " " +
                                     syntax::in_quotes(d.name) + ": it moves no address"});
    }

  private:
    void note(const std::vector<Tracked>& list) {
        for (const Tracked& tracked : list)
            used_.emplace(tracked.kind, tracked.name);
    }

    void note(const std::vector<Checker>& checkers) {
        for (const Checker& checker : checkers)
            if (const auto* file = std::get_if<FileCheck>(&checker))
                used_.emplace(TrackKind::file, file->track_file);
    }

    std::set<std::pair<TrackKind, std::string>> used_;
};

}  // namespace

syntax::Diagnostics find_gaps(const Config& config) {
    syntax::Diagnostics found;
    const Untracked untracked(config);
    untracked.find(config.vrrp_scripts, TrackKind::script, "vrrp_script", found);
    untracked.find(config.track_files, TrackKind::file, "track_file", found);
    untracked.find(config.track_processes, TrackKind::process, "vrrp_track_process", found);
    std::set<net::IpAddress> served;
    for (const VirtualServer& s : config.virtual_servers) {
        served.insert(s.address);
        for (const RealServer& r : s.real_servers)
            if (r.checkers.empty())
                found.push_back({r.where, syntax::Severity::warning,
                                 "the real_server " + name(r.address, r.port) +
                                     " has no check and counts as always up: add TCP_CHECK { }"});
    }
    for (const VrrpInstance& v : config.vrrp_instances)
        for (const VirtualAddress& a : v.virtual_ipaddress)
            if (!served.contains(a.prefix.address) && !a.prefix.address.is_link_local())
                found.push_back({a.where, syntax::Severity::note,
                                 a.prefix.address.to_string() + " has no virtual_server: " +
                                     (config.dataplane.host_addresses && v.accept
                                          ? "the host's own services answer on it"
                                          : "it answers ARP and ping and refuses connections") +
                                     ". To balance RabbitMQ behind it, add:\n" +
                                     suggest_virtual_server(a.prefix.address)});
    return found;
}

std::string suggest_virtual_server(const net::IpAddress& address) {
    return "virtual_server " + address.to_string() +
           " 5672 {\n"
           "    lb_algo wlc\n"
           "    lb_kind FNAT\n"
           "    protocol TCP\n"
           "    real_server ADDRESS_OF_A_NODE 5672 {\n"
           "        weight 1\n"
           "        TCP_CHECK {\n"
           "            connect_timeout 1\n"
           "        }\n"
           "    }\n"
           "}\n";
}

}  // namespace warren::config
