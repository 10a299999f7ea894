// SPDX-License-Identifier: BSD-3-Clause
// Channels and packet rings: in order, nothing lost, nothing twice, full refuses. The tests with
// two threads are what the thread sanitizer looks at.
#include "exchange/channel.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "exchange/mbuf_ring.h"
#include "exchange/records.h"

namespace warren::exchange {
namespace {

struct Record {
    std::uint64_t number;
    std::uint64_t inverse;
};

TEST(Channel, GivesRecordsInOrder) {
    Channel<Record> channel(8);
    Record record{};
    EXPECT_FALSE(channel.pop(record));
    for (std::uint64_t i = 0; i < 5; ++i)
        ASSERT_TRUE(channel.push({i, ~i}));
    EXPECT_EQ(5U, channel.size());
    for (std::uint64_t i = 0; i < 5; ++i) {
        ASSERT_TRUE(channel.pop(record));
        EXPECT_EQ(i, record.number);
    }
    EXPECT_FALSE(channel.pop(record));
}

TEST(Channel, FullRefusesAndKeepsWhatItHas) {
    Channel<Record> channel(4);  // holds one less than its capacity
    for (std::uint64_t i = 0; i < 3; ++i)
        ASSERT_TRUE(channel.push({i, ~i}));
    EXPECT_FALSE(channel.push({3, ~std::uint64_t{3}}));
    Record record{};
    ASSERT_TRUE(channel.pop(record));
    EXPECT_EQ(0U, record.number);
    EXPECT_TRUE(channel.push({3, ~std::uint64_t{3}}));
    EXPECT_EQ(3U, channel.size());
}

TEST(Channel, RefusesACapacityThatIsNoPowerOfTwo) {
    EXPECT_THROW(Channel<Record>(6), std::invalid_argument);
}

// Every record type of the project fits (a multiple of 4 bytes, trivially copyable).
TEST(Channel, CarriesTheProjectsRecords) {
    Channel<FlowEvent> events(2);
    FlowEvent sent;
    sent.server = 7;
    sent.latency_us = 250;
    ASSERT_TRUE(events.push(sent));
    FlowEvent got;
    ASSERT_TRUE(events.pop(got));
    EXPECT_EQ(7, got.server);
    EXPECT_EQ(250U, got.latency_us);
    Channel<FlowCommand> commands(2);
    EXPECT_TRUE(commands.push({1, 2, 3}));
    Channel<FlowRow> rows(2);
    EXPECT_TRUE(rows.push(FlowRow{}));
}

TEST(Channel, LosesNothingBetweenTwoThreads) {
    constexpr std::uint64_t count = 50'000;
    Channel<Record> channel(64);
    std::thread writer([&channel] {
        for (std::uint64_t i = 0; i < count; ++i)
            while (!channel.push({i, ~i}))
                std::this_thread::yield();
    });
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        Record record{};
        while (!channel.pop(record))
            std::this_thread::yield();
        wrong += record.number != i || record.inverse != ~i;
    }
    writer.join();
    EXPECT_EQ(0U, wrong);
    EXPECT_EQ(0U, channel.size());
}

// The writer's stores to a packet are visible to whoever takes it out.
TEST(MbufRing, HandsPacketsOverWithTheirContent) {
    constexpr std::uint32_t count = 20'000;
    std::vector<rte_mbuf> packets(32);
    MbufRing there(32);
    MbufRing back(64);
    for (rte_mbuf& packet : packets)
        ASSERT_TRUE(back.push(&packet));
    std::thread writer([&there, &back] {
        for (std::uint32_t i = 0; i < count; ++i) {
            rte_mbuf* packet = nullptr;
            while (back.pop(&packet, 1) == 0)
                std::this_thread::yield();
            packet->pkt_len = i;
            while (!there.push(packet))
                std::this_thread::yield();
        }
    });
    std::array<rte_mbuf*, 8> burst{};
    std::uint32_t wrong = 0;
    for (std::uint32_t next = 0; next < count;) {
        const unsigned taken = there.pop(burst.data(), burst.size());
        if (taken == 0) std::this_thread::yield();
        for (unsigned i = 0; i < taken; ++i) {
            wrong += burst[i]->pkt_len != next++;
            ASSERT_TRUE(back.push(burst[i]));
        }
    }
    writer.join();
    EXPECT_EQ(0U, wrong);
    // They are no pool's packets: a ring that still had some would free them.
    while (back.pop(burst.data(), 1) == 1)
        continue;
}

}  // namespace
}  // namespace warren::exchange
