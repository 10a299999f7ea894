// SPDX-License-Identifier: BSD-3-Clause
// The state the RFCs do not know: fault, as long as one cause holds.
#include <gtest/gtest.h>

#include "driver.h"

namespace warren::vrrp {
namespace fault_test {

constexpr std::uint64_t down_100_ns = 3 * ns_per_s + 609'375'000;

TEST(Fault, MasterDisownsAndSaysGoodByeWhereItCan) {  // S17, keepalived
    for (const bool can_transmit : {false, true}) {
        Driver d(test_settings());
        d.become_master();
        EXPECT_EQ(
            d.step(FaultChange{FaultCause::link_down, true, can_transmit}),
            can_transmit ? "disown send(0) master->fault:fault" : "disown master->fault:fault");
        EXPECT_EQ(d.hear(1), "");
        EXPECT_EQ(d.instance.deadline_ns(), no_deadline);
    }
}

TEST(Fault, LostQuorumGivesUpWithAGoodBye) {  // S21
    Driver d(test_settings());
    d.become_master();
    EXPECT_EQ(d.step(FaultChange{FaultCause::quorum_lost, true}),
              "disown send(0) master->fault:fault");
    EXPECT_EQ(d.step(FaultChange{FaultCause::quorum_lost, false}),
              "disown fault->backup:fault_cleared");
}

TEST(Fault, LinkUpStartsAgainAsBackupWithTheFullWait) {
    Driver d(test_settings());
    d.become_master();
    d.step(FaultChange{FaultCause::link_down, true, false});
    d.now_ns += ns_per_s;
    EXPECT_EQ(d.step(FaultChange{FaultCause::link_down, false}),
              "disown fault->backup:fault_cleared");
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + down_100_ns);
}

TEST(Fault, LastsUntilEveryCauseIsGone) {
    Driver d(test_settings());
    d.step(Startup{});
    EXPECT_EQ(d.step(FaultChange{FaultCause::link_down, true}), "backup->fault:fault");
    EXPECT_EQ(d.step(FaultChange{FaultCause::worker_stall, true}), "");
    EXPECT_EQ(d.step(FaultChange{FaultCause::link_down, false}), "");
    EXPECT_EQ(d.step(FaultChange{FaultCause::worker_stall, false}),
              "disown fault->backup:fault_cleared");
}

TEST(Fault, OwnerReturnsAsMaster) {
    Driver d(test_settings(owner_priority));
    d.become_master();
    d.step(FaultChange{FaultCause::link_down, true, false});
    EXPECT_EQ(d.step(FaultChange{FaultCause::link_down, false}),
              "own send(255) announce(1) fault->master:owner_startup");
}

}  // namespace fault_test
}  // namespace warren::vrrp
