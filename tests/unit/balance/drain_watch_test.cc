// SPDX-License-Identifier: BSD-3-Clause
// A drain's progress and end, and what traffic says of a silent server, or of one that refuses.
#include "balance/drain_watch.h"
#include "balance/roll_call.h"
#include "balance/silence.h"

#include <gtest/gtest.h>

namespace warren::balance {
namespace drain_watch_test {

TEST(DrainWatch, TellsEachQuarterOnce) {
    DrainWatch watch;
    EXPECT_FALSE(watch.note(5)) << "there is no drain";
    watch.begin(100, 1'000);
    EXPECT_FALSE(watch.note(100));
    EXPECT_FALSE(watch.note(76));
    EXPECT_EQ(watch.note(75), 25U);
    EXPECT_FALSE(watch.note(74));
    EXPECT_EQ(watch.note(20), 75U) << "two at once are one line";
    EXPECT_FALSE(watch.note(60)) << "back is no progress";
    EXPECT_EQ(watch.note(0), 100U);
    EXPECT_EQ(watch.first(), 100U);
    EXPECT_EQ(watch.left(), 0U);
}

TEST(DrainWatch, EndsWithItsTimeout) {
    DrainWatch watch;
    watch.begin(3, 1'000);
    EXPECT_FALSE(watch.is_over(5'000, 5'999));
    EXPECT_EQ(watch.left_ms(5'000, 5'999), 1U);
    EXPECT_TRUE(watch.is_over(5'000, 6'000));
    EXPECT_FALSE(watch.is_over(0, 1'000'000)) << "no timeout";
    watch.end();
    EXPECT_FALSE(watch.is_over(5'000, 9'000));
}

TEST(Silence, IsFramesThatNobodyAnswers) {
    Silence silence;
    silence.sample(10, 10, 1'000);
    EXPECT_FALSE(silence.is_evident(5'000)) << "nobody asks";
    silence.sample(13, 10, 5'000);
    EXPECT_FALSE(silence.is_doubted(5'049));
    EXPECT_TRUE(silence.is_doubted(5'050));
    silence.sample(14, 10, 5'060);
    EXPECT_FALSE(silence.is_doubted(5'060)) << "once";
    EXPECT_FALSE(silence.is_evident(5'079));
    EXPECT_TRUE(silence.is_evident(5'080));
    silence.sample(14, 11, 5'090);
    EXPECT_FALSE(silence.is_evident(6'000)) << "it has answered";
    silence.sample(20, 11, 7'000);
    EXPECT_TRUE(silence.is_doubted(7'070)) << "another one";
}

// Whoever looks late has not asked the host yet, which shall have its time.
TEST(Silence, IsEvidentOnlyWhenTheHostHadTimeToAnswer) {
    Silence silence;
    silence.sample(10, 10, 1'000);
    silence.sample(13, 10, 5'000);
    EXPECT_FALSE(silence.is_evident(5'200));
    EXPECT_TRUE(silence.is_doubted(5'200));
    EXPECT_FALSE(silence.is_evident(5'219));
    EXPECT_TRUE(silence.is_evident(5'220));
    silence.break_off();
    EXPECT_FALSE(silence.is_evident(5'221)) << "it lives";
    silence.sample(16, 10, 5'230);
    EXPECT_TRUE(silence.is_doubted(5'280)) << "which is asked again";
}

TEST(Silence, TheLastAckOfAConnectionIsNone) {
    Silence silence;
    silence.sample(10, 10, 1'000);
    silence.sample(11, 10, 1'100);
    EXPECT_FALSE(silence.is_evident(1'900));
    silence.sample(12, 10, 60'000);
    silence.sample(13, 10, 120'000);
    EXPECT_FALSE(silence.is_evident(120'500)) << "one a minute is no conversation";
}

TEST(Refusing, AsksNowAndThen) {
    Refusing refusing;
    EXPECT_FALSE(refusing.is_evident(500));
    EXPECT_TRUE(refusing.note(1'000));
    EXPECT_FALSE(refusing.note(1'099));
    EXPECT_TRUE(refusing.note(1'100));
    EXPECT_TRUE(refusing.is_evident(2'100));
    EXPECT_FALSE(refusing.is_evident(2'101));
}

TEST(Resetting, ManyAtOnceAreNews) {
    Resetting resetting;
    for (std::uint64_t ms = 1'000; ms < 5'000; ms += 50)
        EXPECT_FALSE(resetting.note(ms)) << "now and then one: the broker's own reasons";
    EXPECT_FALSE(resetting.is_evident(5'000));
    EXPECT_FALSE(resetting.note(6'000));
    EXPECT_FALSE(resetting.note(6'000));
    EXPECT_FALSE(resetting.note(6'001));
    EXPECT_TRUE(resetting.note(6'001));
    EXPECT_TRUE(resetting.is_evident(7'001));
    EXPECT_FALSE(resetting.is_evident(7'002));
    EXPECT_FALSE(resetting.note(6'002)) << "once";
    for (unsigned i = 0; i < 3; ++i)
        EXPECT_FALSE(resetting.note(7'001));
    EXPECT_TRUE(resetting.note(7'001)) << "another time";
}

TEST(Resetting, WhoKeepsMostIsAlive) {
    Resetting resetting;
    for (unsigned i = 0; i < 3; ++i)
        resetting.note(1'000);
    EXPECT_FALSE(resetting.has_taken_most(1, 1'001)) << "three are a broker's own reasons";
    for (unsigned i = 0; i < 97; ++i)
        resetting.note(1'010);
    EXPECT_FALSE(resetting.has_taken_most(101, 1'020)) << "many clients said goodbye";
    EXPECT_TRUE(resetting.has_taken_most(100, 1'020));
    EXPECT_FALSE(resetting.has_taken_most(0, 1'020)) << "there is nobody to ask";
    EXPECT_TRUE(resetting.has_taken_most(2, 2'000));
    EXPECT_FALSE(resetting.has_taken_most(2, 2'001));
}

TEST(RollCall, IsMadeTwiceWhileTheServerRefuses) {
    RollCall calls;
    EXPECT_FALSE(calls.is_due(false, 10, 1'000));
    EXPECT_TRUE(calls.is_due(true, 10, 1'020)) << "at once";
    EXPECT_FALSE(calls.is_due(true, 10, 1'119));
    EXPECT_TRUE(calls.is_due(true, 10, 1'120)) << "its host may have been at it yet";
    EXPECT_FALSE(calls.is_due(true, 10, 9'000)) << "it drains";
    EXPECT_FALSE(calls.is_due(false, 10, 9'020));
    EXPECT_TRUE(calls.is_due(true, 10, 9'040)) << "it refuses again";
}

TEST(RollCall, EndsWhatABurstOfResetsHasBegun) {
    RollCall calls;
    calls.call_again();
    EXPECT_FALSE(calls.is_due(false, 10, 1'000)) << "one that was reset";
    EXPECT_TRUE(calls.is_due(true, 32'000, 2'000));
    EXPECT_FALSE(calls.is_due(false, 32'000, 3'099));
    EXPECT_TRUE(calls.is_due(false, 32'000, 3'100)) << "the second one";
    calls.call_again();
    EXPECT_TRUE(calls.is_due(false, 10, 3'300)) << "it found dead ones";
    EXPECT_FALSE(calls.is_due(false, 10, 3'500)) << "and no more";
    EXPECT_FALSE(calls.is_due(false, 10, 9'000));
}

TEST(RollCall, FollowsWhatTheServerResets) {
    RollCall calls;
    EXPECT_TRUE(calls.is_due(true, 10, 1'000));
    EXPECT_TRUE(calls.is_due(true, 10, 1'100));
    calls.call_again();
    EXPECT_TRUE(calls.is_due(true, 10, 5'000)) << "killed while it drained";
    calls.call_again();
    EXPECT_FALSE(calls.is_due(true, 10, 5'050));
    EXPECT_TRUE(calls.is_due(true, 10, 5'100)) << "there may have been more";
    EXPECT_FALSE(calls.is_due(true, 10, 6'000));
    calls.call_again();
    EXPECT_FALSE(calls.is_due(true, 32'000, 6'000)) << "so many take their time";
    EXPECT_TRUE(calls.is_due(true, 32'000, 6'200));
}

constexpr std::uint64_t header = 54;

TEST(Talking, IsDataSinceTheCheckAskedAndWithinASecond) {
    Talking server;
    server.sample(100, 100'000, header, 1'000);
    EXPECT_FALSE(server.since(0, 1'000)) << "nobody knows when that came";
    server.sample(110, 100'000 + 10 * header, header, 1'020);
    EXPECT_FALSE(server.since(0, 1'020)) << "the kernel of a process that hangs acknowledges too";
    server.sample(121, 100'000 + 21 * header + 21, header, 1'040);
    EXPECT_TRUE(server.since(0, 1'040)) << "one confirm of 21 bytes";
    EXPECT_TRUE(server.since(1'039, 2'040));
    EXPECT_FALSE(server.since(1'040, 1'100)) << "asked afterwards";
    EXPECT_FALSE(server.since(0, 2'041)) << "too long ago";
}

TEST(Talking, KnowsACardThatPads) {
    Talking server;
    server.sample(0, 0, header, 1'000);
    server.sample(10, 10 * 60, header, 1'020);
    EXPECT_FALSE(server.since(0, 1'020));
    server.sample(21, 20 * 60 + 62, header, 1'040);
    EXPECT_TRUE(server.since(0, 1'040)) << "a heartbeat";
}

TEST(Talking, ExcusesForABoundedTime) {
    Talking server;
    std::uint64_t bytes = 0, frames = 0, now_ms = 1'000;
    const auto talks = [&] { server.sample(++frames, bytes += 1'000, header, now_ms += 500); };
    talks();
    EXPECT_FALSE(server.excuses(0, now_ms));
    EXPECT_FALSE(server.is_busy());
    talks();
    const std::uint64_t since_ms = now_ms;
    for (; now_ms < since_ms + Talking::most_ms; talks())
        EXPECT_TRUE(server.excuses(0, now_ms)) << now_ms;
    EXPECT_TRUE(server.is_busy());
    EXPECT_FALSE(server.excuses(0, now_ms));
    server.answer_checks();
    EXPECT_FALSE(server.is_busy());
    EXPECT_TRUE(server.excuses(0, now_ms)) << "and anew";
}

}  // namespace drain_watch_test
}  // namespace warren::balance
