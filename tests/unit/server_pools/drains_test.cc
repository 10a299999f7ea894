// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/drains.h"

#include "model/builder.h"
#include "model/orders.h"
#include "model/server_state.h"
#include "unit/server_pools/pool.h"

namespace warren::server_pools {
namespace {

class DrainsTest : public Pool {
  protected:
    // The lines about it, a few milliseconds later.
    std::vector<std::string> follow(std::uint64_t ms = 20) {
        std::vector<std::string> lines;
        changed_ = silent_ = asks_ = false;
        for (const DrainUpdate& update :
             drains_.follow(*state_, exchange_, now_ns_ += ms * 1'000'000)) {
            EXPECT_EQ(update.server, 0);
            if (!update.asks) lines.push_back(update.text);
            asks_ |= update.asks;
            changed_ |= update.changed;
            silent_ |= update.silent;
        }
        return lines;
    }
    void drain() { execute(server(0), balance::Admin::drained, now_ns_); }

    Drains drains_;
    bool changed_ = false;
    bool silent_ = false;
    bool asks_ = false;
};

using Texts = std::vector<std::string>;

TEST_F(DrainsTest, TellEachQuarterThatHasGone) {
    use();
    counted(0, 0).active.set(60);
    counted(0, 1).active.set(40);
    EXPECT_EQ(follow(), Texts{});
    drain();
    EXPECT_EQ(follow(), Texts{});
    counted(0, 0).active.set(20);
    EXPECT_EQ(follow(), Texts{"drained to 25 %: 60 of 100 flows are left"});
    EXPECT_EQ(follow(60'000), Texts{}) << "without drain_timeout they have all the time";
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::drain);
}

TEST_F(DrainsTest, TheRestIsResetWhenTheTimeIsOver) {
    use("drain_timeout 2\n");
    counted(0).active.set(3);
    follow();
    drain();
    follow();
    EXPECT_EQ(follow(1'980), Texts{});
    EXPECT_EQ(follow(20), Texts{"drain_timeout: the last 3 flows are reset"});
    EXPECT_TRUE(changed_);
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::disabled);
    EXPECT_EQ(follow(), Texts{}) << "once";
    execute(server(0), balance::Admin::enabled, now_ns_);
    follow();
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::up);
    drain();
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::drain) << "and its time begins anew";
    EXPECT_EQ(follow(1'000), Texts{});
}

TEST_F(DrainsTest, WhoRefusesIsDownWhenItsLastConnectionHasGone) {
    use();
    counted(0).active.set(1);
    counted(0).open.set(1);
    follow();
    health::CheckResult refused{.reason = health::Reason::refused, .text = "connection refused"};
    apply_check(*state_, 0, 0, refused, now_ns_);
    apply_check(*state_, 0, 0, refused, now_ns_);
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::drain);
    EXPECT_EQ(follow(), Texts{});
    counted(0).open.set(0);
    follow();
    EXPECT_TRUE(changed_);
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::down);
}

TEST_F(DrainsTest, WhoRefusesIsAskedForTheConnectionsThatAreLeft) {
    const health::CheckResult refused{.reason = health::Reason::refused, .text = "refused"};
    for (const bool is_ordered : {false, true}) {
        use();
        counted(0).active.set(5);
        counted(0).open.set(5);
        follow();
        if (is_ordered) drain();
        follow();
        EXPECT_FALSE(asks_) << "an order is no sign of a dead process";
        apply_check(*state_, 0, 0, refused, now_ns_);
        apply_check(*state_, 0, 0, refused, now_ns_);
        follow();
        EXPECT_TRUE(asks_);
        follow(50);
        EXPECT_FALSE(asks_);
        follow(50);
        EXPECT_TRUE(asks_) << "once more";
        follow(1'000);
        EXPECT_FALSE(asks_);
        server(0).roll_call.call_again();
        follow();
        EXPECT_TRUE(asks_);
        EXPECT_EQ(server_state(server(0)), exchange::ServerState::drain);
    }
}

TEST_F(DrainsTest, WhoDiedAndIsBackBeforeAnyCheckIsAskedForTheConnectionsThatAreLeft) {
    use();
    counted(0).active.set(5);
    counted(0).open.set(5);
    follow();
    for (unsigned i = 0; i < 5; ++i)
        server(0).resetting.note(now_ns_ / 1'000'000);
    EXPECT_EQ(follow(), Texts{});
    EXPECT_TRUE(asks_);
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::up) << "it passes its checks";
    follow(100);
    EXPECT_TRUE(asks_) << "once more";
    follow(5'000);
    EXPECT_FALSE(asks_);
}

TEST_F(DrainsTest, ConnectionsThatTheServerHasClosedKeepNobodyDraining) {
    use();
    counted(0).active.set(2);  // half-closed: their clients have not answered yet
    follow();
    health::CheckResult refused{.reason = health::Reason::refused, .text = "connection refused"};
    apply_check(*state_, 0, 0, refused, now_ns_);
    apply_check(*state_, 0, 0, refused, now_ns_);
    EXPECT_EQ(server_state(server(0)), exchange::ServerState::down);
}

TEST_F(DrainsTest, SilenceIsSeenWhereAnswersPassUs) {
    for (const bool is_direct : {false, true}) {
        use("", is_direct ? "lb_kind DR\n" : "");
        follow();
        counted(0).to_server.add(10);
        follow();
        follow(60);
        EXPECT_EQ(silent_, !is_direct);
        follow(40);
        EXPECT_EQ(server(0).silence.is_evident(now_ns_ / 1'000'000), !is_direct);
        EXPECT_FALSE(silent_) << "told once";
    }
}

TEST_F(DrainsTest, WhoRestsIsLookedAtNowAndThenAndAtOnceWhenFramesCome) {
    use();
    const auto rest = [&] {
        for (unsigned turn = 0; turn < 4 * Drains::turns_of_rest; ++turn)
            follow();
    };
    rest();
    counted(0, 1).to_server.add(10);
    follow();
    follow(100);
    EXPECT_TRUE(silent_);
    rest();
    drain();
    for (unsigned turn = 0; turn < Drains::turns_of_rest; ++turn)
        follow();
    EXPECT_TRUE(server(0).drain.is_on());
    EXPECT_EQ(follow(), Texts{});
}

TEST_F(DrainsTest, SeeWhoSendsData) {
    use();
    const auto talks = [&] { return server(0).talking.since(0, now_ns_ / 1'000'000); };
    follow();
    counted(0).to_client.add(10);
    counted(0).to_client_bytes.add(10 * 60);
    follow();
    EXPECT_FALSE(talks()) << "bare ACKs, as a card pads them";
    counted(0, 1).to_client.add(2);
    counted(0, 1).to_client_bytes.add(60 + 75);
    follow();
    EXPECT_TRUE(talks()) << "a bare ACK and a confirm";
}

TEST_F(DrainsTest, KnowThatNatLeavesTimestamps) {
    use("lb_kind NAT\n");
    follow();
    counted(0).to_client.add(10);
    counted(0).to_client_bytes.add(10 * 66);
    follow();
    EXPECT_FALSE(server(0).talking.since(0, now_ns_ / 1'000'000));
}

}  // namespace
}  // namespace warren::server_pools
