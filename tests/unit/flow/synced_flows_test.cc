// SPDX-License-Identifier: BSD-3-Clause
#include "flow/synced_flows.h"

#include <gtest/gtest.h>

#include "flow/table.h"
#include "flow_samples.h"

namespace warren::flow {
namespace {

constexpr SipKey sums_key{1, 2};

class SyncedFlowsTest : public testing::Test {
  protected:
    static TableOptions options(std::optional<SipKey> key) {
        TableOptions o;
        o.capacity = 4'000;
        o.servers = 3;
        o.services = 2;
        o.digest_key = key;
        return o;
    }
    static Flow flow_in(std::uint32_t number, TcpState state) {
        Flow f = samples::flow(number);
        f.state = state;
        f.service_id = 1;
        return f;
    }
    // Index and whether it has left, of all changes.
    std::vector<std::pair<FlowIndex, bool>> take() {
        std::vector<std::pair<FlowIndex, bool>> all;
        for (; synced_.first() != nullptr; synced_.drop_first())
            all.emplace_back(synced_.first()->index, synced_.first()->has_left);
        return all;
    }

    FlowTable table_{options(sums_key)};
    SyncedFlows& synced_ = table_.synced_flows();
};

using Changes = std::vector<std::pair<FlowIndex, bool>>;

TEST_F(SyncedFlowsTest, AFlowIsOneFromItsOpeningToItsEnd) {
    const FlowIndex i = table_.insert(flow_in(0, TcpState::syn_sent));
    table_.set_state(i, TcpState::syn_received, 0);
    EXPECT_EQ(take(), Changes{});
    EXPECT_EQ(synced_.sums()[1], FlowSum{});
    table_.set_state(i, TcpState::established, 0);
    EXPECT_EQ(take(), (Changes{{i, false}}));
    EXPECT_EQ(synced_.sums()[1].count, 1U);
    EXPECT_EQ(synced_.sums()[1].sum, identity_hash(sums_key, table_[i]));
    EXPECT_EQ(synced_.sums()[0], FlowSum{});
    table_.set_state(i, TcpState::fin_client, 0);
    EXPECT_EQ(take(), (Changes{{i, false}}));
    EXPECT_EQ(synced_.sums()[1].count, 1U);
    table_.set_state(i, TcpState::time_wait, 0);
    ASSERT_NE(synced_.first(), nullptr);
    EXPECT_EQ(synced_.first()->gone.client_tuple(), table_[i].client_tuple());
    EXPECT_EQ(take(), (Changes{{i, true}}));
    EXPECT_EQ(synced_.sums()[1], FlowSum{});
    table_.erase(i);
    EXPECT_EQ(take(), Changes{});
}

TEST_F(SyncedFlowsTest, ErasingOneIsItsEnd) {
    const FlowIndex i = table_.restore(flow_in(0, TcpState::fin_server));
    EXPECT_EQ(take(), (Changes{{i, false}}));
    table_.erase(i);
    EXPECT_EQ(take(), (Changes{{i, true}}));
    EXPECT_EQ(synced_.sums()[1], FlowSum{});
}

TEST_F(SyncedFlowsTest, WhatIsTooMuchIsNotedAndTheSumsStayRight) {
    for (std::uint32_t n = 0; n < SyncedFlows::changes_max; ++n)
        table_.restore(flow_in(n, TcpState::established));
    EXPECT_FALSE(synced_.take_overflow());
    table_.restore(flow_in(SyncedFlows::changes_max, TcpState::established));
    EXPECT_TRUE(synced_.take_overflow());
    EXPECT_FALSE(synced_.take_overflow());
    EXPECT_EQ(take().size(), SyncedFlows::changes_max);
    EXPECT_EQ(synced_.sums()[1].count, SyncedFlows::changes_max + 1);
    table_.restore(flow_in(SyncedFlows::changes_max + 1, TcpState::established));
    EXPECT_EQ(take().size(), 1U) << "there is room again";
}

// A stub counts what it has answered where the colour stood.
TEST_F(SyncedFlowsTest, TheColourEndsWithTheFlow) {
    Flow f = flow_in(0, TcpState::established);
    f.colour = 1;
    const FlowIndex i = table_.restore(f);
    table_.set_state(i, TcpState::fin_client, 0);
    EXPECT_EQ(table_[i].colour, 1);
    table_.set_state(i, TcpState::dead, 0);
    EXPECT_EQ(table_[i].resets_to_server, 0);
}

TEST_F(SyncedFlowsTest, WithoutAKeyThereIsNothing) {
    FlowTable table(options(std::nullopt));
    table.erase(table.restore(flow_in(0, TcpState::established)));
    EXPECT_EQ(table.synced_flows().first(), nullptr);
    EXPECT_TRUE(table.synced_flows().sums().empty());
}

TEST_F(SyncedFlowsTest, ARestoredFlowIsLiveAndNotHalfOpen) {
    const FlowIndex i = table_.restore(flow_in(0, TcpState::syn_received));
    EXPECT_EQ(table_.half_open().size(), 0U);
    EXPECT_EQ(table_.servers().first(table_[i].server_id), i);
    EXPECT_EQ(table_.find(table_[i].server_tuple()).index, i);
    table_.set_state(i, TcpState::established, 0);
    EXPECT_EQ(take(), (Changes{{i, false}}));
    table_.erase(i);
    EXPECT_EQ(table_.size(), 0U);
}

}  // namespace
}  // namespace warren::flow
