// SPDX-License-Identifier: BSD-3-Clause
// Check results and handshakes -> standing and factor, with keepalived's `retry` and our panic
// rule.
#include "model/server_state.h"
#include "model/kernel_rules.h"

#include <gtest/gtest.h>

#include "model/builder.h"
#include "model/service_state.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

using exchange::ServerState;
using health::Reason;

class ServerStates : public testing::Test {
  protected:
    void use(const std::string& more = "", const std::string& of_server = "") {
        state_ = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                          service("192.168.8.100", more, of_server));
    }
    // Returns whether the standing changed.
    bool result(std::uint16_t server, Reason reason) {
        health::CheckResult check;
        check.reason = reason;
        check.latency_ns = 50'000;
        check.text = reason == Reason::none ? "" : health::to_string(reason);
        return apply_check(*state_, server, 0, check, now_ns_ += 1'000'000);
    }
    // Its frames go unanswered, and its host does not answer either.
    void fall_silent(std::uint16_t server) {
        balance::Silence& silence = state_->servers[server].silence;
        silence.sample(0, 0, now_ns_ / 1'000'000);
        silence.sample(5, 0, now_ns_ / 1'000'000);
        now_ns_ += 60'000'000;
        EXPECT_TRUE(silence.is_doubted(now_ns_ / 1'000'000));
        now_ns_ += 40'000'000;
    }
    ServerState state(std::uint16_t server) const { return server_state(state_->servers[server]); }

    std::unique_ptr<State> state_;
    std::uint64_t now_ns_ = start_ns;
};

TEST_F(ServerStates, DownAfterRetryMoreFailuresAndUpAtTheFirstSuccess) {
    use();
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_FALSE(result(0, Reason::refused)) << "the first failure is forgiven: retry 1";
    EXPECT_TRUE(result(0, Reason::refused));
    EXPECT_EQ(state(0), ServerState::down);
    EXPECT_EQ(state_->servers[0].reason, "refused");
    EXPECT_EQ(state_->servers[0].since_ns, now_ns_);
    EXPECT_FALSE(result(0, Reason::refused)) << "no news";
    EXPECT_TRUE(result(0, Reason::none));
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_EQ(state(1), ServerState::up) << "the other one has nothing to do with it";
}

TEST_F(ServerStates, IsNoSlowerForAKindOfCheckThatTakesLonger) {
    const auto factor_with = [&](const std::string& kind) {
        std::string text = service("192.168.8.100");
        text.replace(text.rfind("TCP_CHECK"), 9, kind);
        state_ = state_of(router("A", "eth0", 51, "192.168.8.100/24") + text);
        health::CheckResult quick, slow;
        quick.latency_ns = 1'000'000;
        slow.latency_ns = 20'000'000;
        for (int second = 0; second < 40; ++second) {
            apply_check(*state_, 0, 0, quick, now_ns_ += 1'000'000);
            apply_check(*state_, 1, 0, slow, now_ns_ += 1'000'000);
            state_->services[0].factors.update();
        }
        return state_->services[0].factors.factor(1);
    };
    EXPECT_LT(factor_with("TCP_CHECK"), balance::factor_one / 2) << "the same kind, and slower";
    EXPECT_EQ(factor_with("PING_CHECK"), balance::factor_one);
}

TEST_F(ServerStates, ACheckThatCannotTellSaysNothing) {
    use();
    result(0, Reason::refused);
    EXPECT_FALSE(result(0, Reason::unknown));
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_TRUE(result(0, Reason::refused)) << "the second failure in a row";
    EXPECT_FALSE(result(0, Reason::unknown));
    EXPECT_EQ(state(0), ServerState::down);
}

TEST_F(ServerStates, ACheckThatNeverCanTellIsNoticed) {
    use();
    const Unsure& unsure = state_->servers[0].unsure;
    for (int i = 0; i < 2; ++i) {
        result(0, Reason::unknown);
        result(0, Reason::unknown);
        EXPECT_FALSE(unsure.lasts()) << "a node that starts";
        result(0, Reason::none);
    }
    for (int i = 0; i < 3; ++i)
        result(0, Reason::unknown);
    EXPECT_TRUE(unsure.lasts());
    result(0, Reason::none);
    EXPECT_FALSE(unsure.lasts());
}

TEST_F(ServerStates, InhibitOnFailureLeavesTheFlowsAlone) {
    use("", "inhibit_on_failure\n");
    result(0, Reason::refused);
    EXPECT_TRUE(result(0, Reason::refused));
    EXPECT_EQ(state(0), ServerState::drain);
}

TEST_F(ServerStates, AlphasFirstFailureIsNews) {
    use("", "alpha\n");
    EXPECT_TRUE(result(0, Reason::refused));
    EXPECT_EQ(state_->servers[0].reason, "refused");
    EXPECT_FALSE(result(0, Reason::refused));
    EXPECT_TRUE(result(1, Reason::none));
}

TEST_F(ServerStates, AlphaStartsDown) {
    use("alpha\n");
    EXPECT_EQ(state(0), ServerState::down);
    EXPECT_TRUE(result(0, Reason::none));
    EXPECT_EQ(state(0), ServerState::up);
}

TEST_F(ServerStates, TroubleOfOurOwnMachineIsNoEvidence) {
    use();
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(result(0, Reason::local));
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_FALSE(state_->servers[0].check.ok) << "but it is shown";
}

TEST_F(ServerStates, OneSilentServerIsBelieved) {
    use();
    result(1, Reason::none);
    result(0, Reason::timeout);
    EXPECT_TRUE(result(0, Reason::timeout));
    EXPECT_EQ(state(0), ServerState::down);
}

TEST_F(ServerStates, AllSilentAtOnceAreDoubtedForAWhile) {
    use();
    for (int i = 0; i < 4; ++i)
        for (const std::uint16_t server : {std::uint16_t{0}, std::uint16_t{1}})
            result(server, Reason::timeout);
    // The very first one fell silent before the second said anything, so it was believed or not;
    // never may both be down within the doubt.
    EXPECT_FALSE(state(0) == ServerState::down && state(1) == ServerState::down);
    now_ns_ += panic_hold_ms * 1'000'000;
    for (int i = 0; i < 4; ++i)
        for (const std::uint16_t server : {std::uint16_t{0}, std::uint16_t{1}})
            result(server, Reason::timeout);
    EXPECT_EQ(state(0), ServerState::down);
    EXPECT_EQ(state(1), ServerState::down);
}

// Whoever is this host itself and cannot be served by way of lo: never available, whatever its
// check says.
class OwnHosts : public ServerStates {
  protected:
    std::vector<std::uint16_t> follow() { return update_own_hosts(*state_, now_ns_ += 1'000'000); }
    bool has_quorum() {
        update_quorums(*state_, now_ns_);
        return state_->services[0].has_quorum;
    }
};

TEST_F(OwnHosts, AnAddressOfTheKernelsIsDownWhileItIsThere) {
    use();
    EXPECT_TRUE(follow().empty());
    state_->kernel_addresses = {ip("192.168.8.11")};
    EXPECT_EQ(follow(), std::vector<std::uint16_t>{0});
    EXPECT_EQ(state(0), ServerState::down);
    EXPECT_EQ(state_->servers[0].reason, "is this host's own address, which is not served so");
    EXPECT_EQ(state_->servers[0].since_ns, now_ns_);
    EXPECT_TRUE(follow().empty()) << "no news";
    EXPECT_FALSE(result(0, Reason::none)) << "its check passes, of course";
    EXPECT_EQ(state(0), ServerState::down);
    EXPECT_EQ(state_->servers[0].reason, "is this host's own address, which is not served so");
    state_->kernel_addresses.clear();
    EXPECT_EQ(follow(), std::vector<std::uint16_t>{0});
    EXPECT_EQ(state(0), ServerState::up);
}

TEST_F(OwnHosts, CountForNoQuorum) {
    use();
    state_->kernel_addresses = {ip("192.168.8.11"), ip("192.168.8.12")};
    follow();
    EXPECT_FALSE(has_quorum());
    state_->kernel_addresses.clear();
    follow();
    EXPECT_TRUE(has_quorum());
}

TEST_F(OwnHosts, WhatTheKernelsRoutesDeliverLocallyIsOwnToo) {
    use();
    state_->servers[1].next_hop.emplace().local = true;
    EXPECT_TRUE(follow().empty()) << "it is served";
    state_->config.dataplane.host_addresses = false;
    EXPECT_EQ(follow(), std::vector<std::uint16_t>{1});
    EXPECT_EQ(state(1), ServerState::down);
}

TEST_F(OwnHosts, LoopbackIsServed) {
    use("real_server 127.0.0.1 5672 {\nTCP_CHECK {\n}\n}\n"
        "sorry_server 127.0.0.1 80\n");
    EXPECT_EQ(follow().size(), 0U);
    EXPECT_EQ(state(state_->services[0].servers[0]), ServerState::up);
    EXPECT_FALSE(state_->servers[*state_->services[0].sorry_server].health.is_excluded());
}

TEST_F(OwnHosts, LoopbackIsAlwaysOwnAndAReloadKeepsIt) {
    use("real_server 127.0.0.1 5672 {\nTCP_CHECK {\n}\n}\n"
        "sorry_server 127.0.0.1 80\n");
    state_->config.dataplane.host_addresses = false;
    EXPECT_EQ(follow().size(), 2U);
    const std::uint16_t own = state_->services[0].servers[0];
    EXPECT_EQ(state(own), ServerState::down);
    EXPECT_EQ(state(*state_->services[0].sorry_server), ServerState::down);
    change_server(state_->servers[own], *state_->services[0].config, *state_->servers[own].config);
    EXPECT_EQ(state(own), ServerState::down);
}

TEST_F(ServerStates, ARefusingPortDrainsWhileConnectionsLive) {
    use();
    state_->servers[0].health.set_has_flows(true);
    result(0, Reason::refused);
    EXPECT_TRUE(result(0, Reason::refused));
    EXPECT_EQ(state(0), ServerState::drain);
    EXPECT_TRUE(result(0, Reason::timeout)) << "its host is gone";
    EXPECT_EQ(state(0), ServerState::down);
}

TEST_F(ServerStates, AFarewellDrainsAtOnceAndAnAlarmTakesNothing) {
    use();
    health::CheckResult check;
    check.availability = health::Availability::draining;
    check.text = "connection.close 320";
    EXPECT_TRUE(apply_check(*state_, 0, 0, check, ++now_ns_));
    EXPECT_EQ(state(0), ServerState::drain);
    EXPECT_EQ(state_->servers[0].reason, "connection.close 320");
    check.reason = Reason::refused;
    EXPECT_FALSE(apply_check(*state_, 0, 0, check, ++now_ns_)) << "the port refuses meanwhile";
    EXPECT_EQ(state(0), ServerState::drain);
    check = {};
    check.availability = health::Availability::blocked;
    EXPECT_TRUE(apply_check(*state_, 0, 0, check, ++now_ns_));
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_EQ(state_->servers[0].health.condition(), balance::Condition::blocked);
}

// Two checks: by one the port refuses, which is no reason of its own.
TEST_F(ServerStates, WhoHasTakenItsLeaveIsDownForThatReason) {
    for (const bool refuses_first : {false, true}) {
        use("", "PING_CHECK {\n}\n");
        health::CheckResult farewell;
        farewell.availability = health::Availability::draining;
        farewell.text = "connection.close 320";
        if (!refuses_first) apply_check(*state_, 0, 1, farewell, ++now_ns_);
        result(0, Reason::refused);
        result(0, Reason::refused);
        if (refuses_first) apply_check(*state_, 0, 1, farewell, ++now_ns_);
        EXPECT_EQ(state(0), ServerState::down);
        EXPECT_EQ(state_->servers[0].reason, "refused, after its farewell: connection.close 320");
        apply_check(*state_, 0, 1, {}, ++now_ns_);
        result(0, Reason::none);
        EXPECT_EQ(state(0), ServerState::up);
        result(0, Reason::refused);
        result(0, Reason::refused);
        EXPECT_EQ(state_->servers[0].reason, "refused");
    }
}

TEST_F(ServerStates, WhoIsBackBeforeItsSessionStillTakesItsLeave) {
    use("", "PING_CHECK {\n}\n");
    health::CheckResult farewell;
    farewell.availability = health::Availability::draining;
    farewell.text = "connection.close 320";
    apply_check(*state_, 0, 1, farewell, ++now_ns_);
    for (int attempt = 0; attempt < 9 && state(0) != ServerState::down; ++attempt)
        result(0, Reason::timeout);
    EXPECT_TRUE(result(0, Reason::none));
    EXPECT_EQ(state(0), ServerState::drain);
    EXPECT_EQ(state_->servers[0].reason, "it is back, and to a check it has not said so yet");
}

TEST_F(ServerStates, AGreetingDoesNotForgetWhatTheApiHasTold) {
    use();
    const auto tell = [&](const health::NodeFacts& facts) {
        health::CheckResult check;
        check.node = std::make_shared<const health::NodeFacts>(facts);
        apply_check(*state_, 0, 0, check, ++now_ns_);
    };
    tell({.version = "3.10.7"});
    EXPECT_EQ(state_->servers[0].node->version, "3.10.7");
    tell({.name = "rabbit@one", .version = "3.10.8", .type = rabbitmq::NodeType::ram});
    tell({.version = "3.11.0", .cluster_name = "c"});
    const health::NodeFacts& known = *state_->servers[0].node;
    EXPECT_EQ(known.type, rabbitmq::NodeType::ram);
    EXPECT_EQ(known.version, "3.11.0");
    EXPECT_EQ(known.cluster_name, "c");
    tell({.name = "rabbit@one"});
    EXPECT_EQ(state_->servers[0].node->type, rabbitmq::NodeType::unknown) << "its own word counts";
}

TEST_F(ServerStates, AMinorityIsNews) {
    use();
    health::CheckResult check;
    check.availability = health::Availability::minority;
    check.text = "hears 1 of 3 nodes";
    EXPECT_TRUE(apply_check(*state_, 0, 0, check, ++now_ns_));
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_EQ(state_->servers[0].health.condition(), balance::Condition::minority);
    EXPECT_EQ(state_->servers[0].reason, "hears 1 of 3 nodes");
    check = {};
    EXPECT_TRUE(apply_check(*state_, 0, 0, check, ++now_ns_));
    EXPECT_EQ(state_->servers[0].health.condition(), balance::Condition::up);
}

TEST_F(ServerStates, WhatTrafficSaysAlreadyNeedsNoSecondCheck) {
    use();
    fall_silent(0);
    result(1, Reason::none);
    EXPECT_TRUE(result(0, Reason::timeout));
    EXPECT_EQ(state(0), ServerState::down);
    state_->servers[1].refusing.note(now_ns_ / 1'000'000);
    EXPECT_TRUE(result(1, Reason::refused));
    EXPECT_EQ(state(1), ServerState::down);
}

TEST_F(ServerStates, APortThatIsSilentOnALivingHostHasItsRetries) {
    use();
    fall_silent(0);
    state_->servers[0].silence.break_off();
    result(1, Reason::none);
    EXPECT_FALSE(result(0, Reason::timeout));
    EXPECT_TRUE(result(0, Reason::timeout)) << "but not more than those";
}

// Both are cut off at once: the other one's last word is older than the silence.
TEST_F(ServerStates, WhoHasNotAnsweredSinceProvesNothing) {
    use();
    result(1, Reason::none);
    now_ns_ += 50'000'000;
    fall_silent(0);
    EXPECT_FALSE(result(0, Reason::timeout));
    EXPECT_EQ(state(0), ServerState::up);
    result(1, Reason::none);
    EXPECT_TRUE(result(0, Reason::timeout)) << "now it has";
}

TEST_F(ServerStates, TrafficAndACheckMustSayTheSame) {
    use();
    state_->servers[0].refusing.note(now_ns_ / 1'000'000);
    EXPECT_FALSE(result(0, Reason::timeout));
    now_ns_ += 2'000'000'000;
    result(0, Reason::none);
    EXPECT_FALSE(result(0, Reason::refused)) << "it was refused long ago";
}

// Its clients get data while its checks time out.
class BusyServers : public ServerStates {
  protected:
    void talk(std::uint16_t server) {
        ++frames_;
        state_->servers[server].talking.sample(frames_, frames_ * 1'000, 60, now_ns_ / 1'000'000);
    }
    // An attempt that lasts so long; the server talks in the midst of it.
    bool time_out(std::uint16_t server, bool talks, std::int64_t lasts_ms = 1'000) {
        now_ns_ += static_cast<std::uint64_t>(lasts_ms) * 500'000;
        if (talks) talk(server);
        now_ns_ += static_cast<std::uint64_t>(lasts_ms) * 500'000;
        health::CheckResult check{.reason = Reason::timeout, .latency_ns = lasts_ms * 1'000'000};
        check.text = "timeout";
        return apply_check(*state_, server, 0, check, now_ns_);
    }
    std::uint64_t frames_ = 0;
};

TEST_F(BusyServers, StayUp) {
    use();
    talk(0);
    for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(time_out(0, true));
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_TRUE(is_busy(state_->servers[0]));
    result(1, Reason::none);
    EXPECT_TRUE(time_out(0, false)) << "the first without data, and it was the last but one";
    EXPECT_EQ(state(0), ServerState::down);
    EXPECT_FALSE(is_busy(state_->servers[0]));
}

TEST_F(BusyServers, AreBusyUntilACheckPasses) {
    use();
    talk(0);
    time_out(0, true);
    EXPECT_TRUE(is_busy(state_->servers[0]));
    result(0, Reason::none);
    EXPECT_FALSE(is_busy(state_->servers[0]));
}

TEST_F(BusyServers, ForHalfAMinute) {
    use();
    talk(0);
    int attempts = 0;
    for (; state(0) == ServerState::up && attempts < 100; ++attempts) {
        result(1, Reason::none);
        time_out(0, true);
    }
    EXPECT_NEAR(attempts, balance::Talking::most_ms / 1'000, 2);
}

TEST_F(BusyServers, DataFromBeforeTheQuestionIsNoAnswer) {
    use();
    talk(0);
    now_ns_ += 20'000'000;
    talk(0);
    result(1, Reason::none);
    EXPECT_FALSE(time_out(0, false, 300));
    EXPECT_TRUE(time_out(0, false, 300)) << "within a second of the data";
}

TEST_F(BusyServers, NeitherRefuseNorAnswerWrongly) {
    for (const Reason reason :
         {Reason::refused, Reason::other, Reason::foreign, Reason::denied, Reason::unreachable}) {
        use();
        talk(0);
        talk(0);
        result(1, Reason::none);
        result(0, reason);
        EXPECT_TRUE(result(0, reason)) << health::to_string(reason);
    }
}

TEST_F(BusyServers, UnansweredFramesOutweighData) {
    use();
    talk(0);
    talk(0);
    fall_silent(0);
    result(1, Reason::none);
    EXPECT_TRUE(result(0, Reason::timeout));
}

// Or the panic rule would keep up a dead one for the sake of two busy ones.
TEST_F(BusyServers, ProveThatThePathIsGood) {
    use();
    talk(1);
    for (int i = 0; i < 3; ++i)
        time_out(1, true);
    EXPECT_FALSE(result(0, Reason::timeout));
    talk(1);
    EXPECT_TRUE(result(0, Reason::timeout));
    EXPECT_EQ(state(1), ServerState::up);
}

TEST_F(ServerStates, WhoComesAndGoesStaysDown) {
    use();
    const auto flap = [&] {
        result(0, Reason::refused);
        result(0, Reason::refused);
        result(0, Reason::none);
    };
    for (int i = 0; i < 3; ++i)
        flap();
    EXPECT_EQ(state(0), ServerState::up);
    flap();
    EXPECT_EQ(state(0), ServerState::down) << "the fourth time within ten seconds";
    EXPECT_TRUE(release_held(*state_, now_ns_ + 900'000'000).empty());
    EXPECT_FALSE(result(0, Reason::none));
    EXPECT_EQ(release_held(*state_, now_ns_ + 1'000'000'000), std::vector<std::uint16_t>{0});
    EXPECT_EQ(state(0), ServerState::up);
    EXPECT_EQ(state_->servers[0].reason, "has kept still");
}

TEST_F(ServerStates, SlowStartBeginsWhenItComesUpAndNotAtOurStart) {
    use("slow_start 10\n");
    EXPECT_EQ(server_weight(state_->servers[1]), 3 * balance::weight_one);
    result(1, Reason::refused);
    result(1, Reason::refused);
    result(1, Reason::none);
    EXPECT_EQ(server_weight(state_->servers[1]), 3 * balance::factor_min);
    EXPECT_EQ(slow_start(state_->services[0], state_->servers[1], now_ns_ + 5'000'000'000), 128U);
}

TEST_F(ServerStates, EventsOfUnknownServersAreIgnored) {
    use();
    exchange::FlowEvent event;
    event.server = 999;
    apply_flow_event(*state_, event);
    event.server = 1;
    event.kind = exchange::FlowEventKind::refused;
    apply_flow_event(*state_, event);
    EXPECT_EQ(state_->servers[1].refused, 1U);
}

}  // namespace
}  // namespace warren::model
