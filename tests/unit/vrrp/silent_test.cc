// SPDX-License-Identifier: BSD-3-Clause
// A router of the host's own address: nobody hears of it, and nobody stands by.
#include <gtest/gtest.h>

#include "driver.h"

namespace warren::vrrp {
namespace silent_test {

Settings silent_settings() {
    Settings s = test_settings(owner_priority);
    s.vrid = 0;
    s.silent = true;
    return s;
}

TEST(Silent, IsMasterAtOnceAndSaysNothingHoweverLate) {
    Driver d(silent_settings());
    EXPECT_EQ(d.step(Startup{}), "own initialize->master:owner_startup");
    EXPECT_EQ(d.instance.deadline_ns(), no_deadline);
    d.now_ns += 100 * ns_per_s;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "");
    EXPECT_EQ(d.step(Reconfigure{&d.settings, 0, AnnouncedSet::all}), "");
    EXPECT_EQ(d.step(Shutdown{}), "disown master->initialize:shutdown");
    const Counters& counters = d.instance.status().counters;
    EXPECT_EQ(counters.adverts_sent, 0U);
    EXPECT_EQ(counters.priority_zero_sent, 0U);
    EXPECT_EQ(counters.announcements, 0U);
    EXPECT_EQ(counters.late_adverts, 0U);
}

TEST(Silent, GivesUpOnlyWhatItCannotServe) {
    Driver d(silent_settings());
    d.step(Startup{});
    for (const FaultCause cause :
         {FaultCause::worker_stall, FaultCause::transmit_stall, FaultCause::no_buffers,
          FaultCause::quorum_lost, FaultCause::handover})
        EXPECT_EQ(d.step(FaultChange{cause, true}), "") << name(cause);
    EXPECT_EQ(d.step(FaultChange{FaultCause::no_address, true}), "disown master->fault:fault");
    EXPECT_EQ(d.step(FaultChange{FaultCause::no_address, false}),
              "own fault->master:owner_startup");
}

}  // namespace silent_test
}  // namespace warren::vrrp
