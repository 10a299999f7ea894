// SPDX-License-Identifier: BSD-3-Clause
// What a virtual_server makes of its servers' states.
#include "control/service_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "control/builder.h"
#include "control/server_state.h"
#include "sample_state.h"

namespace warren::control {
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
        check.verdict =
            reason == Reason::none ? health::Verdict::ok : health::Verdict::failed_attempt;
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

    std::unique_ptr<State> state_;
    std::uint64_t now_ns_ = start_ns;
};

TEST_F(ServiceStates, OnlyHashingSchedulersHaveSlots) {
    use("lb_algo sed\n");
    EXPECT_EQ(slots(), nullptr);
    use("lb_algo sh\nsh-port\n");
    EXPECT_EQ(slots()->slots().size(), 256U);
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
}  // namespace warren::control
