// SPDX-License-Identifier: BSD-3-Clause
#include "balance/server_health.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace warren::balance {
namespace {

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
    std::string_view results;    // + pass, r refused, s silent
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
};

char letter(Standing s) {
    return s == Standing::serving ? 'S' : s == Standing::draining ? 'd' : 'D';
}

CheckResult result(char c) {
    return c == '+' ? CheckResult::pass : c == 'r' ? CheckResult::refused : CheckResult::silent;
}

TEST(ServerHealth, OneChecker) {
    for (const Case& c : cases) {
        ServerHealth server(c.rules, std::array{c.checker});
        std::string got;
        for (const char r : c.results) {
            const Standing before = server.standing();
            const bool changed = server.on_result(0, result(r));
            EXPECT_EQ(changed, before != server.standing()) << c.name;
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

TEST(ServerHealth, FailuresThatAreNotBelievedTakeNothingDownUntilTheyAre) {
    ServerHealth server(plain, std::array{with_retry(1)});
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(server.on_result(0, CheckResult::silent, false));
    EXPECT_EQ(server.standing(), Standing::serving);
    EXPECT_EQ(server.last_result(0), CheckResult::silent);
    EXPECT_TRUE(server.on_result(0, CheckResult::silent, true)) << "the next one asks again";
    EXPECT_TRUE(server.on_result(0, CheckResult::pass, false)) << "a success is always believed";
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

}  // namespace
}  // namespace warren::balance
