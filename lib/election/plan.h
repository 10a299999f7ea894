// SPDX-License-Identifier: BSD-3-Clause
// What the control lcore runs: virtual routers, and how a reload changes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/address.h"
#include "vrrp/event.h"
#include "vrrp/settings.h"

namespace warren::election {

inline constexpr std::size_t max_unicast_peers = 256;  // of one virtual router
inline constexpr std::uint16_t no_group = 0xffff;
inline constexpr std::uint16_t no_router = 0xffff;
inline constexpr std::size_t max_ports = 256;

// One virtual router as the control lcore runs it; immutable. Its index is the same in the
// snapshot, in Ownership and in all records below.
struct RouterPlan {
    vrrp::Settings settings;
    std::uint8_t port = 0;
    bool adverts_from_base = false;  // vmac_xmit_base: with the port's own MAC
    net::MacAddress source_mac;  // of adverts, ARP and forwarded frames: the port's or the virtual
    std::uint16_t group = no_group;  // of the configuration's and the implied sync groups
    std::uint64_t garp_gap_ns = 0;   // minimum between two gratuitous ARPs on the port
    std::uint64_t gna_gap_ns = 0;    // minimum between two unsolicited NAs
    std::uint16_t faults = 0;        // at start: bit n = FaultCause n
    // Repeat announcements until traffic comes; false: a configured number of them.
    bool announce_until_traffic = false;
    // Addresses that the previous plan did not have: AnnouncedSet::added.
    std::vector<net::IpAddress> added{};

    friend bool operator==(const RouterPlan&, const RouterPlan&) = default;
};

// What a reload makes of one virtual router.
struct RouterChange {
    enum class Kind : std::uint8_t {
        remove,  // it gives up its addresses and sends priority 0
        change,  // another plan for the same (port, family, version, VRID)
        add,     // at a free index or the next
    };
    Kind kind = Kind::change;
    std::uint16_t router = 0;
    const RouterPlan* plan = nullptr;  // not of remove
    int priority = 0;                  // effective, by tracking; 0: the plan's
    std::uint16_t faults = 0;          // bit n = FaultCause n; not the plan's
    vrrp::AnnouncedSet announced = vrrp::AnnouncedSet::nothing;  // by a master
};
// All of a reload at once, so that no sync group is ever half old and half new.
using RouterChanges = std::vector<RouterChange>;

}  // namespace warren::election
