// SPDX-License-Identifier: BSD-3-Clause
// Large pools: pages hold the rows of all, and cost no more than what they show.
#include "views/service_views.h"

#include <gtest/gtest.h>

#include <chrono>

#include "unit/model/sample_state.h"
#include "unit/views/read_page.h"
#include "views/views.h"

namespace warren::views {
namespace {

using model::ip;

class LargePool : public testing::Test {
  protected:
    // Doubles of the first server, at addresses of their own.
    void grow(std::size_t count) {
        model::State& state = *state_;
        const config::RealServer first = *state.servers[0].config;
        const config::VirtualServer& service = *state.services[0].config;
        while (state.servers.size() < count) {
            const auto n = static_cast<std::uint16_t>(state.servers.size());
            config::RealServer server = first;
            server.address = net::IpAddress::v4(10, 1, static_cast<std::uint8_t>(n >> 8),
                                                static_cast<std::uint8_t>(n));
            state.servers.push_back(model::make_server(service, server, false, 0));
            state.servers.back().position = n;
            state.services[0].servers.push_back(n);
        }
        state.services[0].factors = balance::PoolFactors(count);
    }
    ViewContext context() const {
        return {*state_, exchange_, vrrp_, netlink_, process_, totals_, busy_, 1, 1, nullptr};
    }
    // By pages.
    std::vector<Json> rows(const char* name) const {
        std::vector<Json> all;
        for (const View& view : all_views())
            if (std::string(view.name) == name) add_pages(view, all);
        return all;
    }
    void add_pages(const View& view, std::vector<Json>& all) const {
        std::string cursor;
        for (;;) {
            const Json page = read_page(view_page(view, context(), cursor));
            for (const Json& row : page.at("rows"))
                all.push_back(row);
            if (!page.contains("next")) return;
            cursor = page.at("next").get<std::string>();
        }
    }

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("A", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    mutable exchange::Exchange exchange_{1};
    election::VrrpLink vrrp_;
    kernel::NetlinkStatistics netlink_{};
    ProcessFacts process_;
    std::vector<PortTotals> totals_;
    std::vector<double> busy_;
};

// Else who has one would never be called a standby.
TEST_F(LargePool, WithTheHostsOwnAddressAloneHasNoMaster) {
    state_->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(rows("status")[0]["masters"], 1);
    EXPECT_EQ(rows("vrrp")[0]["static"], false);
    model::make_static(state_->routers[0]);
    EXPECT_EQ(rows("status")[0]["masters"], 0);
    EXPECT_EQ(rows("status")[0]["routers"], 0);
    EXPECT_EQ(rows("vrrp")[0]["static"], true);
}

TEST_F(LargePool, PagesHoldAllRowsOnceAndInOrder) {
    grow(500);
    EXPECT_TRUE(rows("servers") == server_rows(context()));
    EXPECT_TRUE(rows("services") == service_rows(context()));
    EXPECT_TRUE(rows("neighbours") == neighbour_rows(context()));
    EXPECT_EQ(server_rows(context()).size(), 500U);
}

// What a screen is told is what a program is told, but for factors that change nothing.
TEST_F(LargePool, AShortRowIsPartOfTheWhole) {
    grow(500);
    state_->servers[3].check = {.known = true, .ok = false, .latency_ns = 5'000, .text = "refused"};
    state_->servers[3].refused = 7;
    state_->servers[4].handshake_us = 81.4;
    const std::vector<Json> whole = server_rows(context());
    const std::vector<Json> brief = rows("servers_short");
    ASSERT_EQ(brief.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i)
        for (const auto& [name, value] : brief[i].items()) {
            if (name == "factors") continue;
            EXPECT_EQ(value, whole[i].at(name)) << name << " of " << i;
        }
}

TEST_F(LargePool, AShortRowHasFactorsThatTakeSomethingAway) {
    grow(2);
    state_->services[0].factors.slow_start(1, balance::factor_one / 2);
    const std::vector<Json> brief = rows("servers_short");
    EXPECT_TRUE(brief[0].at("factors").is_null());
    EXPECT_EQ(brief[1].at("factors").size(), 1U) << brief[1];
}

TEST_F(LargePool, WhatIsRemovedIsLeftOut) {
    grow(40);
    state_->servers[7].presence = model::Presence::removed;
    EXPECT_EQ(rows("servers").size(), 39U);
    EXPECT_EQ(rows("servers_short").size(), 39U);
    EXPECT_EQ(rows("neighbours").size(), 39U);
}

// Eight times as many: a page that looked at all servers for each row would take 64 times as long.
// The shortest of several runs, for others use the machine too.
TEST_F(LargePool, EightTimesAsManyServersCostAPageLittleMore) {
    const auto shortest = [&] {
        auto best = std::chrono::microseconds::max();
        for (int run = 0; run < 5; ++run) {
            const auto begun = std::chrono::steady_clock::now();
            view_page({"servers", server_rows, server_page}, context(), "");
            best = std::min(best, std::chrono::duration_cast<std::chrono::microseconds>(
                                      std::chrono::steady_clock::now() - begun));
        }
        return best;
    };
    grow(512);
    const auto few = shortest();
    grow(4'096);
    EXPECT_LT(shortest().count(), 16 * few.count() + 1'000);
}

using SmallPool = LargePool;

TEST_F(SmallPool, AScreenIsToldThatABlockedServerServes) {
    state_->servers[0].health.on_result(0, balance::CheckResult::blocked);
    EXPECT_EQ(rows("servers_short")[0].at("state"), "blocked");
    EXPECT_EQ(rows("servers_short")[0].at("serves"), true);
    state_->servers[0].health.set_admin(balance::Admin::drained);
    EXPECT_EQ(rows("servers_short")[0].at("serves"), false);
}

TEST_F(SmallPool, AMinorityIsDownForNewFlowsWhileAnotherServes) {
    model::ServerRecord& server = state_->servers[0];
    server.health.on_result(0, balance::CheckResult::minority);
    EXPECT_EQ(state_text(server), "up") << "nobody stands before it";
    server.stands_by = true;
    EXPECT_EQ(state_text(server), "down");
    const auto said = server_rows(context())[0].at("reason").get<std::string>();
    EXPECT_NE(said.find("down for new flows, those it has stay"), std::string::npos) << said;
    EXPECT_EQ(service_rows(context())[0].at("servers_up"), state_->servers.size() - 1);
    server.health.on_result(0, balance::CheckResult::pass);
    EXPECT_EQ(state_text(server), "up");
}

TEST_F(SmallPool, ANodeIsShownAsFarAsItIsKnown) {
    EXPECT_TRUE(server_rows(context())[0].at("node").is_null());
    rabbitmq::NodeFacts facts;
    facts.members = rabbitmq::Usage{1, 3};
    facts.mirrors_in_sync = false;
    state_->servers[0].node = std::make_shared<const rabbitmq::NodeFacts>(facts);
    const Json node = server_rows(context())[0].at("node");
    EXPECT_EQ(node.at("members"), (Json{{"used", 1}, {"limit", 3}}));
    EXPECT_EQ(node.at("mirrors_in_sync"), false);
    EXPECT_TRUE(node.at("quorum_critical").is_null());
}

}  // namespace
}  // namespace warren::views
