// SPDX-License-Identifier: BSD-3-Clause
// What is written of the packets that workers show, in which order, and when that is enough.
#include "capture/recording.h"

#include <gtest/gtest.h>

#include "capture/tap_reader.h"
#include "packet.h"
#include "ports.h"

namespace warren::capture {
namespace {

using exchange::Drop;
using exchange::Fate;

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++n;
    return n;
}

TEST(Recording, BeginsWithASection) {
    Recording recording({}, ports, 0);
    EXPECT_EQ(recording.take_output(), section_block("warren"));
    EXPECT_EQ(recording.take_output(), "");
}

TEST(Recording, DescribesAnInterfaceBeforeItsFirstPacket) {
    Recording recording({}, ports, 500);
    recording.take_output();
    recording.take(slot_of(admitted()));
    const exchange::CaptureSlot slot = slot_of(admitted());
    PacketBlock came{.interface = 0,
                     .time_ns = 1'500,
                     .kept = slot.came(),
                     .bytes = static_cast<std::uint32_t>(syn.size()),
                     .id = 1,
                     .comment = "to 192.168.8.11:5672, sent by eth1, flow none -> syn_sent"};
    PacketBlock went{.interface = 1,
                     .time_ns = 1'500,
                     .kept = slot.went(),
                     .bytes = static_cast<std::uint32_t>(syn_to_server.size()),
                     .direction = Direction::outbound,
                     .id = 1,
                     .comment = "from 192.168.8.50:40000"};
    EXPECT_EQ(recording.take_output(), interface_block("eth0 in", 256) + packet_block(came) +
                                           interface_block("eth1 out", 256) + packet_block(went));
    recording.take(slot_of(admitted()));
    came.id = went.id = 2;
    EXPECT_EQ(recording.take_output(), packet_block(came) + packet_block(went));
    recording.finish(9, 3);
    EXPECT_EQ(recording.take_output(),
              statistics_block(0, 509, 2, 3) + statistics_block(1, 509, 2, 0));
}

TEST(Recording, WhatWasDroppedOrMadeHasOneFrame) {
    Recording recording({}, ports, 0);
    recording.take(slot_of(dropped(Drop::no_flow)));
    EXPECT_EQ(count(recording.take_output(), "dropped: no_flow"), 1U);
    exchange::CapturedPacket made = admitted();
    made.fate = Fate::made;
    made.came_bytes = 0;
    recording.take(slot_of(made));
    const std::string output = recording.take_output();
    EXPECT_EQ(count(output, "made here"), 1U);
    EXPECT_EQ(count(output, "sent by"), 0U);
}

// The worker that gets it shows it with all that becomes of it.
TEST(Recording, OnlyWordsTellOfAHandOff) {
    exchange::CapturedPacket handed = dropped(Drop::count_);
    handed.fate = Fate::handed_on;
    Recording file({}, ports, 0), words({.is_trace = true}, ports, 0);
    file.take(slot_of(handed));
    words.take(slot_of(handed));
    EXPECT_EQ(file.packets(), 0U);
    EXPECT_EQ(words.packets(), 1U);
    EXPECT_EQ(count(words.take_output(), "handed to worker 1"), 1U);
    words.finish(0, 0);
    EXPECT_EQ(words.take_output(), "");
}

TEST(Recording, IsFullAfterSoManyPackets) {
    Recording recording({.packets = 2}, ports, 0);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(recording.is_full(), i == 2);
        recording.take(slot_of(admitted()));
    }
    EXPECT_EQ(recording.packets(), 2U);
}

TEST(Recording, IsFullAfterSoManyBytes) {
    Recording recording({.bytes = 1'000}, ports, 0);
    for (int i = 0; i < 100; ++i)
        recording.take(slot_of(admitted()));
    EXPECT_TRUE(recording.is_full());
    EXPECT_LT(recording.output_bytes(), 1'500U);
    EXPECT_GT(recording.packets(), 1U);
}

TEST(Recording, KeepsNoMoreOfAFrameThanAsked) {
    const exchange::CaptureSlot slot = slot_of(admitted(), 17);
    EXPECT_EQ(slot.came().size(), 17U);
    EXPECT_EQ(slot.went().size(), 17U);
    EXPECT_EQ(slot.went()[0], syn_to_server[0]);
}

TEST(TapReader, TakesTheOldestOfAllWorkers) {
    exchange::CaptureTap tap(2, {}, 64);
    const std::array<std::pair<unsigned, std::uint64_t>, 5> shown{
        {{1, 10}, {1, 40}, {0, 20}, {0, 30}, {0, 50}}};
    for (const auto& [worker, time_ns] : shown) {
        exchange::CapturedPacket packet = admitted();
        packet.time_ns = time_ns;
        exchange::CaptureSlot slot = slot_of(packet, 64);
        tap.rings[worker]->push(slot);
    }
    TapReader reader(tap);
    std::vector<std::uint64_t> times;
    while (const exchange::CaptureSlot* slot = reader.next())
        times.push_back(slot->packet().time_ns);
    EXPECT_EQ(times, (std::vector<std::uint64_t>{10, 20, 30, 40, 50}));
    EXPECT_EQ(tap.lost(), 0U);
}

TEST(CaptureTap, AFullRingLosesCopiesAndCountsThem) {
    exchange::CaptureTap tap(1, {}, 64);
    exchange::CaptureSlot slot = slot_of(admitted(), 64);
    for (unsigned i = 0; i < exchange::CaptureRing::capacity + 9; ++i)
        tap.rings[0]->push(slot);
    EXPECT_EQ(tap.lost(), 10U);
    EXPECT_TRUE(tap.rings[0]->pop(slot));
    tap.rings[0]->push(slot);
    EXPECT_EQ(tap.lost(), 10U) << "there is room again";
}

}  // namespace
}  // namespace warren::capture
