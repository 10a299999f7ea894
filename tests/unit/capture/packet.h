// SPDX-License-Identifier: BSD-3-Clause
// Captured packets for tests, as a worker would have shown them.
#pragma once

#include "exchange/capture.h"
#include "packets/packet_builder.h"

namespace warren::capture {

inline packets::Frame segment(std::string_view source, std::uint16_t source_port,
                              std::string_view destination, std::uint16_t destination_port,
                              std::string_view flags) {
    return packets::PacketBuilder()
        .ip(source, destination)
        .tcp(source_port, destination_port, flags)
        .seq(7)
        .build();
}

// A client's SYN and what became of it in FNAT.
inline const packets::Frame syn = segment("192.168.8.50", 40000, "192.168.8.100", 5672, "S");
inline const packets::Frame syn_to_server =
    segment("192.168.8.100", 1024, "192.168.8.11", 5672, "S");

inline exchange::CapturedPacket admitted() {
    exchange::CapturedPacket packet;
    packet.time_ns = 1'000;
    packet.came = net::parse(syn);
    packet.went = net::parse(syn_to_server);
    packet.came_bytes = static_cast<std::uint32_t>(syn.size());
    packet.went_bytes = static_cast<std::uint32_t>(syn_to_server.size());
    packet.what = "a segment to a virtual_server";
    packet.in_port = 0;
    packet.target = 1;
    packet.after = flow::TcpState::syn_sent;
    return packet;
}

inline exchange::CapturedPacket dropped(exchange::Drop reason) {
    exchange::CapturedPacket packet = admitted();
    packet.fate = exchange::Fate::dropped;
    packet.reason = reason;
    packet.went = {};
    packet.went_bytes = 0;
    packet.after = flow::TcpState::none;
    return packet;
}

// With the frames that it says it has.
inline exchange::CaptureSlot slot_of(exchange::CapturedPacket packet, std::size_t snap = 256) {
    exchange::CaptureSlot slot(snap);
    if (packet.came_bytes != 0) packet.came_kept = slot.keep_came(syn);
    if (packet.went_bytes != 0) packet.went_kept = slot.keep_went(syn_to_server);
    slot.keep(packet);
    return slot;
}

}  // namespace warren::capture
