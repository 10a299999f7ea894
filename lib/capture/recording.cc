// SPDX-License-Identifier: BSD-3-Clause
#include "capture/recording.h"

#include "capture/words.h"

namespace warren::capture {

using exchange::CapturedPacket;
using exchange::Fate;

Recording::Recording(const Request& request, std::vector<std::string> ports,
                     std::uint64_t wall_offset_ns)
    : request_(request), ports_(std::move(ports)), wall_offset_ns_(wall_offset_ns) {
    if (!request_.is_trace) output_ = section_block("warren");
}

// A frame that was handed on is shown by the worker that it was handed to, with all that became of
// it; only words tell of the hand-off itself.
void Recording::take(const exchange::CaptureSlot& slot) {
    const CapturedPacket packet = slot.packet();
    if (is_full_ || (packet.fate == Fate::handed_on && !request_.is_trace)) return;
    const std::uint64_t wall_ns = packet.time_ns + wall_offset_ns_;
    const std::string written = request_.is_json    ? trace_json(packet, ports_, wall_ns)
                                : request_.is_trace ? trace_text(packet, ports_, wall_ns)
                                                    : blocks_of(slot, packet);
    output_ += written;
    bytes_ += written.size();
    is_full_ = ++packets_ >= request_.packets || bytes_ >= request_.bytes;
}

std::string Recording::blocks_of(const exchange::CaptureSlot& slot, const CapturedPacket& packet) {
    std::string blocks;
    PacketBlock block;
    block.time_ns = packet.time_ns + wall_offset_ns_;
    block.id = packets_ + 1;
    if (packet.fate != Fate::made) {
        block.interface = interface(packet.in_port, Direction::inbound, blocks);
        block.kept = slot.came();
        block.bytes = packet.came_bytes;
        block.comment = outcome_text(packet, ports_);
        blocks += packet_block(block);
    }
    if (packet.went_kept != 0) {
        block.interface = interface(packet.target, Direction::outbound, blocks);
        block.direction = Direction::outbound;
        block.kept = slot.went();
        block.bytes = packet.went_bytes;
        block.comment = origin_text(packet);
        blocks += packet_block(block);
    }
    return blocks;
}

// Its number; described in front of its first packet.
std::uint32_t Recording::interface(std::uint8_t port, Direction direction, std::string& blocks) {
    const auto number = static_cast<std::uint32_t>(interfaces_.size());
    const auto [at, is_new] = interfaces_.try_emplace({port, direction}, number);
    if (is_new) {
        const char* const way = direction == Direction::inbound ? " in" : " out";
        blocks += interface_block(port_name(port, ports_) + way, request_.snap);
        received_.push_back(0);
    }
    ++received_[at->second];
    return at->second;
}

// Copies are lost by worker, not by interface: the first one bears them all.
void Recording::finish(std::uint64_t now_ns, std::uint64_t lost) {
    if (request_.is_trace) return;
    for (std::uint32_t i = 0; i < received_.size(); ++i)
        output_ += statistics_block(i, now_ns + wall_offset_ns_, received_[i], i == 0 ? lost : 0);
}

}  // namespace warren::capture
