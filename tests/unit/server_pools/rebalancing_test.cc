// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/rebalancing.h"

#include "unit/server_pools/pool.h"

namespace warren::server_pools {
namespace {

class Rebalancing : public Pool {
  protected:
    // Of weight 1: worker 0's flows and worker 1's. The other, of weight 3, has none.
    void hold(std::uint64_t first, std::uint64_t second) {
        counted(0, 0).active.set(first);
        counted(0, 1).active.set(second);
    }
};

TEST_F(Rebalancing, IsOffUnlessItIsWanted) {
    use();
    hold(50, 50);
    EXPECT_TRUE(rebalance(*state_, exchange_).sheds.empty());
}

TEST_F(Rebalancing, TheWorkerWithMoreGivesMore) {
    use("rebalance {\nrate 30\n}\n");
    hold(60, 40);
    const RebalanceStep step = rebalance(*state_, exchange_);
    ASSERT_EQ(step.sheds.size(), 2U);
    EXPECT_EQ(step.sheds[0].order.most, 25);
    EXPECT_EQ(step.sheds[1].order.most, 5);
    EXPECT_EQ(step.sheds[0].order.server, 0);
    ASSERT_EQ(step.news.size(), 1U);
    EXPECT_EQ(step.news[0].second, "a server is short of its share: connections move");
    hold(13, 12);
    counted(1, 0).active.set(75);
    const RebalanceStep end = rebalance(*state_, exchange_);
    EXPECT_TRUE(end.sheds.empty());
    ASSERT_EQ(end.news.size(), 1U);
    EXPECT_EQ(end.news[0].second, "evened out: 30 connections were told to move");
}

TEST_F(Rebalancing, ByCloseTheNodeIsAskedAndNoWorker) {
    use("rebalance {\nrate 30\nmethod close\n}\n");
    hold(60, 40);
    const RebalanceStep step = rebalance(*state_, exchange_);
    EXPECT_TRUE(step.sheds.empty());
    ASSERT_EQ(step.closes.size(), 1U);
    EXPECT_EQ(step.closes[0].server, 0);
    EXPECT_EQ(step.closes[0].most, 30U);
}

TEST_F(Rebalancing, ABackupsFlowsAreItsPeersToMove) {
    for (const char* method : {"reset", "close"}) {
        use("rebalance {\nmethod " + std::string(method) + "\n}\n");
        hold(60, 40);
        state_->routers[0].status.state = vrrp::State::backup;
        const RebalanceStep step = rebalance(*state_, exchange_);
        EXPECT_TRUE(step.sheds.empty() && step.closes.empty() && step.news.empty()) << method;
    }
}

TEST_F(Rebalancing, AServerThatTakesNoneIsNotShortOfThem) {
    use("rebalance {\n}\n");
    hold(50, 50);
    server(1).health.set_admin(balance::Admin::drained);
    EXPECT_TRUE(rebalance(*state_, exchange_).sheds.empty());
    server(1).health.set_admin(balance::Admin::enabled);
    server(1).stands_by = true;
    EXPECT_TRUE(rebalance(*state_, exchange_).sheds.empty());
}

TEST_F(Rebalancing, AnOrderIsCarriedOutOnce) {
    use();
    hold(50, 50);
    state_->services[0].is_rebalance_ordered = true;
    EXPECT_EQ(rebalance(*state_, exchange_).sheds.size(), 2U);
    hold(13, 12);
    counted(1, 0).active.set(75);
    rebalance(*state_, exchange_);
    EXPECT_FALSE(state_->services[0].is_rebalance_ordered);
    hold(50, 50);
    EXPECT_TRUE(rebalance(*state_, exchange_).sheds.empty());
}

TEST_F(Rebalancing, WhoComesBackToTheSameServerIsNotMoved) {
    for (const char* words : {"lb_algo mh\n", "lb_algo fo\n", "persistence_timeout 60\n"}) {
        use(std::string(words) + "rebalance {\n}\n");
        hold(50, 50);
        EXPECT_FALSE(hindrance(state_->services[0]).empty());
        EXPECT_TRUE(rebalance(*state_, exchange_).sheds.empty());
    }
}

TEST_F(Rebalancing, ASlowStartersShareIsThatOfItsPartOfTheWeight) {
    use("slow_start 10\nrebalance {\nrate 100\n}\n");
    hold(50, 50);
    server(1).factor = balance::factor_one / 3;
    std::uint32_t sum = 0;
    for (const Shed& shed : rebalance(*state_, exchange_).sheds)
        sum += shed.order.most;
    EXPECT_NEAR(sum, 50, 1) << "of 75 in the end";
}

TEST_F(Rebalancing, EqualSharesWhereTheSchedulerAsksForNoWeight) {
    use("lb_algo lc\nrebalance {\nrate 100\n}\n");
    hold(50, 50);
    std::uint32_t sum = 0;
    for (const Shed& shed : rebalance(*state_, exchange_).sheds)
        sum += shed.order.most;
    EXPECT_EQ(sum, 50U);
}

}  // namespace
}  // namespace warren::server_pools
