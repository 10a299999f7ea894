// SPDX-License-Identifier: BSD-3-Clause
// What happened to a packet, in words: one line as a comment of pcapng, or step by step. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "exchange/capture.h"

namespace warren::capture {

using PortNames = std::span<const std::string>;  // by index
std::string port_name(std::uint8_t port, PortNames ports);

// "192.168.8.50:40000 > 192.168.8.100:5672  SYN, 0 bytes"
std::string frame_text(const net::Parsed& frame);

// Of a frame that came: "to 192.168.8.11:5672 by eth0, flow none -> syn_sent", "dropped: no_flow".
std::string outcome_text(const exchange::CapturedPacket& packet, PortNames ports);
// Of a frame that left: "from 192.168.8.50:40000", "made here".
std::string origin_text(const exchange::CapturedPacket& packet);

// A line for each step. `wall_ns`: its time since 1970; shown as this machine's local time.
std::string trace_text(const exchange::CapturedPacket& packet, PortNames ports,
                       std::uint64_t wall_ns);

// The same as an object of JSON on one line: "time" (UTC, RFC 3339), "frame", and each
// step by its name.
std::string trace_json(const exchange::CapturedPacket& packet, PortNames ports,
                       std::uint64_t wall_ns);

}  // namespace warren::capture
