// SPDX-License-Identifier: BSD-3-Clause
// What the control lcore is to run.
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
    net::MacAddress source_mac;  // of adverts, ARP and all we forward: the port's or the virtual
    std::uint16_t group = no_group;  // of the configuration's and the implied sync groups
    std::uint64_t garp_gap_ns = 0;   // at least, between two gratuitous ARPs on the port
    std::uint64_t gna_gap_ns = 0;    // and two unsolicited NAs
    std::uint16_t faults = 0;        // at start: bit n = FaultCause n
    // A configured number of announcements is taken literally; else they go on until traffic comes.
    bool announce_until_traffic = false;
    // What the plan before did not have: AnnouncedSet::added.
    std::vector<net::IpAddress> added{};

    friend bool operator==(const RouterPlan&, const RouterPlan&) = default;
};

// What a reload makes of one virtual router.
struct RouterChange {
    enum class Kind : std::uint8_t {
        remove,  // it disowns, says good-bye and is heard of no more
        change,  // another plan for the same (port, family, version, VRID)
        add,     // at an index that nobody has: a free one or the next
    };
    Kind kind = Kind::change;
    std::uint16_t router = 0;
    const RouterPlan* plan = nullptr;  // not of remove
    int priority = 0;                  // what tracking makes of it; 0: the plan's
    std::uint16_t faults = 0;          // bit n = FaultCause n: what holds now, not the plan's
    vrrp::AnnouncedSet announced = vrrp::AnnouncedSet::nothing;  // to those that know a master
};
// All of a reload at once: no sync group is ever half of what it was and half of what it will be.
using RouterChanges = std::vector<RouterChange>;

}  // namespace warren::election
