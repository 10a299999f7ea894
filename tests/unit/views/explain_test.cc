// SPDX-License-Identifier: BSD-3-Clause
// Questions that explain takes, and what it says without and with a flow.
#include "views/explain.h"

#include <gtest/gtest.h>

#include "model/port_use.h"
#include "model/service_state.h"
#include "unit/model/sample_state.h"

namespace warren::views {
namespace {

using namespace model;  // the words of its fixture

class Explain : public testing::Test {
  protected:
    Explain() {
        state_->routers[0].status.state = vrrp::State::master;
        update_quorums(*state_, start_ns);
    }
    Json ask(const std::string& text, const FlowAnswer& found = {}) {
        const ExplainQuestion question = read_question(*state_, text);
        EXPECT_TRUE(question.tuple) << question.problem;
        return question.tuple ? explanation(*state_, exchange_, *question.tuple, found) : Json();
    }
    bool says(const Json& row, const std::string& part) {
        return row["answer"].get<std::string>().find(part) != std::string::npos;
    }

    std::unique_ptr<model::State> state_ =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    exchange::Exchange exchange_{1};
};

TEST_F(Explain, TakesAClientAndPerhapsAService) {
    for (const char* good : {"10.0.0.1:5000", "10.0.0.1:5000,192.168.8.100:5672",
                             "[2001:db8::1]:5000,[2001:db8::100]:1"})
        EXPECT_TRUE(read_question(*state_, good).tuple) << good;
    for (const char* bad :
         {"", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:70000", "10.0.0.1:5x", "2001:db8::1:5000",
          "[10.0.0.1]:5000", "10.0.0.1:5000,", "10.0.0.1:5000,[2001:db8::1]:5000"}) {
        const ExplainQuestion question = read_question(*state_, bad);
        EXPECT_FALSE(question.tuple) << bad;
        EXPECT_FALSE(question.problem.empty());
    }
}

TEST_F(Explain, SaysWhyEachServerIsNoChoice) {
    exchange_.workers[0]->servers[1].active.set(3);
    const Json row = ask("10.0.0.1:5000");
    EXPECT_TRUE(says(row, "no server takes new flows")) << row;
    EXPECT_EQ(row["server"], nullptr);
    EXPECT_EQ(row["servers"][0]["against"], "no next hop");
    EXPECT_EQ(row["servers"][1]["active"], 3);
    FlowAnswer found;
    found.choice = 1;
    EXPECT_EQ(ask("10.0.0.1:5000", found)["server"], "192.168.8.12:5672");
    found.is_kept = true;
    EXPECT_TRUE(says(ask("10.0.0.1:5000", found), "persistence"));
}

TEST_F(Explain, SaysThatNoLocalPortIsLeft) {
    FlowAnswer found;
    found.choice = 1;
    const model::PortUse use = port_use(*state_, exchange_, 1);
    exchange_.workers[0]->servers[1].active.set(use.total - 1);
    EXPECT_TRUE(says(ask("10.0.0.1:5000", found), "a SYN goes to 192.168.8.12:5672"));
    exchange_.workers[0]->servers[1].active.set(use.total);
    const Json row = ask("10.0.0.1:5000", found);
    EXPECT_TRUE(says(row, "no local port is left towards 192.168.8.12")) << row;
    EXPECT_EQ(row["server"], nullptr);
}

TEST_F(Explain, SaysThatTheFlowTableIsFull) {
    FlowAnswer found;
    found.choice = 1;
    found.is_full = true;
    const Json row = ask("10.0.0.1:5000", found);
    EXPECT_TRUE(
        says(row, "its flow table is full (dataplane { flows }): a SYN is answered with RST"))
        << row;
    EXPECT_EQ(row["server"], nullptr);
}

TEST_F(Explain, AFlowIsTheAnswer) {
    FlowAnswer found;
    found.flow.emplace();
    found.flow->state = flow::TcpState::established;
    found.flow->server_address = ip("192.168.8.11");
    found.flow->server_port = net::Be16(5672);
    EXPECT_EQ(ask("10.0.0.1:5000", found)["server"], "192.168.8.11:5672");
    found.flow->state = flow::TcpState::dead;
    EXPECT_TRUE(says(ask("10.0.0.1:5000", found), "RST"));
}

TEST_F(Explain, WhoIsNotMasterDrops) {
    state_->routers[0].status.state = vrrp::State::backup;
    EXPECT_TRUE(says(ask("10.0.0.1:5000"), "the master answers"));
    EXPECT_TRUE(says(ask("10.0.0.1:5000,192.168.8.101:5672"), "none of ours"));
    state_->routers[0].status.state = vrrp::State::master;
    EXPECT_TRUE(says(ask("10.0.0.1:5000,192.168.8.100:99"), "no virtual_server"));
}

}  // namespace
}  // namespace warren::views
