// SPDX-License-Identifier: BSD-3-Clause
// What the manager and the control lcore tell each other. The manager makes the link before the
// control lcore starts and keeps it until that has ended.
#pragma once

#include <cstdint>

#include "exchange/channel.h"
#include "exchange/counters.h"
#include "net/address.h"
#include "vrrp/instance.h"
#include "vrrp/settings.h"

namespace warren::control {

// One virtual router as the control lcore runs it; immutable. Its index is the same in the
// snapshot, in Ownership and in all records below.
struct RouterPlan {
    vrrp::Settings settings;
    std::uint8_t port = 0;
    net::MacAddress source_mac;  // of adverts
    std::uint8_t faults = 0;     // at start: bit n = FaultCause n
};

struct VrrpCommand {
    enum class Kind : std::uint8_t {
        fault,     // cause, present, can_transmit
        priority,  // what tracking made of it
        plan,      // replaces the router's plan; answered by Report plan_taken with the old one
        shutdown,  // of all routers; answered by Report stopped
    };
    Kind kind = Kind::fault;
    std::uint16_t router = 0;
    vrrp::FaultCause cause = vrrp::FaultCause::link_down;
    bool present = false;
    bool can_transmit = true;
    std::int32_t priority = 0;
    const RouterPlan* plan = nullptr;
};

struct VrrpReport {
    enum class Kind : std::uint8_t { transition, alarm, plan_taken, stopped };
    Kind kind = Kind::transition;
    std::uint16_t router = 0;
    vrrp::State from = vrrp::State::initialize;
    vrrp::State to = vrrp::State::initialize;
    vrrp::Reason reason = vrrp::Reason::none;
    vrrp::AlarmKind alarm = vrrp::AlarmKind::other_master;
    net::IpAddress address{};  // what the alarm is about
    std::uint64_t when_ns = 0;
    const RouterPlan* plan = nullptr;  // no longer used
};

// A copy for `show`; sent a few times a second and with each transition.
struct VrrpStatus {
    std::uint64_t router = 0;
    vrrp::Status status;
};

// Written by the control lcore, read by the manager.
struct VrrpCounters {
    exchange::Counter frames;              // punted frames looked at
    exchange::Counter malformed;           // no whole IP packet in them
    exchange::Counter unknown_router;      // no virtual router of ours on that port
    exchange::Counter gratuitous_arps;     // sent
    exchange::Counter transmit_failures;   // a frame the port or the ring did not take
    exchange::Counter reports_lost;        // found the channel full
    exchange::Counter rounds, late_wakes;  // late: woken over 10 ms after the planned time
    exchange::Counter longest_oversleep_ns;
    exchange::Counter scheduling_errno;  // SCHED_FIFO was asked for and refused
};

struct VrrpLink {
    exchange::Channel<VrrpCommand> commands{4096};  // manager -> control
    exchange::Channel<VrrpReport> reports{4096};    // control -> manager
    exchange::Channel<VrrpStatus> statuses{2048};   // control -> manager
    VrrpCounters counters;                          // control -> manager
};

}  // namespace warren::control
