// SPDX-License-Identifier: BSD-3-Clause
// Flows that no client has proved: their share, their order, and what takes them out.
#include "flow/half_open.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "flow/sequence.h"
#include "flow/table.h"
#include "flow_samples.h"

namespace warren::flow {
namespace {

TableOptions room_for(std::uint32_t capacity) {
    TableOptions o;
    o.capacity = capacity;
    o.servers = 4;
    o.hash = TupleHash(1, 2);
    return o;
}

TEST(HalfOpen, HaveHalfTheTableAndNeverMoreThanTheBound) {
    EXPECT_EQ(HalfOpenList::share_of(1), 1U);
    EXPECT_EQ(HalfOpenList::share_of(1000), 500U);
    EXPECT_EQ(HalfOpenList::share_of(65'536), 32'768U);
    EXPECT_EQ(HalfOpenList::share_of(10'000'000), 32'768U);
}

TEST(HalfOpen, TheOldestComesFirst) {
    FlowTable table(room_for(10));
    EXPECT_EQ(table.half_open().oldest(), no_flow);
    const FlowIndex first = table.insert(samples::flow(1));
    const FlowIndex second = table.insert(samples::flow(2));
    EXPECT_EQ(table.half_open().oldest(), first);
    EXPECT_EQ(table.half_open().youngest(), second);
    EXPECT_EQ(table.half_open().older(second), first);
    EXPECT_EQ(table.half_open().older(first), no_flow);
    table.set_state(first, TcpState::syn_received, 5);
    EXPECT_EQ(table.half_open().oldest(), first) << "the server has answered, not the client";
    table.set_state(first, TcpState::established, 5);
    EXPECT_EQ(table.half_open().oldest(), second);
    table.erase(second);
    EXPECT_EQ(table.half_open().size(), 0U);
    table.erase(first);
    EXPECT_EQ(table.half_open().size(), 0U);
    EXPECT_EQ(table.half_open().youngest(), no_flow);
}

// SYN and RST under one forged address would else fill the table past the share.
TEST(HalfOpen, AFlowThatEndsUnprovedStaysInTheShare) {
    FlowTable table(room_for(10));
    for (const TcpState end : {TcpState::closed, TcpState::dead}) {
        const FlowIndex i = table.insert(samples::flow(1));
        table.set_state(i, end, 1);
        EXPECT_EQ(table.half_open().oldest(), i);
        table.erase(i);
    }
    EXPECT_EQ(table.half_open().size(), 0U);
}

TEST(HalfOpen, FullAtTheShareOrWithTheTable) {
    FlowTable table(room_for(4));
    Flow open = samples::flow(0);
    open.state = TcpState::established;
    table.insert(open);
    table.insert(samples::flow(1));
    EXPECT_FALSE(table.is_half_open_full());
    EXPECT_FALSE(table.half_open().is_crowded());
    const FlowIndex second = table.insert(samples::flow(2));
    EXPECT_TRUE(table.is_half_open_full());
    EXPECT_TRUE(table.half_open().is_crowded());
    table.set_state(second, TcpState::established, 0);
    EXPECT_FALSE(table.is_half_open_full());
    open = samples::flow(3);
    open.state = TcpState::established;
    table.insert(open);
    EXPECT_TRUE(table.is_half_open_full()) << "no record is left";
}

TEST(HalfOpen, AgreesWithADequeUnderRandomOperations) {
    constexpr std::uint32_t capacity = 64;
    FlowTable table(room_for(capacity));
    std::deque<FlowIndex> expected;
    std::mt19937 random(7);
    std::uint32_t next = 0;
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 2 == 0 && table.size() < capacity) {
            expected.push_back(table.insert(samples::flow(next++)));
        } else if (!expected.empty()) {
            const auto at = static_cast<std::ptrdiff_t>(random() % expected.size());
            const FlowIndex i = expected[static_cast<std::size_t>(at)];
            if (random() % 2 == 0) table.set_state(i, TcpState::established, 0);
            table.erase(i);
            expected.erase(expected.begin() + at);
        }
        ASSERT_EQ(table.half_open().size(), expected.size());
        ASSERT_EQ(table.half_open().oldest(), expected.empty() ? no_flow : expected.front());
    }
}

// A forged ACK comes from somebody who has not seen the server's SYN.
TEST(HalfOpen, OnlyTheAckOfTheServersSynProvesAClient) {
    Flow f = samples::flow(1);
    f.state = TcpState::syn_received;
    f.ack_from_client = 5001;
    f.next_to_client = 5001;
    const auto ack = [](std::uint32_t n) {
        return Segment{.acknowledgement = n, .flags = net::tcp_flag::ack};
    };
    EXPECT_TRUE(answers_server(f, ack(5001)));
    EXPECT_FALSE(answers_server(f, ack(5000)));
    EXPECT_FALSE(answers_server(f, ack(5002)));
    EXPECT_FALSE(answers_server(f, {.acknowledgement = 5001, .flags = net::tcp_flag::fin}));
    f.next_to_client = 5101;  // data came with the SYN (RFC 7413)
    EXPECT_TRUE(answers_server(f, ack(5101)));
    EXPECT_FALSE(answers_server(f, ack(5102)));
}

}  // namespace
}  // namespace warren::flow
