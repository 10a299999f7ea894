// SPDX-License-Identifier: BSD-3-Clause
// What a vrrp_instance means once all of its statements and the global defaults are known: family,
// version, interval, strict mode, unicast. As keepalived 2.2.7's vrrp_complete_instance(), which
// this follows rule by rule.
#include <algorithm>
#include <string>

#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::int64_t v3_unit_ns = 10 * config::ns_per_ms;
constexpr std::int64_t v3_longest_ns = 40'950 * config::ns_per_ms;  // 12 bits of centiseconds
constexpr std::uint8_t owner_priority = 255;

bool is_multicast(const net::IpAddress& a) {
    return a.is_v4() ? (a.bytes()[12] & 0xf0) == 0xe0
                     : a.bytes()[0] == 0xff && (a.bytes()[1] & 0x0f) == 0x02;
}

std::int64_t rounded(std::int64_t ns, std::int64_t unit_ns) {
    return std::max<std::int64_t>((ns + unit_ns / 2) / unit_ns, 1) * unit_ns;
}

class Settling {
  public:
    Settling(Statement& s, InstanceDraft& d, const config::GlobalDefs& global)
        : s_(s), d_(d), v_(d.vrrp), global_(global) {}

    void run() {
        require();
        settle_family();
        settle_priority();
        settle_version();
        settle_authentication();
        settle_ah();
        settle_interval();
        settle_strict();
        settle_garp();
        settle_preemption();
        settle_unicast();
        check_first_address();
    }

  private:
    void warn(const std::string& what) { s_.warn(v_.name + ": " + what); }
    void error(const std::string& what) { s_.error(v_.name + ": " + what); }
    bool strict() const { return d_.strict_mode.value_or(false); }

    // A stray mention has been spoken of, but perhaps only as a word that is ignored.
    void require() {
        take_default_interface();
        for (const std::string_view keyword : {"interface", "virtual_router_id"})
            if (!has_statement(s_.node, keyword) &&
                (keyword != "interface" || v_.interface.empty()))
                s_.error("the vrrp_instance " + syntax::in_quotes(s_.arg(0)) + " has no " +
                         std::string(keyword));
    }

    // keepalived.conf(5): with unicast_peer `interface` may be left out, and the addresses go to
    // default_interface, and no link is tracked. Adverts of ours need an interface all the same.
    void take_default_interface() {
        if (has_statement(s_.node, "interface") || v_.unicast_peer.empty()) return;
        v_.interface = global_.default_interface;
        v_.track_primary = false;
        warn("it has no interface: " + v_.interface + " (default_interface) is taken");
    }

    // The first address decides; without one, whatever address the instance has.
    bool is_ipv6() const {
        if (!v_.virtual_ipaddress.empty())
            return !v_.virtual_ipaddress.front().prefix.address.is_v4();
        for (const auto& own : {v_.mcast_src_ip, v_.unicast_src_ip, d_.mcast_dst_ip})
            if (own) return !own->is_v4();
        return !v_.unicast_peer.empty() && !v_.unicast_peer.front().address.is_v4();
    }

    void expect_family(const std::optional<net::IpAddress>& address, std::string_view keyword) {
        if (address && address->is_v4() == v_.is_ipv6())
            error(std::string(keyword) + " " + address->to_string() +
                  " is not of the family of its virtual addresses");
    }

    void drop_other_peers() {
        std::erase_if(v_.unicast_peer, [&](const config::UnicastPeer& peer) {
            const bool is_other = peer.address.is_v4() == v_.is_ipv6();
            if (is_other)
                warn("unicast_peer " + peer.address.to_string() +
                     " is not of the family of its virtual addresses: it is left out, as in "
                     "keepalived");
            return is_other;
        });
    }

    void settle_family() {
        v_.multicast_group = is_ipv6() ? global_.vrrp_mcast_group6 : global_.vrrp_mcast_group4;
        expect_family(v_.mcast_src_ip, "mcast_src_ip");
        expect_family(v_.unicast_src_ip, "unicast_src_ip");
        expect_family(d_.mcast_dst_ip, "mcast_dst_ip");
        drop_other_peers();
        if (!d_.mcast_dst_ip) return;
        if (!v_.unicast_peer.empty())
            warn("mcast_dst_ip means nothing with unicast_peer and is left out");
        else if (!is_multicast(*d_.mcast_dst_ip))
            error("mcast_dst_ip " + d_.mcast_dst_ip->to_string() + " is no multicast address" +
                  (v_.is_ipv6() ? " of the link (ff02::/16)" : ""));
        else
            v_.multicast_group = *d_.mcast_dst_ip;
    }

    void settle_priority() {
        if (d_.priority) {
            v_.priority = *d_.priority;
        } else if (v_.initial_state == config::VrrpState::master) {
            v_.priority = owner_priority;
            warn("state MASTER without priority makes it the owner (255), as in keepalived");
        }
    }

    void settle_version() {
        const unsigned default_version = v_.is_ipv6() ? 3 : d_.default_version.value_or(2);
        v_.version = static_cast<std::uint8_t>(d_.version.value_or(default_version));
        if (v_.version == 2 && v_.is_ipv6() && strict()) {
            warn("strict mode knows IPv6 with VRRP version 3 only: that is taken");
            v_.version = 3;
        }
        if (!v_.virtual_ipaddress.empty() || d_.no_virtual_ipaddress) return;
        if (v_.version == 3 || strict())
            s_.error("the vrrp_instance " + syntax::in_quotes(s_.arg(0)) +
                     " has no virtual_ipaddress");
        else
            warn("it has no virtual_ipaddress: at least one is sensible");
    }

    // keepalived announces PASS over IPv6 without the password, and ends when it hears that.
    void settle_authentication() {
        const bool known = v_.version == 2 && !strict() && !v_.is_ipv6();
        if (v_.auth_type == config::AuthType::none || known) return;
        warn(std::string(strict()          ? "strict mode"
                         : v_.version == 2 ? "IPv6"
                                           : "VRRP version 3") +
             " knows no authentication: it is left out, as in keepalived");
        v_.auth_type = config::AuthType::none;
        v_.auth_pass = {};
    }

    // Whoever begins as master sends a sequence number that its peers have seen.
    void settle_ah() {
        if (v_.auth_type != config::AuthType::ah || v_.initial_state != config::VrrpState::master)
            return;
        if (v_.priority == owner_priority) return;
        warn("state MASTER does not go with auth_type AH: it becomes BACKUP, as in keepalived");
        v_.initial_state = config::VrrpState::backup;
    }

    void settle_interval() {
        if (v_.version == 3 && v_.advert_int_ns > v3_longest_ns) {
            warn(
                "advert_int of VRRP version 3 is at most 40.95 seconds: that is taken, as in "
                "keepalived");
            v_.advert_int_ns = v3_longest_ns;
        }
        const std::int64_t unit_ns = v_.version == 3 ? v3_unit_ns : config::ns_per_s;
        if (v_.advert_int_ns % unit_ns == 0) return;
        v_.advert_int_ns = rounded(v_.advert_int_ns, unit_ns);
        warn("VRRP version " + std::to_string(v_.version) + " knows whole " +
             (v_.version == 3 ? "hundredths of seconds" : "seconds") +
             " only: advert_int becomes " + format_seconds(v_.advert_int_ns) +
             ", as in keepalived");
    }

    // keepalived's strict mode, what the RFCs do not know: a master that must not be one, unicast,
    // accept mode in version 2, announcements outside a takeover.
    void settle_strict() {
        const bool owner = v_.priority == owner_priority;
        v_.strict_mode = strict();
        v_.accept = d_.accept.value_or(owner || !strict());
        v_.lower_prio_no_advert = d_.lower_prio_no_advert.value_or(strict());
        v_.higher_prio_send_advert = d_.higher_prio_send_advert.value_or(false);
        if (!strict()) return;
        if (v_.initial_state == config::VrrpState::master && !owner) {
            warn("strict mode: only the owner (priority 255) has state MASTER: it becomes BACKUP");
            v_.initial_state = config::VrrpState::backup;
        }
        if (!v_.unicast_peer.empty())
            warn(
                "strict mode knows no unicast_peer: they are served all the same, as in "
                "keepalived");
        if (v_.accept && !owner && v_.version == 2) {
            warn("strict mode: VRRP version 2 knows no accept: it is left out");
            v_.accept = false;
        }
        if (!v_.lower_prio_no_advert || v_.higher_prio_send_advert)
            warn("strict mode sends no advert to a lower or higher router");
        v_.lower_prio_no_advert = true;
        v_.higher_prio_send_advert = false;
        if (v_.down_timer_adverts != 3) {
            warn("strict mode knows no down_timer_adverts: it is left out");
            v_.down_timer_adverts = 3;
        }
        if (v_.preempt_delay_ns != 0) warn("strict mode knows no preempt_delay: it is left out");
        v_.preempt_delay_ns = 0;
    }

    void settle_garp() {
        const bool quiet = strict();
        v_.garp.lower_prio_delay_ns = quiet ? 0 : d_.garp_lower_prio_delay_ns.value_or(0);
        v_.garp.lower_prio_repeat = quiet ? 0 : d_.garp_lower_prio_repeat.value_or(0);
    }

    void settle_preemption() {
        if (!v_.preempt && v_.preempt_delay_ns != 0) {
            warn("preempt_delay means nothing with nopreempt and is left out, as in keepalived");
            v_.preempt_delay_ns = 0;
        }
        if (v_.preempt || v_.initial_state != config::VrrpState::master) return;
        warn("nopreempt means nothing with state MASTER and is left out: use BACKUP");
        v_.preempt = true;
    }

    void settle_unicast() {
        if (!v_.unicast_peer.empty()) {
            for (const config::UnicastPeer& peer : v_.unicast_peer)
                if (peer.min_ttl != 0 || peer.max_ttl != 255) v_.check_unicast_src = true;
        } else if (d_.unicast_fault_no_peer) {
            error(
                "unicast_fault_no_peer, and there is no unicast_peer: it could never leave fault");
        } else if (v_.unicast_src_ip || mentions(s_.node, "unicast_peer") ||
                   mentions(s_.node, "unicast_ttl")) {
            warn("a unicast keyword without unicast_peer: it uses multicast, as keepalived does");
        }
    }

    // RFC 9568 5.2.9; erratum 8300 makes receivers check it.
    void check_first_address() {
        if (!v_.is_ipv6() || !v_.unicast_peer.empty() || v_.virtual_ipaddress.empty()) return;
        if (v_.virtual_ipaddress.front().prefix.address.is_link_local()) return;
        const std::string what =
            "the first IPv6 address of virtual_ipaddress should be link-local: put a line like "
            "'fe80::" +
            std::to_string(v_.virtual_router_id) + "/64' before the others";
        if (strict()) return error(what);
        warn(what + " on all routers of " + std::to_string(v_.virtual_router_id) +
             "; without it only keepalived and Warren understand each other");
    }

    Statement& s_;
    InstanceDraft& d_;
    config::VrrpInstance& v_;
    const config::GlobalDefs& global_;
};

}  // namespace

bool has_statement(const syntax::Node& block, std::string_view keyword) {
    return std::any_of(block.children.begin(), block.children.end(),
                       [&](const syntax::Node& n) { return n.keyword() == keyword; });
}

bool mentions(const syntax::Node& block, std::string_view keyword) {
    return std::any_of(block.children.begin(), block.children.end(), [&](const syntax::Node& n) {
        return std::find(n.words.begin(), n.words.end(), keyword) != n.words.end();
    });
}

void settle_instance(Statement& s, InstanceDraft& draft, const config::GlobalDefs& global) {
    Settling(s, draft, global).run();
}

}  // namespace warren::schema
