// SPDX-License-Identifier: BSD-3-Clause
// Who hears of it when a server's standing has changed.
#include "control/services.h"

#include <gtest/gtest.h>

#include <chrono>

#include "fake_publication.h"

namespace warren::control {
namespace {

using namespace std::chrono_literals;

class OneService : public testing::Test {
  protected:
    Surroundings world_{model::router("A", "eth0", 51, "192.168.8.100/24") +
                        model::service("192.168.8.100", "quorum 4\n")};
    exchange::Exchange exchange_{1};
    programs::ScriptQueues queues_{world_.io, world_.events};
    unsigned quorums_ = 0;
    Services services_{world_.context(), exchange_, queues_, {}, {[this] { ++quorums_; }, {}}};
};

TEST_F(OneService, AServerThatGoesIsPublishedAndMayTakeTheQuorumWithIt) {
    services_.follow_quorums();
    ASSERT_TRUE(world_.state->services[0].has_quorum);
    ASSERT_EQ(world_.publication.published, 0U);
    EXPECT_TRUE(services_.execute(1, balance::Admin::disabled, ""));
    EXPECT_EQ(world_.publication.published, 1U);
    EXPECT_FALSE(world_.state->services[0].has_quorum) << "weight 1 of 4";
    EXPECT_EQ(quorums_, 2U);
    EXPECT_EQ(world_.last_event(), "service 192.168.8.100:5672 has lost its quorum: weight 1 of 4");
    const journal::Event& down = world_.events.at(world_.events.end() - 2);
    EXPECT_EQ(down.about.server, name_of(world_.state->servers[1]));
    EXPECT_EQ(down.about.service, "192.168.8.100:5672");
    EXPECT_EQ(down.about.cause, "operator");
}

TEST_F(OneService, WhatChecksHaveFoundIsACauseToo) {
    model::ServerRecord& server = world_.state->servers[1];
    services_.on_server(1);
    EXPECT_EQ(world_.events.at(1).about.cause, "check");
    server.health.on_result(0, balance::CheckResult::minority);
    services_.on_server(1);
    EXPECT_EQ(world_.events.at(world_.events.end() - 1).about.cause, "minority");
}

TEST_F(OneService, ThatAllTakeTheirLeaveIsToldOnce) {
    for (model::ServerRecord& server : world_.state->servers)
        server.next_hop = kernel::NextHop{.ifindex = 1, .mac = net::MacAddress{{2, 0, 0, 0, 0, 9}}};
    services_.follow_quorums();
    const auto told = [&] {
        std::string all;
        world_.events.from(0, [&](const journal::Event& event) {
            if (event.about.cause == "last_resort") all += event.text.substr(28, 16) + "|";
            return true;
        });
        return all;
    };
    const auto find = [&](std::uint16_t index, balance::CheckResult result) {
        world_.state->servers[index].health.on_result(0, result);
        services_.on_server(index);
        world_.io.restart();
        world_.io.run_for(1s);  // what is paced comes when the turn before has had its rest
    };
    for (const std::uint16_t index : {0, 1, 1})
        find(index, balance::CheckResult::draining);
    EXPECT_EQ(told(), "all servers left|");
    find(0, balance::CheckResult::pass);
    EXPECT_EQ(told(), "all servers left|no new flows go |");
}

TEST_F(OneService, AnOrderThatChangesNothingIsToldNobody) {
    EXPECT_TRUE(services_.execute(0, balance::Admin::disabled, ""));
    const unsigned published = world_.publication.published;
    EXPECT_FALSE(services_.execute(0, balance::Admin::disabled, ""));
    EXPECT_EQ(world_.publication.published, published);
}

// It is no news of its standing, and yet others come first now.
TEST_F(OneService, WhatIsLearntOfANodeIsPublishedWithinASecond) {
    for (model::ServerRecord& server : world_.state->servers)
        server.next_hop = kernel::NextHop{.ifindex = 1, .mac = net::MacAddress{{2, 0, 0, 0, 0, 9}}};
    services_.follow_quorums();
    services_.every_second();
    const unsigned published = world_.publication.published;
    ASSERT_TRUE(world_.state->services[0].has_quorum);
    world_.state->servers[1].health.on_result(0, balance::CheckResult::minority);
    services_.every_second();
    EXPECT_EQ(world_.publication.published, published + 1);
    EXPECT_FALSE(world_.state->services[0].has_quorum) << "it is down for new flows";
    services_.every_second();
    EXPECT_EQ(world_.publication.published, published + 1);
}

TEST_F(OneService, AnEndedFlowIsKeptForWhoAsks) {
    services_.take({.client = model::ip("10.0.0.9"),
                    .client_port = net::Be16(4000),
                    .server = 1,
                    .service = 0,
                    .kind = exchange::FlowEventKind::refused,
                    .cause = {}});
    std::vector<std::string> causes;
    services_.ended().from(0, [&](const history::EndedFlow& flow) {
        causes.emplace_back(flow.cause);
        return true;
    });
    EXPECT_EQ(causes, std::vector<std::string>{"refused"});
    EXPECT_EQ(world_.state->servers[1].refused, 1U);
}

}  // namespace
}  // namespace warren::control
