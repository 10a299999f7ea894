// SPDX-License-Identifier: BSD-3-Clause
// Each way in which a connection ends has its cause and its words; a takeover's name who was master
// and why that changed.
#include "history/ended_flows.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::history {
namespace {

using exchange::EndCause;
using exchange::FlowEvent;
using exchange::FlowEventKind;
using vrrp::Reason;
using vrrp::State;

constexpr std::int64_t noon_ms = 1'000'000;

FlowEvent event(FlowEventKind kind, EndCause cause = EndCause::client_fin) {
    return {.client = net::IpAddress::v4(10, 0, 0, 9),
            .client_port = net::Be16(4000),
            .server = 1,
            .service = 0,
            .kind = kind,
            .cause = cause};
}

class Ends : public testing::Test {
  protected:
    Ends() {
        state_->routers[0].other_master = model::ip("192.168.8.5");
        state_->routers[0].other_heard_ns = 1'000'000'000;
    }
    const MastershipChange* turn(State from, State to, Reason reason,
                                 std::int64_t wall_ms = noon_ms) {
        election::VrrpReport report;
        report.from = from;
        report.to = to;
        report.reason = reason;
        report.when_ns = 4'650'000'000;
        return ended_.take(report, *state_, wall_ms);
    }
    EndedFlow last(const FlowEvent& what, std::int64_t wall_ms = noon_ms) {
        ended_.take(what, *state_, wall_ms);
        EndedFlow found;
        ended_.from(ended_.end() - 1, [&](const EndedFlow& flow) {
            found = flow;
            return true;
        });
        return found;
    }
    EndedFlow stray(std::int64_t wall_ms) {
        FlowEvent what = event(FlowEventKind::stray);
        what.server = FlowEvent::no_server;
        return last(what, wall_ms);
    }

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("rabbit", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    EndedFlows ended_;
};

TEST_F(Ends, AStrayAfterATakeoverWasTheOthers) {
    turn(State::backup, State::master, Reason::master_down);
    const EndedFlow flow = stray(noon_ms + 400);
    EXPECT_EQ(flow.cause, "takeover");
    EXPECT_EQ(flow.text,
              "RST sent: no flow here. rabbit became master 0.4 s before (nobody was heard for "
              "3.65 s): the connection was 192.168.8.5's, gone with it");
    EXPECT_FALSE(flow.had_server);
    EXPECT_EQ(flow.router, "rabbit");
}

TEST_F(Ends, EachTakeoverSaysWhy) {
    const std::array<std::pair<Reason, const char*>, 4> reasons{
        {{Reason::priority_zero, "192.168.8.5 said good-bye"},
         {Reason::preempted_lower, "its priority is above that of 192.168.8.5"},
         {Reason::handover, "192.168.8.5 handed it over"},
         {Reason::owner_startup, "it owns the address"}}};
    for (const auto& [reason, words] : reasons) {
        turn(State::backup, State::master, reason);
        EXPECT_NE(stray(noon_ms).text.find(words), std::string::npos) << words;
    }
}

TEST_F(Ends, AStrayOfAnOldMasterIsNobodys) {
    turn(State::backup, State::master, Reason::master_down);
    const EndedFlow flow = stray(noon_ms + 7'500'000);
    EXPECT_EQ(flow.cause, "stray");
    EXPECT_EQ(flow.text,
              "RST sent: no flow here. Nobody knows the connection, and rabbit has been master for "
              "2h5m");
}

TEST_F(Ends, AStrayOfAConnectionThatHasEndedIsLate) {
    turn(State::backup, State::master, Reason::master_down);
    last(event(FlowEventKind::established));
    last(event(FlowEventKind::ended, EndCause::idle), noon_ms + 1'000);
    const EndedFlow flow = stray(noon_ms + 3'000);
    EXPECT_EQ(flow.cause, "stale");
    EXPECT_EQ(flow.text,
              "RST sent: no flow here. The connection had ended 2 s before: it was idle");
}

TEST_F(Ends, WhatWasOpenWhenTheAddressWentHasMoved) {
    EXPECT_FALSE(turn(State::master, State::backup, Reason::higher_priority_heard)->gained);
    const EndedFlow flow = last(event(FlowEventKind::moved));
    EXPECT_EQ(flow.cause, "moved");
    EXPECT_EQ(flow.text,
              "rabbit is no longer master here (192.168.8.5 has the higher priority): the "
              "connection was open, its address is 192.168.8.5's now");
}

TEST_F(Ends, AFaultIsNamed) {
    state_->routers[0].status.faults = 1U << static_cast<unsigned>(vrrp::FaultCause::link_down);
    EXPECT_EQ(turn(State::master, State::fault, Reason::fault)->reason, "its link is down");
}

TEST_F(Ends, OtherTransitionsAreNoTurns) {
    EXPECT_EQ(turn(State::initialize, State::backup, Reason::startup), nullptr);
    EXPECT_EQ(turn(State::fault, State::backup, Reason::fault_cleared), nullptr);
}

TEST_F(Ends, EachCauseHasItsWords) {
    state_->servers[1].reason = "connection refused";
    const std::array<std::pair<EndCause, const char*>, 6> causes{
        {{EndCause::server_down, "RST sent: the server is down: connection refused"},
         {EndCause::disabled, "RST sent: the server is disabled: connection refused"},
         {EndCause::removed, "RST sent: a reload took the server out"},
         {EndCause::reset, "RST sent: reset by the operator"},
         {EndCause::no_port, "SYN refused: no local port is left (local_address_group)"},
         {EndCause::table_full, "SYN refused: the flow table is full (dataplane { flows })"}}};
    for (const auto& [cause, words] : causes)
        EXPECT_EQ(last(event(FlowEventKind::ended, cause)).text, words);
    state_->servers[1].drain_is_over = true;
    EXPECT_EQ(last(event(FlowEventKind::ended, EndCause::disabled)).cause, "drained");
    FlowEvent idle = event(FlowEventKind::ended, EndCause::idle);
    idle.idle_ms = 7'440'000;
    EXPECT_EQ(last(idle).text, "RST sent: nothing was heard for 2h4m");
}

TEST_F(Ends, AnEndSaysHowLongItLasted) {
    FlowEvent begun = event(FlowEventKind::established);
    begun.latency_us = 85;
    last(begun, noon_ms);
    const EndedFlow flow = last(event(FlowEventKind::ended), noon_ms + 5'000);
    EXPECT_EQ(flow.began_ms, noon_ms);
    EXPECT_EQ(flow.connect_us, 85U);
    EXPECT_EQ(last(event(FlowEventKind::ended), noon_ms + 9'000).began_ms, 0) << "ended already";
}

TEST_F(Ends, AFloodOfStraysTakesNoEndAway) {
    const std::uint64_t first = last(event(FlowEventKind::ended, EndCause::idle)).number;
    for (std::size_t i = 0; i < 2 * EndedFlows::capacity; ++i)
        stray(noon_ms);
    std::size_t kept = 0;
    std::uint64_t before = 0;
    ended_.from(0, [&](const EndedFlow& flow) {
        EXPECT_GT(flow.number, before);
        before = flow.number;
        EXPECT_TRUE(kept != 0 || flow.number == first);
        ++kept;
        return true;
    });
    EXPECT_EQ(kept, EndedFlows::capacity + 1);
}

}  // namespace
}  // namespace warren::history
