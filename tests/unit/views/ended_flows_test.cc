// SPDX-License-Identifier: BSD-3-Clause
// Why clients disconnected, kept from the workers' events; and how many local ports are used.
#include "history/ended_flows.h"
#include "views/event_rows.h"

#include <gtest/gtest.h>

#include "model/port_use.h"
#include "unit/model/sample_state.h"
#include "unit/views/read_page.h"

namespace warren::views {
namespace {

using namespace model;  // the words of its fixture

using exchange::EndCause;
using exchange::FlowEvent;
using exchange::FlowEventKind;

FlowEvent event(FlowEventKind kind, EndCause cause = EndCause::client_fin) {
    return {.client = net::IpAddress::v4(10, 0, 0, 9),
            .client_port = net::Be16(4000),
            .server = 1,
            .service = 0,
            .kind = kind,
            .cause = cause};
}

class Ended : public testing::Test {
  protected:
    history::EndedFlow last() const {
        history::EndedFlow found;
        flows_.from(flows_.end() - 1, [&](const history::EndedFlow& flow) {
            found = flow;
            return true;
        });
        return found;
    }
    std::string last_cause() const { return std::string(last().cause); }

    std::unique_ptr<State> state_ =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    history::EndedFlows flows_;
};

TEST_F(Ended, SaysWhoWhereAndWhy) {
    flows_.take(event(FlowEventKind::ended, EndCause::server_down), *state_, 5'000);
    const Json row = read_page(ended_page(flows_, "")).at("rows").at(0);
    EXPECT_EQ(row.at("client"), "10.0.0.9:4000");
    EXPECT_EQ(row.at("service"), name_of(state_->services[0]));
    EXPECT_EQ(row.at("server"), name_of(state_->servers[1]));
    EXPECT_EQ(row.at("cause"), "server_down");
    EXPECT_EQ(row.at("time"), "1970-01-01T00:00:05.000Z");
}

TEST_F(Ended, HasTheBytesOfWhatWasOpen) {
    FlowEvent ended = event(FlowEventKind::ended);
    ended.bytes = {100, 2'000};
    flows_.take(ended, *state_, 0);
    EXPECT_EQ(to_json(last()).at("to_server_bytes"), 100);
    EXPECT_EQ(to_json(last()).at("to_client_bytes"), 2'000);
    flows_.take(event(FlowEventKind::refused), *state_, 0);
    EXPECT_TRUE(to_json(last()).at("to_server_bytes").is_null());
}

TEST_F(Ended, EveryCauseHasItsName) {
    const std::array<std::pair<EndCause, const char*>, 13> causes{
        {{EndCause::client_fin, "client_fin"},
         {EndCause::server_fin, "server_fin"},
         {EndCause::client_reset, "client_reset"},
         {EndCause::server_reset, "server_reset"},
         {EndCause::server_down, "server_down"},
         {EndCause::idle, "idle"},
         {EndCause::disabled, "disabled"},
         {EndCause::removed, "removed"},
         {EndCause::reset, "reset"},
         {EndCause::no_server, "no_server"},
         {EndCause::no_port, "no_port"},
         {EndCause::table_full, "table_full"},
         {EndCause::rebalance, "rebalance"}}};
    for (const auto& [cause, name] : causes) {
        flows_.take(event(FlowEventKind::ended, cause), *state_, 0);
        EXPECT_EQ(last_cause(), name);
    }
    flows_.take(event(FlowEventKind::ended, EndCause::count_), *state_, 0);
    EXPECT_EQ(last_cause(), "unknown") << "and nothing is thrown";
    flows_.take(event(FlowEventKind::refused), *state_, 0);
    EXPECT_EQ(last_cause(), "refused");
    flows_.take(event(FlowEventKind::unanswered), *state_, 0);
    EXPECT_EQ(last_cause(), "unanswered");
}

// The client did not notice that another server took it.
TEST_F(Ended, WhatHasNotEndedIsLeftOut) {
    flows_.take(event(FlowEventKind::established), *state_, 0);
    FlowEvent replayed = event(FlowEventKind::refused);
    replayed.replayed = true;
    flows_.take(replayed, *state_, 0);
    EXPECT_EQ(flows_.end(), 1U);
}

TEST_F(Ended, ATurnedAwayClientHadNoServer) {
    FlowEvent turned_away = event(FlowEventKind::turned_away, EndCause::no_port);
    turned_away.server = 0xffff;
    flows_.take(turned_away, *state_, 0);
    EXPECT_TRUE(to_json(last()).at("server").is_null());
}

TEST_F(Ended, TheOldestGoFirstAndPagesFollowTheNumbers) {
    for (std::size_t i = 0; i < history::EndedFlows::capacity + 10; ++i)
        flows_.take(event(FlowEventKind::ended), *state_, static_cast<std::int64_t>(i));
    EXPECT_EQ(read_page(ended_page(flows_, "")).at("rows").at(0).at("number"), 11U);
    EXPECT_EQ(read_page(ended_page(flows_, "@100")).at("rows").at(0).at("number"), 101U);
    std::size_t rows = 0;
    std::string cursor;
    for (;;) {
        const Json page = read_page(ended_page(flows_, cursor));
        rows += page.at("rows").size();
        if (!page.contains("next")) break;
        cursor = page["next"].get<std::string>();
    }
    EXPECT_EQ(rows, history::EndedFlows::capacity);
}

class Ports : public testing::Test {
  protected:
    exchange::Counter& active(unsigned worker, std::uint16_t server) {
        return exchange_.workers[worker]->servers[server].active;
    }

    std::unique_ptr<State> state_ =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    exchange::Exchange exchange_{2};
};

TEST_F(Ports, UsedOfAllWorkersAndTheServicesOwnTakenOff) {
    active(0, 0).set(100);
    active(1, 0).set(50);
    const PortUse use = port_use(*state_, exchange_, 0);
    EXPECT_EQ(use.used, 150U);
    EXPECT_EQ(use.total, 65'536U - 1'024U - 1U);
    EXPECT_NEAR(use.fullest_worker, 100.0 / (64'511.0 / 2), 0.0001);
    EXPECT_EQ(port_use(*state_, exchange_, state_->services[0]).total,
              use.total * state_->services[0].servers.size());
}

TEST_F(Ports, TheAlarmIsRaisedOnceAtEightyPercentOfOneWorkersShare) {
    PortAlarm alarm;
    active(1, 0).set(25'000);
    EXPECT_TRUE(alarm.newly_short(*state_, exchange_).empty());
    active(1, 0).set(26'000);
    EXPECT_EQ(alarm.newly_short(*state_, exchange_), std::vector<std::uint16_t>{0});
    EXPECT_TRUE(alarm.newly_short(*state_, exchange_).empty()) << "once";
    active(1, 0).set(24'000);
    EXPECT_TRUE(alarm.newly_short(*state_, exchange_).empty());
    active(1, 0).set(26'000);
    EXPECT_TRUE(alarm.newly_short(*state_, exchange_).empty()) << "it has hardly been calm";
    active(1, 0).set(1'000);
    EXPECT_TRUE(alarm.newly_short(*state_, exchange_).empty());
    active(1, 0).set(26'000);
    EXPECT_EQ(alarm.newly_short(*state_, exchange_).size(), 1U);
}

}  // namespace
}  // namespace warren::views
