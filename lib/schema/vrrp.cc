// SPDX-License-Identifier: BSD-3-Clause
// vrrp_instance: one virtual router. Ranges and defaults as in keepalived.conf(5).
#include <algorithm>

#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::size_t max_auth_pass = 8;
constexpr std::int64_t longest_refresh_ns = 3'650 * config::ns_per_day;

constexpr std::string_view no_interface = "no kernel interface is made for a virtual MAC";

constexpr IgnoredKeyword ignored_instance[] = {
    {"dpdk_interface", "Warren opens `interface` itself; dataplane gives it a device"},
    {"use_vmac_addr", no_interface},
    {"use_ipvlan", no_interface},
    {"native_ipv6", "the addresses tell the family"},
    {"kernel_rx_buf_size", "adverts do not come through the kernel's sockets"},
    {"garp_extra_if", "each address is announced on its own interface"},
    {"vmac_garp_intvl", "each address is announced on its own interface"},
    {"linkbeat_use_polling", "links are watched by netlink or the driver"},
    {"timer_expired_backup", "the control lcore does not starve"},
    {"thread_timer_expired", "the control lcore does not starve"},
    {"debug", "use the log level"},
};

void set_state(Statement& s, InstanceDraft& d) {
    const std::string& word = s.arg(0);
    if (word == "MASTER") {
        d.vrrp.initial_state = config::VrrpState::master;
    } else if (word == "BACKUP") {
        d.vrrp.initial_state = config::VrrpState::backup;
    } else {
        s.warn("'state' is MASTER or BACKUP, not " + syntax::in_quotes(word) +
               ": BACKUP is taken, as in keepalived");
        d.vrrp.initial_state = config::VrrpState::backup;
    }
}

void set_auth_type(Statement& s, config::VrrpInstance& v) {
    const std::string& word = s.arg(0);
    if (word == "PASS" || word == "SIMPLE" || word == "pass") {
        v.auth_type = config::AuthType::pass;
    } else if (word == "AH") {
        v.auth_type = config::AuthType::ah;
    } else {
        s.warn("'auth_type' is PASS or AH, not " + syntax::in_quotes(word) +
               ": there is no authentication, as in keepalived");
    }
}

void set_auth_pass(Statement& s, config::VrrpInstance& v) {
    const std::string& word = s.arg(0);
    if (word.size() > max_auth_pass)
        s.warn("'auth_pass' is longer than 8 characters: the first 8 count, as in keepalived");
    v.auth_pass = {};
    std::copy_n(word.begin(), std::min(word.size(), max_auth_pass), v.auth_pass.begin());
}

constexpr Keyword<config::VrrpInstance> authentication_keywords[] = {
    {"auth_type", 1, 1, set_auth_type},
    {"auth_pass", 1, 1, set_auth_pass},
    {"ah_rfc2402", 0, 1, [](Statement& s, config::VrrpInstance& v) { s.boolean(v.ah_rfc2402); }},
};

void read_authentication(Statement& s, InstanceDraft& d) {
    BlockReader(s.context, "authentication", s.where())
        .keywords(authentication_keywords, d.vrrp)
        .read(s.node.children);
    if (s.context.misplaced) return;
    if (!mentions(s.node, "auth_type"))
        s.warn("the authentication block has no auth_type: there is none, as in keepalived");
    else if (!mentions(s.node, "auth_pass"))
        s.warn("the authentication block has no auth_pass: there is none, as in keepalived");
    if (!mentions(s.node, "auth_pass")) d.vrrp.auth_type = config::AuthType::none;
}

void read_addresses(Statement& s, std::vector<config::VirtualAddress>& out) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        config::VirtualAddress address;
        address.where = child.where;
        const std::optional<net::Prefix> prefix = read_prefix(entry);
        if (child.has_block || !prefix) {
            const std::string what = syntax::in_quotes(child.keyword()) +
                                     " is no address: an entry looks like 192.0.2.1/24, one a line";
            if (child.has_block)
                entry.error(what);
            else
                entry.warn(what + "; it is left out, as in keepalived");
            continue;
        }
        address.prefix = *prefix;
        if (!read_address_options(entry, address)) continue;
        if (!address.track_group.empty())
            entry.warn("track_group is for static addresses: it is left out");
        out.push_back(std::move(address));
    }
}

void read_unicast_peers(Statement& s, InstanceDraft& d) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        const std::optional<net::Prefix> prefix = net::Prefix::parse(child.keyword());
        if (!prefix) {
            entry.refuse(syntax::in_quotes(child.keyword()) + " is no IP address");
            continue;
        }
        config::UnicastPeer peer;
        peer.where = child.where;
        peer.address = prefix->address;
        if (child.keyword().find('/') != std::string::npos)
            entry.warn(syntax::in_quotes(child.keyword()) + ": the prefix length is left out");
        for (std::size_t i = 0; i < entry.args(); i += 2) {
            const bool low = entry.arg(i) == "min_ttl";
            if ((!low && entry.arg(i) != "max_ttl") || i + 1 == entry.args()) {
                entry.warn("after a peer come 'min_ttl N' and 'max_ttl N', not " +
                           syntax::in_quotes(entry.arg(i)) +
                           ", which is left out, as in keepalived: one peer a line");
                break;
            }
            entry.number(0, 255, low ? peer.min_ttl : peer.max_ttl, i + 1, entry.arg(i));
        }
        d.vrrp.unicast_peer.push_back(peer);
    }
}

void set_vmac(Statement& s, InstanceDraft& d) {
    d.vrrp.use_vmac = true;
    const bool names_mac = s.args() > 0 && s.arg(0).find(':') != std::string::npos;
    if (s.args() > 0 && !names_mac) s.interface(d.vrrp.vmac_name);
    if (s.args() > 1 || names_mac)
        s.ignore("use_vmac", "the virtual MAC is always that of the RFC");
}

constexpr Keyword<InstanceDraft> instance_keywords[] = {
    {"state", 1, 1, set_state},
    {"interface", 1, 1, [](Statement& s, InstanceDraft& d) { s.interface(d.vrrp.interface); }},
    {"virtual_router_id", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.needed_number(1, 255, d.vrrp.virtual_router_id); }},
    {"priority", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         std::uint8_t priority = 0;
         const bool is_one = s.number_or(1, 255, d.vrrp.priority, priority);
         d.priority = is_one ? priority : d.vrrp.priority;
     }},
    {"advert_int", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.seconds_or_default(10 * config::ns_per_ms, 255 * config::ns_per_s, d.vrrp.advert_int_ns);
     }},
    {"version", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         unsigned version = 0;
         if (s.number(2, 3, version)) d.version = version;
     }},
    {"authentication", 0, 0, read_authentication, BlockUse::required},
    {"virtual_ipaddress", 0, 0,
     [](Statement& s, InstanceDraft& d) { read_addresses(s, d.vrrp.virtual_ipaddress); },
     BlockUse::required, Repeat::yes},
    {"virtual_ipaddress_excluded", 0, 0,
     [](Statement& s, InstanceDraft& d) { read_addresses(s, d.vrrp.virtual_ipaddress_excluded); },
     BlockUse::required, Repeat::yes},
    {"virtual_routes", 0, 0,
     [](Statement& s, InstanceDraft& d) {
         read_routes(s, PolicyOf::instance, d.vrrp.virtual_routes);
     },
     BlockUse::required, Repeat::yes},
    {"virtual_rules", 0, 0,
     [](Statement& s, InstanceDraft& d) {
         read_rules(s, PolicyOf::instance, d.vrrp.virtual_rules);
     },
     BlockUse::required, Repeat::yes},
    {"nopreempt", 0, 0, [](Statement&, InstanceDraft& d) { d.vrrp.preempt = false; }},
    {"preempt", 0, 0, [](Statement&, InstanceDraft& d) { d.vrrp.preempt = true; }},
    {"preempt_delay", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.seconds(0, 1'000 * config::ns_per_s, d.vrrp.preempt_delay_ns);
     }},
    {"garp_master_delay", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.seconds(0, config::ns_per_hour, d.vrrp.garp.master_delay_ns);
     }},
    {"garp_master_repeat", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.number_near(1, 255, d.vrrp.garp.master_repeat); }},
    {"garp_master_refresh", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.seconds(0, longest_refresh_ns, d.vrrp.garp.master_refresh_ns);
     }},
    {"garp_master_refresh_repeat", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         s.number_near(1, 255, d.vrrp.garp.master_refresh_repeat);
     }},
    {"garp_lower_prio_delay", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         std::int64_t ns = 0;
         if (s.seconds(0, config::ns_per_hour, ns)) d.garp_lower_prio_delay_ns = ns;
     }},
    {"garp_lower_prio_repeat", 1, 1,
     [](Statement& s, InstanceDraft& d) {
         unsigned repeat = 0;
         if (s.number_near(0, 255, repeat)) d.garp_lower_prio_repeat = repeat;
     }},
    {"use_vmac", 0, 2, set_vmac},
    {"accept", 0, 0, [](Statement&, InstanceDraft& d) { d.accept = true; }},
    {"no_accept", 0, 0, [](Statement&, InstanceDraft& d) { d.accept = false; }},
    {"strict_mode", 0, 1, [](Statement& s, InstanceDraft& d) { s.boolean(d.strict_mode); }},
    {"lvs_sync_daemon_interface", 1, 1,
     [](Statement& s, InstanceDraft&) { read_lvs_sync_daemon(s); }},
    {"lvs_sync_daemon_inteface", 1, 1,  // as old guides spell it
     [](Statement& s, InstanceDraft&) { read_lvs_sync_daemon(s); }},
    {"skip_check_adv_addr", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.skip_check_adv_addr); }},
    {"check_unicast_src", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.check_unicast_src); }},
    {"lower_prio_no_advert", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.lower_prio_no_advert); }},
    {"higher_prio_send_advert", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.higher_prio_send_advert); }},
    {"v3_checksum_as_v2", 0, 1,
     [](Statement& s, InstanceDraft& d) {
         bool message_only = false;
         if (s.boolean(message_only))
             d.vrrp.v3_checksum = message_only ? config::V3Checksum::message_only
                                               : config::V3Checksum::pseudo_header;
     }},
    {"old_unicast_checksum", 0, 1,
     [](Statement& s, InstanceDraft&) {
         s.ignore("old_unicast_checksum", "both forms of checksum are accepted");
     }},
    {"unicast_src_ip", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.address(d.vrrp.unicast_src_ip); }},
    {"mcast_src_ip", 1, 1, [](Statement& s, InstanceDraft& d) { s.address(d.vrrp.mcast_src_ip); }},
    {"mcast_dst_ip", 1, 1, [](Statement& s, InstanceDraft& d) { s.address(d.mcast_dst_ip); }},
    {"unicast_ttl", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.number(0, 255, d.vrrp.unicast_ttl); }},
    {"unicast_fault_no_peer", 0, 0,
     [](Statement&, InstanceDraft& d) { d.unicast_fault_no_peer = true; }},
    {"no_virtual_ipaddress", 0, 0,
     [](Statement&, InstanceDraft& d) { d.no_virtual_ipaddress = true; }},
    {"down_timer_adverts", 1, 1,
     [](Statement& s, InstanceDraft& d) { s.number(1, 100, d.vrrp.down_timer_adverts); }},
    {"owner_ignore_adverts", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.owner_ignore_adverts); }},
    {"smtp_alert", 0, 1, [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.smtp_alert); }},
    {"vmac_xmit_base", 0, 0, [](Statement&, InstanceDraft& d) { d.vrrp.vmac_xmit_base = true; }},
    {"promote_secondaries", 0, 0,
     [](Statement&, InstanceDraft& d) { d.vrrp.promote_secondaries = true; }},
    {"track_src_ip", 0, 0, [](Statement&, InstanceDraft& d) { d.vrrp.track_src_ip = true; }},
    {"notify_master_rx_lower_pri", 1, 3,
     [](Statement& s, InstanceDraft& d) { s.script(d.vrrp.notify.lower_priority); }},
    {"notify_priority_changes", 0, 1,
     [](Statement& s, InstanceDraft& d) { s.boolean(d.vrrp.notify_priority_changes); }},
    {"dont_track_primary", 0, 0,
     [](Statement&, InstanceDraft& d) { d.vrrp.track_primary = false; }},
    {"unicast_peer", 0, 0, read_unicast_peers, BlockUse::required, Repeat::yes},
};

constexpr StrayKeyword instance_strays[] = {
    {"vrrp_garp_master_delay", "garp_master_delay"},
    {"vrrp_garp_master_repeat", "garp_master_repeat"},
    {"vrrp_garp_master_refresh", "garp_master_refresh"},
    {"vrrp_garp_master_refresh_repeat", "garp_master_refresh_repeat"},
    {"vrrp_garp_lower_prio_delay", "garp_lower_prio_delay"},
    {"vrrp_garp_lower_prio_repeat", "garp_lower_prio_repeat"},
};

}  // namespace

void add_vrrp_instance_keywords(BlockReader& reader, InstanceDraft& draft) {
    reader.keywords(instance_keywords, draft).ignore(ignored_instance).take_strays(instance_strays);
    add_tracked_keywords(reader, draft.vrrp.tracked);
    add_notify_keywords(reader, draft.vrrp.notify);
}

void read_vrrp_instance(Statement& s, const InstanceDraft& defaults, config::Config& config) {
    InstanceDraft draft = defaults;
    // keepalived's default is global_defs' answer to a takeover, not the instance's.
    const config::GarpTiming& garp = defaults.vrrp.garp;
    if (!draft.garp_lower_prio_delay_ns) draft.garp_lower_prio_delay_ns = garp.master_delay_ns;
    if (!draft.garp_lower_prio_repeat) draft.garp_lower_prio_repeat = garp.master_repeat;
    draft.vrrp.where = s.where();
    draft.vrrp.name = s.arg(0);
    BlockReader reader(s.context, "vrrp_instance", s.where());
    add_vrrp_instance_keywords(reader, draft);
    reader.read(s.node.children);
    if (s.context.misplaced) return;
    settle_instance(s, draft, config.global);
    config.vrrp_instances.push_back(std::move(draft.vrrp));
}

}  // namespace warren::schema
