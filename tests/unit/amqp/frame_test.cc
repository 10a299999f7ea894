// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/frame.h"

#include <gtest/gtest.h>

#include "wire.h"

namespace warren::amqp {
namespace {

using wire::hex;

Frame frame_of(const wire::Bytes& stream) {
    const NextFrame next = next_frame(stream, 8'192);
    EXPECT_TRUE(std::holds_alternative<Frame>(next));
    return std::holds_alternative<Frame>(next) ? std::get<Frame>(next) : Frame{};
}

bool is_incomplete(const wire::Bytes& stream) {
    return std::holds_alternative<Incomplete>(next_frame(stream, 8'192));
}

FrameFault fault_of(const wire::Bytes& stream, std::size_t longest = 8'192) {
    const NextFrame next = next_frame(stream, longest);
    EXPECT_TRUE(std::holds_alternative<FrameFault>(next));
    return std::get<FrameFault>(next);
}

TEST(Frame, IsFoundAtTheBeginningOfTheStream) {
    wire::Bytes stream = wire::heartbeat_frame;
    stream.insert(stream.end(), wire::open_ok.begin(), wire::open_ok.end());
    const Frame frame = frame_of(stream);
    EXPECT_EQ(frame.type, FrameType::heartbeat);
    EXPECT_TRUE(frame.payload.empty());
    EXPECT_EQ(frame.bytes(), 8U);
}

TEST(Frame, HasAChannelAndAPayload) {
    const wire::Bytes stream = hex("01 01 02 00 00 00 02 aa bb ce");
    const Frame frame = frame_of(stream);
    EXPECT_EQ(frame.type, FrameType::method);
    EXPECT_EQ(frame.channel, 0x0102);
    ASSERT_EQ(frame.payload.size(), 2U);
    EXPECT_EQ(frame.payload[1], 0xbb);
}

TEST(Frame, EveryPrefixIsIncomplete) {
    for (std::size_t size = 0; size < wire::tune.size(); ++size)
        EXPECT_TRUE(is_incomplete({wire::tune.begin(), wire::tune.begin() + std::ptrdiff_t(size)}));
}

TEST(Frame, FaultsAreTold) {
    EXPECT_EQ(fault_of(hex("48")), FrameFault::not_amqp) << "HTTP/1.1 400";
    EXPECT_EQ(fault_of(hex("04 00 00")), FrameFault::not_amqp) << "no such frame type";
    EXPECT_EQ(fault_of(hex("41 4d 51 50 00 01 00 00")), FrameFault::other_version);
    EXPECT_EQ(fault_of(hex("08 00 00 00 00 00 00 cd")), FrameFault::no_end_mark);
}

TEST(Frame, LengthIsBoundedBeforeItIsWaitedFor) {
    EXPECT_EQ(fault_of(hex("01 00 00 ff ff ff ff")), FrameFault::too_long);
    EXPECT_EQ(fault_of(hex("01 00 00 00 00 00 03"), 10), FrameFault::too_long);
    EXPECT_TRUE(std::holds_alternative<Incomplete>(next_frame(hex("01 00 00 00 00 00 02"), 10)));
}

}  // namespace
}  // namespace warren::amqp
