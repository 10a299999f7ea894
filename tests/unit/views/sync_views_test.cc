// SPDX-License-Identifier: BSD-3-Clause
// Flow sync as `show sync` and `show status` have it.
#include "views/sync_views.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::views {
namespace {

constexpr std::uint64_t sync_now_ns = 100'000'000'000;

class SyncRows : public testing::Test {
  protected:
    SyncRows() {
        exchange::SyncStatus peer;
        peer.is_peer = true;
        peer.peer.address = model::ip("10.9.0.2");
        peer.peer.up = true;
        peer.peer.since_ns = sync_now_ns - 5'000'000'000;
        peer.peer.round_trip_ns = 210'000;
        picture_.take(peer);
        exchange::SyncStatus status;
        status.router.role = exchange::SyncRouterStatus::Role::sends;
        status.router.in_sync = true;
        status.router.flows = 7;
        status.router.equal_ns = sync_now_ns - 400'000'000;
        picture_.take(status);
    }
    ViewContext context(const handover::SyncPicture* picture) {
        return {*state_, exchange_, vrrp_,       netlink_, process_,
                totals_, busy_,     sync_now_ns, 0,        picture};
    }

    std::unique_ptr<model::State> state_ =
        model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24"));
    exchange::Exchange exchange_{1};
    election::VrrpLink vrrp_;
    kernel::NetlinkStatistics netlink_;
    ProcessFacts process_;
    std::vector<PortTotals> totals_;
    std::vector<double> busy_;
    handover::SyncPicture picture_;
};

TEST_F(SyncRows, PeersComeBeforeRouters) {
    const std::vector<Json> rows = sync_rows(context(&picture_));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["peer"], "10.9.0.2");
    EXPECT_EQ(rows[0]["since_ms"], 5'000);
    EXPECT_EQ(rows[0]["rtt_ms"], 0.21);
    EXPECT_EQ(rows[1]["router"], "A");
    EXPECT_EQ(rows[1]["role"], "sending");
    EXPECT_EQ(rows[1]["equal_ms"], 400);
    EXPECT_EQ(rows[1]["flows"], 7);
}

// A report comes at once, a status every so often.
TEST_F(SyncRows, ADifferenceThatIsNamedIsOne) {
    EXPECT_EQ(sync_rows(context(&picture_))[1]["config_equal"], true);
    picture_.raise(handover::Trouble::config, 0, 0, sync_now_ns);
    picture_.explain(0, {.side = exchange::ConfigDifference::Side::ours});
    EXPECT_EQ(sync_rows(context(&picture_))[1]["config_equal"], false);
}

TEST_F(SyncRows, APeerThatWasNeverUpHasNoSince) {
    exchange::SyncStatus peer;
    peer.is_peer = true;
    peer.peer.address = model::ip("10.9.0.2");
    picture_.take(peer);
    EXPECT_TRUE(sync_rows(context(&picture_))[0]["since_ms"].is_null());
}

TEST_F(SyncRows, WithoutFlowSyncThereAreNone) {
    EXPECT_TRUE(sync_rows(context(nullptr)).empty());
    EXPECT_TRUE(alarm_list(context(nullptr)).empty());
}

TEST_F(SyncRows, AlarmsSayWhatCanBeDoneAndAreNotEndless) {
    picture_.raise(handover::Trouble::differs, 0, 12, sync_now_ns - 1'000'000);
    const Json one = alarm_list(context(&picture_));
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0]["name"], "differs");
    EXPECT_EQ(one[0]["text"], "A: the peer's table of flows is another one: 12 flows");
    EXPECT_EQ(one[0]["since_ms"], 1);
    for (std::uint16_t router = 1; router < 40; ++router)
        picture_.raise(handover::Trouble::differs, router, 0, sync_now_ns);
    EXPECT_EQ(alarm_list(context(&picture_)).size(), most_alarms_shown);
}

TEST(HandoverRows, SayWhatBecameOfEach) {
    const std::vector<Json> rows = handover_rows({{"A", true, "handed over", 12'000'000}});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["took_ms"], 12.0);
    EXPECT_EQ(rows[0]["done"], true);
}

}  // namespace
}  // namespace warren::views
