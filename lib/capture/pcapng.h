// SPDX-License-Identifier: BSD-3-Clause
// The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order, each ready
// to be written behind the one before. Pure. Times are ns since 1970.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/bytes.h"

namespace warren::capture {

std::string section_block(std::string_view program);

// They count from 0 in the order in which they are written, before their first packet.
std::string interface_block(std::string_view name, std::uint32_t snap_bytes);

enum class Direction : std::uint8_t { inbound = 1, outbound = 2 };

struct PacketBlock {
    std::uint32_t interface = 0;
    std::uint64_t time_ns = 0;
    net::ConstBytes kept;     // of the frame
    std::uint32_t bytes = 0;  // of the whole frame
    Direction direction = Direction::inbound;
    std::uint64_t id = 0;  // the same packet at another interface has the same
    std::string comment{};
};
std::string packet_block(const PacketBlock& packet);

std::string statistics_block(std::uint32_t interface, std::uint64_t time_ns, std::uint64_t received,
                             std::uint64_t lost);

}  // namespace warren::capture
