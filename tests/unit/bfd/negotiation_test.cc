// SPDX-License-Identifier: BSD-3-Clause
// How often packets leave and how long silence lasts: RFC 5880 6.8.2 to 6.8.4, 6.8.7, 6.5, 6.6.
#include <gtest/gtest.h>

#include "bfd/session.h"
#include "driver.h"

namespace warren::bfd {
namespace negotiation_test {

struct Row {
    const char* what;
    std::uint32_t min_tx_us, min_rx_us;                   // ours
    std::uint32_t desired_min_tx_us, required_min_rx_us;  // the neighbour's
    std::uint8_t detect_mult;                             // the neighbour's
    std::uint64_t interval_us, detection_us;
};

TEST(Negotiation, TheSlowerOfWishAndAbilityCounts) {
    const Row rows[] = {
        {"alike", 10'000, 10'000, 10'000, 10'000, 3, 10'000, 30'000},
        {"we wish to send slower", 50'000, 10'000, 10'000, 10'000, 3, 50'000, 30'000},
        {"it hears slower", 10'000, 10'000, 10'000, 80'000, 3, 80'000, 30'000},
        {"it wishes to send slower", 10'000, 10'000, 200'000, 10'000, 2, 10'000, 400'000},
        {"we hear slower", 10'000, 300'000, 10'000, 10'000, 4, 10'000, 1'200'000},
        {"multiplier 1", 10'000, 10'000, 10'000, 10'000, 1, 10'000, 10'000},
        {"the slowest", 1'000, 1'000, 0xffffffff, 0xffffffff, 255, 0xffffffff,
         255 * std::uint64_t{0xffffffff}},
    };
    for (const Row& row : rows) {
        Settings settings = test_settings();
        settings.min_tx_us = row.min_tx_us;
        settings.min_rx_us = row.min_rx_us;
        Driver d(settings);
        d.step(Startup{});
        ControlPacket packet = from_neighbour(State::init);
        packet.desired_min_tx_us = row.desired_min_tx_us;
        packet.required_min_rx_us = row.required_min_rx_us;
        packet.detect_mult = row.detect_mult;
        d.hear(packet);
        EXPECT_EQ(d.session.transmit_interval_ns(), row.interval_us * ns_per_us) << row.what;
        EXPECT_EQ(d.session.detection_time_ns(), row.detection_us * ns_per_us) << row.what;
    }
}

TEST(Negotiation, NobodySendsMoreThanOnceASecondWhileNotUp) {
    Settings settings = test_settings();
    settings.idle_tx_us = 5;
    Driver d(settings);
    d.step(Startup{});
    EXPECT_EQ(d.wait_ns(), ns_per_s);
    settings.idle_tx_us = 3'000'000;
    Driver slow(settings);
    slow.step(Startup{});
    EXPECT_EQ(slow.wait_ns(), 3 * ns_per_s);
    EXPECT_EQ(slow.last.desired_min_tx_us, 3'000'000U);
}

TEST(Negotiation, UpSaysTheFasterWish) {
    Driver d;
    d.come_up();
    EXPECT_EQ(d.wait_ns(), 20 * ns_per_ms);
    EXPECT_EQ(d.last.desired_min_tx_us, 10'000U);
}

TEST(Negotiation, AShorterIntervalCountsFromTheLastPacketOn) {
    Driver d;
    d.come_up();
    d.wait();
    const std::uint64_t sent_ns = d.now_ns;
    d.now_ns += 2 * ns_per_ms;
    ControlPacket faster = from_neighbour(State::up);
    faster.required_min_rx_us = 1'000;
    EXPECT_EQ(d.hear(faster), "");
    EXPECT_EQ(d.session.deadline_ns(), sent_ns + 10 * ns_per_ms);
}

TEST(Negotiation, ALongerIntervalCountsFromTheNextPacketOn) {
    Driver d;
    d.come_up();
    d.wait();
    const std::uint64_t deadline_ns = d.session.deadline_ns();
    ControlPacket slower = from_neighbour(State::up);
    slower.required_min_rx_us = 500'000;
    d.hear(slower);
    EXPECT_EQ(d.session.deadline_ns(), deadline_ns);
    d.hear(slower);
    slower.detect_mult = 255;
    d.hear(slower);
    d.wait();
    EXPECT_EQ(d.session.deadline_ns(), d.now_ns + 500 * ns_per_ms);
}

TEST(Negotiation, ANeighbourMayAskForSilence) {
    Driver d;
    d.come_up();
    ControlPacket silence = from_neighbour(State::up);
    silence.required_min_rx_us = 0;
    d.hear(silence);
    EXPECT_EQ(d.session.deadline_ns(), d.now_ns + 60 * ns_per_ms) << "only the detection time";
    silence.poll = true;
    EXPECT_EQ(d.hear(silence), "send(Up F)") << "a poll is answered all the same";
}

TEST(Negotiation, DemandModeOfTheNeighbourKeepsUsSilentWhileBothAreUp) {
    Driver d;
    d.come_up();
    ControlPacket demand = from_neighbour(State::up);
    demand.demand = true;
    d.hear(demand);
    EXPECT_EQ(d.session.deadline_ns(), d.now_ns + 60 * ns_per_ms) << "only the detection time";
    demand.state = State::init;
    d.hear(demand);
    EXPECT_LT(d.session.deadline_ns(), d.now_ns + 60 * ns_per_ms);
}

TEST(Poll, GoesOnUntilItIsAnswered) {
    Driver d;
    d.step(Startup{});
    d.hear(State::init);
    EXPECT_EQ(d.wait(), "send(Up P)");
    d.hear(State::up);
    EXPECT_EQ(d.wait(), "send(Up P)");
    ControlPacket final = from_neighbour(State::up);
    final.final = true;
    d.hear(final);
    EXPECT_EQ(d.wait(), "send(Up)");
}

TEST(Poll, GoesOnWhateverTheNeighbourDemands) {
    Driver d;
    d.step(Startup{});
    d.hear(State::init);
    ControlPacket demand = from_neighbour(State::up);
    demand.demand = true;
    d.hear(demand);
    EXPECT_EQ(d.wait(), "send(Up P)");
}

TEST(Poll, IsAnsweredAtOnceAndNeverWithBothBits) {
    Driver d;
    d.step(Startup{});
    d.hear(State::init);
    ControlPacket poll = from_neighbour(State::up);
    poll.poll = true;
    EXPECT_EQ(d.hear(poll), "send(Up F)");
    EXPECT_EQ(d.wait(), "send(Up P)") << "ours is still open";
}

TEST(Poll, EndsWithTheSession) {
    Driver d;
    d.step(Startup{});
    d.hear(State::init);
    d.hear(State::down);
    EXPECT_EQ(d.last.poll, false);
}

TEST(Jitter, ShortensAnIntervalByAQuarterAtMost) {
    Driver d;
    d.come_up();
    d.wait();
    d.random = most_jitter;
    d.wait();
    EXPECT_EQ(d.session.deadline_ns(), d.now_ns + 15 * ns_per_ms);
    d.hear(State::up);
    d.random = 0x80000000;
    d.wait();
    EXPECT_NEAR(static_cast<double>(d.session.deadline_ns() - d.now_ns), 17.5e6, 1e3);
}

TEST(Jitter, OfMultiplierOneIsBetween75And90Percent) {
    Settings settings = test_settings();
    settings.detect_mult = 1;
    Driver d(settings);
    d.come_up();
    d.wait();
    EXPECT_EQ(d.session.deadline_ns(), d.now_ns + 18 * ns_per_ms);
    d.random = most_jitter;
    d.wait();
    EXPECT_EQ(d.session.deadline_ns(), d.now_ns + 15 * ns_per_ms);
}

}  // namespace negotiation_test
}  // namespace warren::bfd
