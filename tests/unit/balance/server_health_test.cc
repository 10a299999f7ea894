// SPDX-License-Identifier: BSD-3-Clause
#include "balance/server_health.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::balance {
namespace server_health_test {

// What keepalived calls `retry N`.
constexpr CheckerRules with_retry(std::uint32_t retry) {
    return {1, retry + 1};
}

constexpr ServerRules plain{};
constexpr ServerRules alpha{.alpha = true};
constexpr ServerRules inhibit{.inhibit_on_failure = true};

struct Case {
    const char* name;
    ServerRules rules;
    CheckerRules checker;
    std::string_view
        results;  // + pass, b blocked, m minority, d draining, r refused, f failed, s silent
    std::string_view standings;  // after each: S serving, d draining, D down
};

const Case cases[] = {
    {"retry 1 (keepalived's default): the second failure counts", plain, with_retry(1), "+rr",
     "SSD"},
    {"retry 0: the first failure counts", plain, with_retry(0), "+s", "SD"},
    {"retry 3", plain, with_retry(3), "sssss", "SSSDD"},
    {"a success in between starts the count again", plain, with_retry(1), "r+r+rr", "SSSSSD"},
    {"one success brings it back", plain, with_retry(1), "rr+r", "SDSS"},
    {"rise 3", plain, {3, 1}, "s++s+++", "DDDDDDS"},
    {"alpha: down until the first success", alpha, with_retry(1), "r+", "DS"},
    {"alpha, then as usual", alpha, with_retry(1), "+rr", "SSD"},
    {"inhibit_on_failure: flows stay", inhibit, with_retry(0), "+r+", "SdS"},
    {"rules of 0 mean 1", plain, {0, 0}, "r+", "DS"},
    {"who says that it drains drains at once", plain, with_retry(3), "+dd+", "SddS"},
    {"one failure is no end of its drain", plain, with_retry(1), "dsdss", "ddddD"},
    {"an alarm takes nothing away", plain, with_retry(0), "+b+b", "SSSS"},
    {"a minority serves, where nobody else does", plain, with_retry(0), "+m+m", "SSSS"},
    {"a wrong answer is a failure", plain, with_retry(1), "+ff", "SSD"},
};

char letter(Standing s) {
    return s == Standing::serving ? 'S' : s == Standing::draining ? 'd' : 'D';
}

CheckResult result(char c) {
    constexpr std::string_view letters = "+bmdrfs";
    return static_cast<CheckResult>(letters.find(c));
}

TEST(ServerHealth, OneChecker) {
    for (const Case& c : cases) {
        ServerHealth server(c.rules, std::array{c.checker});
        std::string got;
        for (const char r : c.results) {
            const auto before = std::pair(server.standing(), server.condition());
            const bool changed = server.on_result(0, result(r));
            EXPECT_EQ(changed, before != std::pair(server.standing(), server.condition()))
                << c.name;
            got += letter(server.standing());
        }
        EXPECT_EQ(got, c.standings) << c.name;
    }
}

TEST(ServerHealth, AllCheckersMustPass) {
    const std::array<CheckerRules, 2> rules{with_retry(0), with_retry(0)};
    ServerHealth server(plain, rules);
    EXPECT_TRUE(server.on_result(1, CheckResult::refused));
    EXPECT_EQ(server.standing(), Standing::down);
    EXPECT_FALSE(server.on_result(0, CheckResult::refused)) << "it was down already";
    EXPECT_FALSE(server.on_result(1, CheckResult::pass)) << "the other one still fails";
    EXPECT_TRUE(server.on_result(0, CheckResult::pass));
    EXPECT_EQ(server.standing(), Standing::serving);
}

TEST(ServerHealth, WithAlphaEachCheckerMustPassOnce) {
    const std::array<CheckerRules, 2> rules{};
    ServerHealth server(alpha, rules);
    EXPECT_FALSE(server.on_result(0, CheckResult::pass));
    EXPECT_TRUE(server.on_result(1, CheckResult::pass));
}

TEST(ServerHealth, WithoutCheckersItIsUp) {
    EXPECT_EQ(ServerHealth(plain, {}).standing(), Standing::serving);
    EXPECT_EQ(ServerHealth(alpha, {}).standing(), Standing::serving);
}

TEST(ServerHealth, TheOperatorsWord) {
    ServerHealth server(plain, std::array{with_retry(0)});
    EXPECT_TRUE(server.set_admin(Admin::drained));
    EXPECT_EQ(server.standing(), Standing::draining);
    EXPECT_TRUE(server.on_result(0, CheckResult::refused)) << "a drained server may die";
    EXPECT_EQ(server.standing(), Standing::down);
    server.on_result(0, CheckResult::pass);
    EXPECT_EQ(server.standing(), Standing::draining) << "drained it stays when it comes back";
    EXPECT_TRUE(server.set_admin(Admin::disabled));
    EXPECT_EQ(server.standing(), Standing::down);
    EXPECT_TRUE(server.is_up()) << "checks go on";
    EXPECT_TRUE(server.set_admin(Admin::enabled));
    EXPECT_FALSE(server.set_admin(Admin::enabled));
    EXPECT_EQ(server.standing(), Standing::serving);
}

TEST(ServerHealth, KeepsItsClientsWhateverTheOperatorLeavesItUnlessItSaysItselfThatItCannot) {
    ServerHealth server(plain, std::array{with_retry(0)});
    EXPECT_TRUE(server.can_keep_clients());
    server.set_admin(Admin::drained);
    EXPECT_TRUE(server.can_keep_clients());
    for (const CheckResult result : {CheckResult::draining, CheckResult::minority,
                                     CheckResult::refused, CheckResult::silent}) {
        server.on_result(0, result);
        EXPECT_FALSE(server.can_keep_clients()) << static_cast<int>(result);
        server.on_result(0, CheckResult::pass);
        EXPECT_TRUE(server.can_keep_clients());
    }
    server.set_admin(Admin::disabled);
    EXPECT_FALSE(server.can_keep_clients());
}

TEST(ServerHealth, FailuresThatAreNotBelievedTakeNothingDownUntilTheyAre) {
    ServerHealth server(plain, std::array{with_retry(1)});
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(server.on_result(0, CheckResult::silent, Credibility::doubtful));
    EXPECT_EQ(server.standing(), Standing::serving);
    EXPECT_EQ(server.last_result(0), CheckResult::silent);
    EXPECT_TRUE(server.on_result(0, CheckResult::silent)) << "the next one asks again";
    EXPECT_TRUE(server.on_result(0, CheckResult::pass, Credibility::doubtful))
        << "a success is always believed";
}

TEST(ServerHealth, AConclusiveFailureNeedsNoSecondOne) {
    ServerHealth server(plain, std::array{with_retry(5)});
    EXPECT_TRUE(server.on_result(0, CheckResult::silent, Credibility::conclusive));
    EXPECT_EQ(server.standing(), Standing::down);
}

// `rabbitmqctl suspend_listeners`: the port refuses, old connections live.
TEST(ServerHealth, WhoRefusesDrainsWhileItHasConnections) {
    ServerHealth server(plain, std::array{with_retry(0)});
    server.set_has_flows(true);
    EXPECT_TRUE(server.on_result(0, CheckResult::refused));
    EXPECT_EQ(server.standing(), Standing::draining);
    EXPECT_EQ(server.condition(), Condition::draining);
    EXPECT_TRUE(server.set_has_flows(false));
    EXPECT_EQ(server.condition(), Condition::down);
    EXPECT_FALSE(server.set_has_flows(false));
    server.set_has_flows(true);
    EXPECT_TRUE(server.on_result(0, CheckResult::silent)) << "now its host is gone too";
    EXPECT_EQ(server.standing(), Standing::down);
}

TEST(ServerHealth, AWrongAnswerOrSilenceTakesTheConnectionsToo) {
    for (const CheckResult what : {CheckResult::failed, CheckResult::silent}) {
        ServerHealth server(plain, std::array{with_retry(0), with_retry(0)});
        server.set_has_flows(true);
        server.on_result(0, CheckResult::refused);
        EXPECT_EQ(server.standing(), Standing::draining);
        server.on_result(1, what);
        EXPECT_EQ(server.standing(), Standing::down);
    }
}

TEST(ServerHealth, WhatAnOperatorIsTold) {
    ServerHealth server(plain, std::array{with_retry(0)});
    EXPECT_EQ(name_of(server.condition()), "up");
    EXPECT_TRUE(server.on_result(0, CheckResult::blocked)) << "news, though it serves on";
    EXPECT_EQ(name_of(server.condition()), "blocked");
    EXPECT_EQ(server.standing(), Standing::serving);
    EXPECT_TRUE(server.on_result(0, CheckResult::minority));
    EXPECT_EQ(name_of(server.condition()), "minority");
    EXPECT_TRUE(server.on_result(0, CheckResult::draining));
    EXPECT_EQ(name_of(server.condition()), "draining");
    EXPECT_TRUE(server.on_result(0, CheckResult::failed));
    EXPECT_EQ(name_of(server.condition()), "down");
    EXPECT_TRUE(server.set_admin(Admin::drained));
    EXPECT_EQ(name_of(server.condition()), "maint");
}

TEST(ServerHealth, HeldDownAlthoughItsChecksPass) {
    ServerHealth server(plain, std::array{with_retry(0)});
    server.on_result(0, CheckResult::failed);
    EXPECT_FALSE(server.set_held_down(true)) << "it is down already";
    EXPECT_FALSE(server.on_result(0, CheckResult::pass));
    EXPECT_EQ(server.condition(), Condition::down);
    EXPECT_TRUE(server.set_held_down(false));
    EXPECT_EQ(server.condition(), Condition::up);
}

TEST(ServerHealth, ChecksFasterWhileAChangeIsPending) {
    ServerHealth server(plain, std::array{CheckerRules{2, 2}});
    EXPECT_FALSE(server.is_retrying(0));
    server.on_result(0, CheckResult::silent);
    EXPECT_TRUE(server.is_retrying(0));
    server.on_result(0, CheckResult::silent);
    EXPECT_FALSE(server.is_retrying(0));
    EXPECT_FALSE(server.checker_is_up(0));
    server.on_result(0, CheckResult::pass);
    EXPECT_TRUE(server.is_retrying(0));
}

}  // namespace server_health_test
}  // namespace warren::balance
