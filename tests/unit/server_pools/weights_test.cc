// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/weights.h"

#include "model/builder.h"
#include "model/server_state.h"
#include "model/service_state.h"
#include "unit/server_pools/pool.h"

namespace warren::server_pools {
namespace {

using balance::Factor;

class Weights : public Pool {
  protected:
    void pass(int seconds) {
        for (; seconds > 0; --seconds)
            update_factors(*state_, exchange_, now_ns_ += 1'000'000'000);
    }
    std::uint32_t factor(std::size_t index, Factor which) {
        return state_->services[0].factors.factors(index)[static_cast<std::size_t>(which)];
    }
    void says(std::size_t index, rabbitmq::NodeFacts facts) {
        server(index).node = std::make_shared<const rabbitmq::NodeFacts>(std::move(facts));
    }
    std::string fronts() {
        update_standby(*state_);
        std::string text;
        for (const model::ServerRecord& s : state_->servers)
            text += server_weight(s) == 0 ? '-' : 'x';
        return text;
    }
};

TEST_F(Weights, HandshakesMoveTheFactorWithinItsBounds) {
    use();
    exchange::FlowEvent event;
    event.kind = exchange::FlowEventKind::established;
    for (int second = 0; second < 200; ++second) {
        for (const std::uint16_t index : {std::uint16_t{0}, std::uint16_t{1}}) {
            event.server = index;
            event.latency_us = index == 0 ? 1'000 : 100'000;
            apply_flow_event(*state_, event);
        }
        pass(1);
    }
    EXPECT_EQ(server(0).factor, balance::factor_one);
    EXPECT_EQ(server(1).factor, balance::factor_min);
    EXPECT_NEAR(server(1).handshake_us, 100'000, 1);
}

TEST_F(Weights, EqualServersNeedNoNewSnapshot) {
    use();
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(update_factors(*state_, exchange_, now_ns_ += 1'000'000'000));
}

TEST_F(Weights, UnansweredSynsAndRepeatedSegmentsOfAllWorkersCount) {
    use();
    for (int i = 0; i < 60; ++i) {
        counted(0, 0).connections.add(100);
        counted(0, 1).connections.add(100);
        server(0).unanswered += 100;
        counted(1, 1).to_server.add(1'000);
        counted(1, 1).repeated.add(200);
        pass(1);
    }
    EXPECT_LT(factor(0, Factor::syns), 32U);
    EXPECT_EQ(factor(1, Factor::syns), balance::factor_one);
    EXPECT_NEAR(factor(1, Factor::stalls), 170, 5);
    EXPECT_EQ(factor(0, Factor::stalls), balance::factor_one);
}

TEST_F(Weights, ANodesOwnWordsCount) {
    use();
    says(0, {.memory = rabbitmq::Usage{90, 100}, .descriptors = rabbitmq::Usage{95, 100}});
    pass(60);
    EXPECT_NEAR(factor(0, Factor::memory), 83, 1);
    EXPECT_NEAR(factor(0, Factor::connections), 83, 1);
    EXPECT_LT(server(0).factor, 40U) << "the product";
    EXPECT_EQ(server(1).factor, balance::factor_one);
}

TEST_F(Weights, SlowStartIsSeenEachSecond) {
    use("slow_start 10\n");
    server(1).health.set_admin(balance::Admin::disabled);
    note_change(server(1), "", now_ns_);
    server(1).health.set_admin(balance::Admin::enabled);
    note_change(server(1), "", now_ns_);
    pass(1);
    EXPECT_NEAR(server(1).factor, 26, 1);
    pass(4);
    EXPECT_NEAR(server(1).factor, 128, 8);
    pass(5);
    EXPECT_EQ(server(1).factor, balance::factor_one);
}

TEST_F(Weights, FailoverHasNoFactors) {
    use("lb_algo fo\n");
    says(0, {.memory = rabbitmq::Usage{100, 100}});
    pass(60);
    EXPECT_EQ(server(0).factor, balance::factor_one);
}

TEST_F(Weights, PreferredNodesServeWhileOneIsUp) {
    use("prefer ram\n");
    EXPECT_EQ(fronts(), "xx") << "nobody has said what he is";
    says(0, {.type = rabbitmq::NodeType::disc});
    says(1, {.type = rabbitmq::NodeType::ram});
    EXPECT_TRUE(update_standby(*state_));
    EXPECT_FALSE(update_standby(*state_)) << "once";
    EXPECT_EQ(fronts(), "-x");
    server(1).health.set_admin(balance::Admin::drained);
    EXPECT_EQ(fronts(), "xx") << "the disc node, now that it is alone";
    EXPECT_FALSE(server(0).stands_by);
}

TEST_F(Weights, AMinorityServesWhenNobodyElseCan) {
    use();
    server(0).health.on_result(0, balance::CheckResult::minority);
    EXPECT_EQ(fronts(), "-x");
    server(1).health.set_admin(balance::Admin::disabled);
    EXPECT_EQ(fronts(), "xx") << "its others may be dead, and the other one takes nobody";
}

TEST_F(Weights, WhoTakesItsLeaveServesWhenNobodyElseCan) {
    use();
    const auto takes_flows = [&](std::uint16_t index) {
        update_standby(*state_);
        return server_state(server(index)) == exchange::ServerState::up;
    };
    server(0).health.on_result(0, balance::CheckResult::draining);
    EXPECT_FALSE(takes_flows(0));
    server(1).health.on_result(0, balance::CheckResult::draining);
    EXPECT_TRUE(takes_flows(0)) << "its port may still take somebody, ours would take nobody";
    EXPECT_TRUE(takes_flows(1));
    EXPECT_FALSE(model::is_alive(server(0))) << "the quorum is lost, whoever serves";
    server(1).health.set_admin(balance::Admin::drained);
    EXPECT_TRUE(takes_flows(0));
    EXPECT_FALSE(takes_flows(1)) << "the operator's word is not the server's own";
    server(0).replaced = true;
    EXPECT_FALSE(takes_flows(0)) << "the sorry_server is for that";
    server(0).replaced = false;
    server(1).health.set_admin(balance::Admin::enabled);
    server(1).health.on_result(0, balance::CheckResult::pass);
    EXPECT_FALSE(takes_flows(0));
    EXPECT_TRUE(takes_flows(1));
}

TEST_F(Weights, TheNextTierServesWhenNobodyElseCan) {
    use("real_server 192.168.8.13 5672 {\ntier 1\n}\n");
    EXPECT_EQ(fronts(), "-xx") << "the first of the text";
    server(1).next_hop.reset();
    EXPECT_EQ(fronts(), "-xx") << "one is enough";
    server(2).ordered_weight = 0;
    EXPECT_EQ(fronts(), "xx-") << "one has no way, the other no weight";
}

TEST_F(Weights, TheNextTierServesWhileTheLowerOneIsFull) {
    use("real_server 192.168.8.13 5672 {\ntier 1\n}\n", "uthreshold 10\n");
    const auto hold = [&](std::uint16_t index, std::uint64_t flows) {
        counted(index).active.set(flows);
        exchange_.note_overload(index, model::flow_limit(server(index)));  // as a worker does
        return note_full(*state_, exchange_);
    };
    EXPECT_FALSE(hold(1, 9));
    EXPECT_TRUE(hold(1, 10));
    EXPECT_EQ(fronts(), "-xx") << "the other one has room";
    EXPECT_TRUE(hold(2, 10));
    EXPECT_FALSE(hold(2, 10));
    EXPECT_EQ(fronts(), "xxx") << "full ones wait for nobody: workers pass them over";
    EXPECT_FALSE(server(1).stands_by);
    EXPECT_FALSE(hold(1, 8)) << "full until a quarter has gone";
    EXPECT_TRUE(hold(1, 7));
    EXPECT_EQ(fronts(), "-xx");
}

TEST_F(Weights, WithoutTiersAFullServerIsTheWorkersMatter) {
    use("", "uthreshold 10\n");
    counted(0).active.set(10);
    EXPECT_FALSE(note_full(*state_, exchange_));
    EXPECT_FALSE(server(0).is_full);
}

}  // namespace
}  // namespace warren::server_pools
