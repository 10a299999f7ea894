// SPDX-License-Identifier: BSD-3-Clause
// A server that has lost much of its weight to its health is told once, and when it has recovered.
#include "server_pools/slow_servers.h"

#include <gtest/gtest.h>

#include "pool.h"

namespace warren::server_pools {
namespace {

class Slow : public Pool {
  protected:
    Slow() { use(); }
    std::vector<std::string> at(double share) {
        server(1).factor = static_cast<std::uint32_t>(share * balance::factor_one);
        std::vector<std::string> all;
        for (const journal::Notice& notice : slow_.look(*state_))
            all.push_back(notice.text);
        return all;
    }
    using Texts = std::vector<std::string>;

    SlowServers slow_;
};

TEST_F(Slow, IsToldOnceAndWhenItHasRecovered) {
    EXPECT_EQ(at(1), Texts{});
    EXPECT_EQ(at(0.85), Texts{}) << "that is little";
    const Texts told = at(0.5);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].find("server 192.168.8.12:5672 of 192.168.8.100:5672 is slow: 50 % of its "
                           "weight ("),
              0U)
        << told[0];
    EXPECT_EQ(at(0.4), Texts{}) << "once";
    EXPECT_EQ(at(0.85), Texts{}) << "not yet";
    EXPECT_EQ(at(0.95), Texts{"server 192.168.8.12:5672 of 192.168.8.100:5672 is no longer slow"});
}

TEST_F(Slow, OneThatGoesDownOrHasJustComeIsNotSlow) {
    state_->services[0].factors.slow_start(1, balance::factor_one / 10);
    EXPECT_EQ(at(0.1), Texts{}) << "slow_start";
    state_->services[0].factors.slow_start(1, balance::factor_one);
    EXPECT_EQ(at(0.1).size(), 1U);
    server(1).health.set_excluded(true);
    EXPECT_EQ(at(0.1), Texts{}) << "that it is down others say";
}

}  // namespace
}  // namespace warren::server_pools
