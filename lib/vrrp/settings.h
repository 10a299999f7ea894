// SPDX-License-Identifier: BSD-3-Clause
// What a virtual router is configured to be. A Settings is immutable once an Instance uses it; it
// belongs to the snapshot, the Instance only points to it. All times are nanoseconds. Priority 255
// means owner.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "net/address.h"

namespace warren::vrrp {

inline constexpr std::uint64_t ns_per_ms = 1'000'000;
inline constexpr std::uint64_t ns_per_s = 1'000'000'000;
inline constexpr std::uint64_t ns_per_cs = 10'000'000;  // VRRPv3 counts centiseconds
inline constexpr std::uint8_t owner_priority = 255;
inline constexpr std::uint8_t ip_protocol = 112;
inline constexpr std::uint8_t multicast_ttl = 255;
inline constexpr net::IpAddress multicast_group_v4 = net::IpAddress::v4(224, 0, 0, 18);
inline constexpr net::IpAddress multicast_group_v6 =
    net::IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12});
inline constexpr std::size_t max_addresses = 255;

enum class Version : std::uint8_t { v2 = 2, v3 = 3 };

// The wire's "Auth Type" (RFC 2338 5.3.6). RFC 3768 kept the field and dropped the methods.
enum class AuthType : std::uint8_t { none = 0, pass = 1, ah = 2 };

// Whether AH's integrity value covers the TTL of a multicast advert. keepalived (2.2.7 and newer)
// does, RFC 2402 3.3.3.1.1.1 does not; unicast never. On receive both are good.
enum class AhTtl : std::uint8_t { covered, zero };

// Which sum a VRRPv3 advert over IPv4 carries; on receive both are good. IPv6 always has the
// pseudo-header.
enum class ChecksumForm : std::uint8_t { pseudo_header, message_only };

// `count` announcements (one GARP or NA for each address), the first `delay_ns` after the phase
// before ended, the others `gap_ns` apart; a gap of 0 sends them back to back.
struct AnnouncePhase {
    std::uint64_t delay_ns = 0;
    std::uint8_t count = 0;
    std::uint64_t gap_ns = 0;

    friend bool operator==(const AnnouncePhase&, const AnnouncePhase&) = default;
};
using AnnounceSchedule = std::array<AnnouncePhase, 3>;

// 3 within 10 ms against loss on a switch that is relearning, then 5 at 100 ms and 5 at 1 s against
// a port that takes a while to forward.
inline constexpr AnnounceSchedule default_announce_schedule = {{
    {0, 3, 5 * ns_per_ms},
    {100 * ns_per_ms, 5, 100 * ns_per_ms},
    {ns_per_s, 5, ns_per_s},
}};

// keepalived's form: `repeat` at once and `repeat` again after `delay_ns` (garp_master_repeat,
// garp_master_delay).
constexpr AnnounceSchedule keepalived_schedule(std::uint64_t delay_ns, std::uint8_t repeat) {
    const auto again = static_cast<std::uint8_t>(delay_ns > 0 ? repeat : 0);
    return {{{0, repeat, 0}, {delay_ns, again, 0}, {0, 0, 0}}};
}

struct Announcements {
    AnnounceSchedule takeover = default_announce_schedule;
    AnnounceSchedule lower_priority = default_announce_schedule;  // after another master was heard
    std::uint64_t refresh_ns = 60 * ns_per_s;                     // while master; 0 = never
    std::uint8_t refresh_repeat = 1;

    friend bool operator==(const Announcements&, const Announcements&) = default;
};

struct UnicastPeer {
    net::IpAddress address;
    std::uint8_t min_ttl = 0;
    std::uint8_t max_ttl = 255;

    friend bool operator==(const UnicastPeer&, const UnicastPeer&) = default;
};

struct Settings {
    Version version = Version::v2;
    std::uint8_t vrid = 0;        // 1-255; 0 of a silent one
    std::uint8_t priority = 100;  // 1-255
    // v2 carries whole seconds, v3 centiseconds up to 40.95 s; the configuration has rounded it
    // already.
    std::uint64_t advert_interval_ns = ns_per_s;
    std::uint8_t down_timer_adverts = 3;

    // keepalived's `state` has no member here on purpose: README.md, "Start".
    bool preempt = true;
    std::uint64_t preempt_delay_ns = 0;

    AuthType auth_type = AuthType::none;
    std::array<std::uint8_t, 8> auth_data{};  // PASS, AH's key: the first 8 bytes, zero filled
    AhTtl ah_ttl = AhTtl::covered;

    net::IpAddress primary_address;  // source of our adverts; decides between equal priorities
    // Addresses the advert lists, in order; at most 255, one family; for IPv6 the first is
    // link-local. Addresses from virtual_ipaddress_excluded are owned and announced by the runner,
    // the protocol never sees them.
    std::vector<net::IpAddress> advert_addresses;

    net::IpAddress multicast_group =
        multicast_group_v4;                  // its family is the instance's, unicast too
    std::vector<UnicastPeer> unicast_peers;  // not empty: unicast only, as keepalived
    std::uint8_t unicast_ttl = 255;          // of what we send to them
    bool check_unicast_source = false;       // drop unicast adverts from others than unicast_peers

    ChecksumForm checksum_form = ChecksumForm::pseudo_header;
    bool skip_check_addresses = false;
    bool lower_priority_no_advert = false;  // master keeps silent when it hears a lower priority
    bool higher_priority_send_advert =
        false;  // one last advert when it yields to a higher priority
    bool owner_ignore_adverts = false;
    bool grouped = false;  // of a sync group: ready, it waits for GroupMaster (group.h)
    bool silent = false;   // an owner that nobody else stands by for: it says and hears nothing

    Announcements announcements;

    bool is_ipv6() const { return !multicast_group.is_v4(); }
    bool is_unicast() const { return !unicast_peers.empty(); }
    std::uint8_t ttl() const { return is_unicast() ? unicast_ttl : multicast_ttl; }

    friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace warren::vrrp
