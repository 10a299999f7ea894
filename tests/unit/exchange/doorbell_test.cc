// SPDX-License-Identifier: BSD-3-Clause
#include "exchange/doorbell.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace warren::exchange {
namespace {

bool is_readable(const Doorbell& bell, int wait_ms) {
    pollfd descriptor{bell.descriptor(), POLLIN, 0};
    return poll(&descriptor, 1, wait_ms) == 1;
}

TEST(Doorbell, RingsForSleepersOnly) {
    Doorbell bell;
    bell.ring_if_asleep();
    EXPECT_FALSE(is_readable(bell, 0));
    bell.fall_asleep();
    EXPECT_FALSE(is_readable(bell, 0));
    bell.ring_if_asleep();
    bell.ring_if_asleep();
    EXPECT_TRUE(is_readable(bell, 0));
    bell.wake_up();
    EXPECT_FALSE(is_readable(bell, 0)) << "it has been heard";
    bell.ring_if_asleep();
    EXPECT_FALSE(is_readable(bell, 0));
}

TEST(Doorbell, OnlyWhatIsUrgentRingsForWhoDozes) {
    Doorbell bell;
    bell.ring_urgently();
    EXPECT_FALSE(is_readable(bell, 0)) << "it is awake";
    bell.doze();
    bell.ring_if_asleep();
    EXPECT_FALSE(is_readable(bell, 0));
    bell.ring_urgently();
    EXPECT_TRUE(is_readable(bell, 0));
    bell.wake_up(false);
    EXPECT_TRUE(is_readable(bell, 0)) << "nobody has heard it";
    bell.fall_asleep();
    bell.wake_up();
    EXPECT_FALSE(is_readable(bell, 0));
}

TEST(Doorbell, WakesAnotherThread) {
    Doorbell bell;
    std::atomic<bool> heard{false};
    std::thread sleeper([&] {
        bell.fall_asleep();
        heard = is_readable(bell, 10'000);
        bell.wake_up();
    });
    while (!heard) {
        bell.ring_if_asleep();
        std::this_thread::yield();
    }
    sleeper.join();
}

}  // namespace
}  // namespace warren::exchange
