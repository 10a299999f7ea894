// SPDX-License-Identifier: BSD-3-Clause
// What a virtual_server makes of its servers' states.
#include "model/service_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/builder.h"
#include "model/server_state.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

using health::Reason;

class ServiceStates : public testing::Test {
  protected:
    void use(const std::string& of_service, const std::string& of_server = "") {
        state_ = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                          service("192.168.8.100", of_service, of_server));
    }
    void result(std::uint16_t server, Reason reason) {
        health::CheckResult check;
        check.reason = reason;
        apply_check(*state_, server, 0, check, now_ns_ += 1'000'000);
    }
    void fail(std::uint16_t server) {
        result(server, Reason::refused);
        result(server, Reason::refused);
    }
    void pass(std::uint16_t server) { result(server, Reason::none); }
    const balance::SlotTable* slots() {
        update_slots(*state_);
        return build_snapshot(*state_, 1)->services[0].slots.get();
    }
    std::ptrdiff_t slots_of(std::uint16_t server) {
        const auto all = slots()->slots();
        return std::count(all.begin(), all.end(), server);
    }

    // "UP 4 of 2" or "DOWN 1 of 2" for each change, then each server's state: u(p), d(own),
    // (d)r(ain).
    std::string quorum() {
        std::string text;
        for (const QuorumChange& change : update_quorums(*state_, now_ns_))
            text += std::string(change.has_quorum ? "UP " : "DOWN ") +
                    std::to_string(change.weight) + " of " + std::to_string(change.threshold) + " ";
        const auto snapshot = build_snapshot(*state_, 1);
        for (const exchange::Server& server : snapshot->servers)
            text += server.state == exchange::ServerState::up     ? 'u'
                    : server.state == exchange::ServerState::down ? 'd'
                                                                  : 'r';
        return text;
    }

    std::unique_ptr<State> state_;
    std::uint64_t now_ns_ = start_ns;
};

// .11 has weight 1, .12 weight 3.
TEST_F(ServiceStates, QuorumIsASumOfWeights) {
    use("quorum 2\n");
    EXPECT_EQ(quorum(), "UP 4 of 2 uu") << "gained at the start, as in keepalived";
    fail(0);
    EXPECT_EQ(quorum(), "du");
    pass(0);
    fail(1);
    EXPECT_EQ(quorum(), "DOWN 1 of 2 ud") << "without a sorry_server who is left goes on";
    EXPECT_EQ(quorum(), "ud") << "told once";
    pass(1);
    EXPECT_EQ(quorum(), "UP 4 of 2 uu");
}

TEST_F(ServiceStates, AMinorityThatOthersStandBeforeIsNotInTheQuorum) {
    use("quorum 2\n");
    EXPECT_EQ(quorum(), "UP 4 of 2 uu");
    state_->servers[1].health.on_result(0, balance::CheckResult::minority);
    EXPECT_EQ(quorum(), "uu") << "nobody stands before it";
    state_->servers[1].stands_by = true;
    EXPECT_TRUE(is_cut_off(state_->servers[1]));
    EXPECT_EQ(quorum(), "DOWN 1 of 2 uu") << "its flows live";
    pass(1);
    EXPECT_FALSE(is_cut_off(state_->servers[1])) << "a tier that waits is no minority";
    EXPECT_EQ(quorum(), "UP 4 of 2 uu");
}

TEST_F(ServiceStates, HysteresisHoldsTheQuorumBothWays) {
    use("quorum 2\nhysteresis 1\n");
    EXPECT_EQ(quorum(), "UP 4 of 3 uu");
    fail(1);
    EXPECT_EQ(quorum(), "ud") << "1 is not less than 2 - 1";
    fail(0);
    EXPECT_EQ(quorum(), "DOWN 0 of 1 dd");
    pass(0);
    EXPECT_EQ(quorum(), "ud") << "1 is less than 2 + 1";
    pass(1);
    EXPECT_EQ(quorum(), "UP 4 of 3 uu");
}

TEST_F(ServiceStates, ALastServersEndIsTheQuorumsWhateverTheHysteresis) {
    use("quorum 4\nhysteresis 3\n");
    EXPECT_EQ(quorum(), "uu") << "4 is less than 4 + 3, and nobody is told at the start";
    state_->services[0].has_quorum = true;
    fail(1);
    EXPECT_EQ(quorum(), "ud");
    fail(0);
    EXPECT_EQ(quorum(), "DOWN 0 of 1 dd");
}

TEST_F(ServiceStates, TheSorryServerReplacesAllAndLeavesWithReset) {
    use("quorum 2\nsorry_server 192.168.8.20 5672\n");
    EXPECT_EQ(quorum(), "UP 4 of 2 uud");
    fail(1);
    EXPECT_EQ(quorum(), "DOWN 1 of 2 rdu") << "who is left keeps his flows, and takes none";
    pass(1);
    EXPECT_EQ(quorum(), "UP 4 of 2 uud") << "so that its clients come back";
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(snapshot->services[0].servers, (std::vector<std::uint16_t>{0, 1, 2}));
    EXPECT_EQ(snapshot->servers[2].weight, balance::weight_one);
}

TEST_F(ServiceStates, AnInhibitedSorryServerKeepsItsFlows) {
    use("sorry_server 192.168.8.20\nsorry_server_inhibit\nsorry_server_lvs_method DR\n");
    EXPECT_EQ(quorum(), "UP 4 of 1 uur");
    fail(0);
    fail(1);
    EXPECT_EQ(quorum(), "DOWN 0 of 1 ddu");
    pass(0);
    EXPECT_EQ(quorum(), "UP 1 of 1 udr");
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(snapshot->servers[2].method, flow::Method::dr);
    EXPECT_EQ(snapshot->servers[2].port.host(), 5672) << "the service's";
}

TEST_F(ServiceStates, WithAlphaTheSorryServerBegins) {
    use("sorry_server 192.168.8.20 5672\nalpha\ninhibit_on_failure\n");
    EXPECT_EQ(quorum(), "DOWN 0 of 1 rru");
    pass(1);
    EXPECT_EQ(quorum(), "UP 3 of 1 rud");
}

TEST_F(ServiceStates, OmegaTellsOfThoseThatServe) {
    use("quorum 2\nsorry_server 192.168.8.20 5672\n");
    quorum();
    EXPECT_TRUE(is_notified_of_end(state_->servers[0]));
    EXPECT_FALSE(is_notified_of_end(state_->servers[2])) << "a sorry_server has no scripts";
    fail(1);
    quorum();
    EXPECT_FALSE(is_notified_of_end(state_->servers[0])) << "replaced";
    EXPECT_FALSE(is_notified_of_end(state_->servers[1])) << "down";
}

TEST_F(ServiceStates, TheSlotsAreTheSorryServersWithoutQuorum) {
    use("lb_algo mh\nsorry_server 192.168.8.20 5672\n");
    quorum();
    EXPECT_EQ(slots_of(2), 0);
    fail(0);
    fail(1);
    quorum();
    EXPECT_EQ(slots_of(2), 65'537);
}

TEST_F(ServiceStates, OnlyHashingSchedulersHaveSlots) {
    use("lb_algo sed\n");
    EXPECT_EQ(slots(), nullptr);
    use("lb_algo sh\nsh-port\n");
    EXPECT_EQ(slots()->slots().size(), 4096U);
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(snapshot->services[0].algorithm, balance::Algorithm::sh);
    EXPECT_TRUE(snapshot->services[0].hash_port);
    EXPECT_FALSE(snapshot->services[0].hash_fallback);
    use("lb_algo mh\nmh-fallback\n");
    EXPECT_EQ(slots()->slots().size(), 65'537U);
    EXPECT_TRUE(build_snapshot(*state_, 1)->services[0].hash_fallback);
    EXPECT_NEAR(static_cast<double>(slots_of(1)), 65'537 * 0.75, 70) << "weights 1 and 3";
}

TEST_F(ServiceStates, SnapshotsShareATableUntilItChanges) {
    use("lb_algo mh\n");
    const balance::SlotTable* const first = slots();
    EXPECT_EQ(slots(), first);
    state_->servers[0].factor = 230;
    EXPECT_EQ(slots(), first) << "a little slower: not worth moving clients for";
    state_->servers[0].factor = 100;
    EXPECT_NE(slots(), first);
}

TEST_F(ServiceStates, AFailedServersClientsAreServedByTheOthers) {
    for (const char* how : {"", "inhibit_on_failure\n"}) {
        use("lb_algo mh\n", how);
        EXPECT_GT(slots_of(1), 0);
        fail(1);
        EXPECT_EQ(slots_of(1), 0) << how;
        pass(1);
        EXPECT_GT(slots_of(1), 0);
    }
}

}  // namespace
}  // namespace warren::model
