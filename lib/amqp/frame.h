// SPDX-License-Identifier: BSD-3-Clause
// AMQP 0-9-1's frames (4.2.3): type u8 | channel u16 | size u32 | payload | 0xCE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "net/bytes.h"

namespace warren::amqp {

inline constexpr std::size_t frame_overhead = 8;  // head and end mark
// "AMQP" 0 0 9 1: what a client says first.
inline constexpr std::string_view protocol_header{"AMQP\0\0\x09\x01", 8};

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

struct Frame {
    FrameType type = FrameType::heartbeat;
    std::uint16_t channel = 0;
    net::ConstBytes payload;  // of the stream it was found in

    std::size_t bytes() const { return payload.size() + frame_overhead; }
};

enum class FrameFault : std::uint8_t {
    not_amqp,       // no frame begins like this
    other_version,  // a protocol header: the server would rather speak what it says
    too_long,
    no_end_mark,
};
const char* to_string(FrameFault fault);

struct Incomplete {};

// The first frame of `stream`, if all of it has come. `longest`: bytes of a whole frame.
using NextFrame = std::variant<Frame, Incomplete, FrameFault>;
NextFrame next_frame(net::ConstBytes stream, std::size_t longest);

std::vector<std::uint8_t> build_frame(FrameType type, std::uint16_t channel,
                                      const std::vector<std::uint8_t>& payload);

}  // namespace warren::amqp
