// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/frame.h"

#include "amqp/reader.h"
#include "amqp/writer.h"

namespace warren::amqp {
namespace {

constexpr std::uint8_t end_mark = 0xce;
constexpr std::size_t head_bytes = 7;

bool is_frame_type(std::uint8_t type) {
    switch (static_cast<FrameType>(type)) {
        case FrameType::method:
        case FrameType::header:
        case FrameType::body:
        case FrameType::heartbeat:
            return true;
    }
    return false;
}

}  // namespace

const char* to_string(FrameFault fault) {
    switch (fault) {
        case FrameFault::not_amqp:
            return "does not speak AMQP";
        case FrameFault::other_version:
            return "does not speak AMQP 0-9-1";
        case FrameFault::too_long:
            return "sent a frame that is too long";
        case FrameFault::no_end_mark:
            return "sent a frame without end mark";
    }
    return "?";
}

NextFrame next_frame(net::ConstBytes stream, std::size_t longest) {
    if (stream.empty()) return Incomplete{};
    if (stream[0] == protocol_header[0]) return FrameFault::other_version;
    if (!is_frame_type(stream[0])) return FrameFault::not_amqp;
    if (stream.size() < head_bytes) return Incomplete{};
    Reader head(stream);
    Frame frame;
    frame.type = static_cast<FrameType>(head.u8());
    frame.channel = head.u16();
    const std::size_t size = head.u32();
    if (size + frame_overhead > longest) return FrameFault::too_long;
    if (stream.size() < size + frame_overhead) return Incomplete{};
    if (stream[head_bytes + size] != end_mark) return FrameFault::no_end_mark;
    frame.payload = stream.subspan(head_bytes, size);
    return frame;
}

std::vector<std::uint8_t> build_frame(FrameType type, std::uint16_t channel,
                                      const std::vector<std::uint8_t>& payload) {
    return Writer()
        .u8(static_cast<std::uint8_t>(type))
        .u16(channel)
        .long_bytes(payload)
        .u8(end_mark)
        .take();
}

}  // namespace warren::amqp
