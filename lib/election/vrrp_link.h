// SPDX-License-Identifier: BSD-3-Clause
// Messages between the manager and the control lcore. Created before the control lcore starts, kept
// until it has ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "election/plan.h"
#include "exchange/channel.h"
#include "exchange/counters.h"
#include "exchange/doorbell.h"
#include "net/address.h"
#include "vrrp/heard.h"
#include "vrrp/instance.h"

namespace warren::election {

struct VrrpCommand {
    enum class Kind : std::uint8_t {
        fault,         // cause, present, can_transmit
        priority,      // the effective one, by tracking
        preempt_hold,  // present: it does not preempt
        hand_over,     // yields to any advert for for_ns; 0: no longer. Success of this and of
        take_over,     // take_over is a transition with Reason::handover
        plan,          // replaces the router's plan; answered by plan_taken with the old one
        next_hop,      // mac of the router's unicast peer; zero: unknown, nothing is sent to it
        probe,         // sends a frame from `mac` to itself by the router's port
        scheduling,    // SCHED_FIFO `priority` of the thread; 0 = ordinary
        reload,        // carries out `changes`; answered by Report reloaded with them
        shutdown,      // of all routers; answered by Report stopped
    };
    Kind kind = Kind::fault;
    std::uint16_t router = 0;
    vrrp::FaultCause cause = vrrp::FaultCause::link_down;
    bool present = false;
    bool can_transmit = true;
    std::int32_t priority = 0;
    std::uint64_t for_ns = 0;
    std::uint16_t peer = 0;  // position in Settings::unicast_peers
    net::MacAddress mac{};
    const RouterPlan* plan = nullptr;
    const RouterChanges* changes = nullptr;
};

struct VrrpReport {
    enum class Kind : std::uint8_t {
        transition,
        alarm,     // alarm, address, heard, total
        rejected,  // reject, address, heard, total; one a second of a reason at most
        traffic,   // the first frame since the takeover
        silence,   // none for TrafficWatch::first_wait_ns
        plan_taken,
        reloaded,  // `changes` and the plans they replace are no longer used
        stopped,
    };
    Kind kind = Kind::transition;
    std::uint16_t router = 0;
    vrrp::State from = vrrp::State::initialize;
    vrrp::State to = vrrp::State::initialize;
    vrrp::Reason reason = vrrp::Reason::none;
    vrrp::AlarmKind alarm = vrrp::AlarmKind::other_master;
    vrrp::RejectReason reject = vrrp::RejectReason::ttl;
    std::uint64_t total = 0;      // of that alarm or reason since the start
    vrrp::Heard heard{};          // the advert it is about, if one is
    net::IpAddress address{};     // what the alarm is about
    net::MacAddress claimant{};   // the station that claims the address
    std::uint64_t silent_ns = 0;  // traffic: since the takeover
    std::uint64_t when_ns = 0;
    const RouterPlan* plan = nullptr;  // no longer used
    const RouterChanges* changes = nullptr;
};

// Announcements that one virtual router has sent.
struct AnnouncementCounts {
    std::uint64_t gratuitous_arps = 0;
    std::uint64_t advertisements = 0;  // unsolicited NAs
};

// For `show vrrp`; sent a few times a second and with each transition.
struct VrrpStatus {
    std::uint64_t router = 0;
    vrrp::Status status;
    std::uint64_t deadline_ns = 0;  // of its next timer
    AnnouncementCounts announced;
    std::uint64_t unsent_adverts = 0;      // given up for a newer one: port or ring were full
    std::uint64_t unresolved_adverts = 0;  // to unicast peers whose MAC is not known
    std::uint64_t silent_ns = 0;           // from takeover to first traffic; 0: none yet
};

// Written by the control lcore, read by the manager.
struct VrrpCounters {
    exchange::Counter frames;              // punted frames looked at
    exchange::Counter malformed;           // no whole IP packet in them
    exchange::Counter unknown_router;      // no virtual router of ours on that port
    exchange::Counter gratuitous_arps;     // sent
    exchange::Counter advertisements;      // unsolicited NAs sent
    exchange::Counter transmit_failures;   // the port or the ring did not take a frame; tried again
    exchange::Counter reports_lost;        // found the channel full
    exchange::Counter rounds, late_wakes;  // late: woken over 10 ms after the planned time
    exchange::Counter longest_oversleep_ns;
    exchange::Counter scheduling_errno;  // SCHED_FIFO was asked for and refused
    // By port: frames given to it (or to the ring that leads there), and those it took.
    std::array<exchange::Counter, max_ports> tried, taken;
};

inline constexpr auto vrrp_counters = std::to_array<exchange::CounterName<VrrpCounters>>({
    {"vrrp_frames", &VrrpCounters::frames},
    {"vrrp_malformed", &VrrpCounters::malformed},
    {"vrrp_unknown_router", &VrrpCounters::unknown_router},
    {"gratuitous_arps", &VrrpCounters::gratuitous_arps},
    {"advertisements", &VrrpCounters::advertisements},
    {"transmit_failures", &VrrpCounters::transmit_failures},
    {"reports_lost", &VrrpCounters::reports_lost},
    {"rounds", &VrrpCounters::rounds},
    {"late_wakes", &VrrpCounters::late_wakes},
    {"longest_oversleep_ns", &VrrpCounters::longest_oversleep_ns},
    {"scheduling_errno", &VrrpCounters::scheduling_errno},
});
static_assert(vrrp_counters.size() * sizeof(exchange::Counter) == offsetof(VrrpCounters, tried),
              "each counter of the control lcore needs its name in vrrp_counters");

struct VrrpLink {
    exchange::Channel<VrrpCommand> commands{4096};  // manager -> control
    exchange::Channel<VrrpReport> reports{4096};    // control -> manager
    exchange::Channel<VrrpStatus> statuses{2048};   // control -> manager
    // Rung by a transition: the host's addresses must not wait for the manager's next drain.
    exchange::Doorbell bell;
    VrrpCounters counters;  // control -> manager
};

}  // namespace warren::election
