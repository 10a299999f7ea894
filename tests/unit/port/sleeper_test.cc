// SPDX-License-Identifier: BSD-3-Clause
#include "port/sleeper.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>

namespace warren::port {
namespace {

constexpr std::uint32_t long_us = 900'000;
constexpr std::uint32_t short_us = 20'000;

class Event {
  public:
    Event() : descriptor_(eventfd(0, EFD_NONBLOCK)) {}
    ~Event() { close(descriptor_); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    int descriptor() const { return descriptor_; }
    void set() const { ASSERT_EQ(eventfd_write(descriptor_, 1), 0); }

  private:
    int descriptor_;
};

double slept_us(Sleeper& sleeper, std::uint32_t us) {
    const auto begin = std::chrono::steady_clock::now();
    sleeper.sleep(us);
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
        .count();
}

TEST(Sleeper, LastsItsTimeWhenNothingHappens) {
    Sleeper sleeper;
    EXPECT_GE(slept_us(sleeper, short_us), short_us);
    const Event event;
    sleeper.wake_on(event.descriptor());
    EXPECT_GE(slept_us(sleeper, short_us), short_us);
}

TEST(Sleeper, EndsWithAnyOfItsDescriptors) {
    const Event first, second;
    Sleeper sleeper;
    sleeper.wake_on(first.descriptor());
    sleeper.wake_on(second.descriptor());
    EXPECT_TRUE(sleeper.wakes_on_everything());
    second.set();
    EXPECT_LT(slept_us(sleeper, long_us), long_us / 2);
}

TEST(Sleeper, KnowsThatSomethingDoesNotWakeIt) {
    Sleeper sleeper;
    sleeper.wake_on(-1);
    EXPECT_FALSE(sleeper.wakes_on_everything());
    EXPECT_GE(slept_us(sleeper, short_us), short_us);
}

TEST(Sleeper, ADescriptorThatIsReadyForEverCostsNoCpu) {
    const Event event;
    event.set();
    Sleeper sleeper;
    sleeper.wake_on(event.descriptor());
    unsigned whole = 0;
    for (int i = 0; i < 18; ++i)
        whole += slept_us(sleeper, short_us) >= short_us ? 1U : 0U;
    EXPECT_EQ(whole, 2U) << "each ninth sleep is deaf";
    for (int i = 0; i < 18; ++i) {
        EXPECT_LT(slept_us(sleeper, long_us), long_us / 2) << "it brought work";
        sleeper.note_work();
    }
}

// A packet socket says so when its link goes down, a stream when it is reset.
TEST(Sleeper, ClearsASocketsError) {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    ASSERT_EQ(send(ends[0], "unread", 6, 0), 6);
    close(ends[1]);
    Sleeper sleeper;
    sleeper.wake_on(ends[0]);
    sleeper.sleep(short_us);
    int error = 0;
    socklen_t size = sizeof error;
    ASSERT_EQ(getsockopt(ends[0], SOL_SOCKET, SO_ERROR, &error, &size), 0);
    EXPECT_EQ(error, 0);
    close(ends[0]);
}

}  // namespace
}  // namespace warren::port
