// SPDX-License-Identifier: BSD-3-Clause
// BFD control packets from anywhere, 26 bytes each: a TTL, how much time goes by first, a packet. A
// discarded one touches no timer; an accepted one says what its bytes say; the session never has
// more to say than one packet for each that it gets, and never falls silent for good.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "bfd/session.h"

namespace {

using namespace warren;

constexpr std::size_t record_bytes = 2 + bfd::control_packet_bytes;

void require(bool holds) {
    if (!holds) std::abort();
}

std::size_t sends(const bfd::Actions& actions) {
    std::size_t count = 0;
    for (const bfd::Action& action : actions)
        if (const auto* send = std::get_if<bfd::Send>(&action)) {
            require(bfd::decode(bfd::encode(send->packet)) == bfd::Decoded(send->packet));
            ++count;
        }
    return count;
}

// encode() keeps all but the bits that decode() refuses or ignores.
void check_accepted(const bfd::ControlPacket& packet, const std::vector<std::uint8_t>& bytes) {
    const auto again = bfd::encode(packet);
    constexpr std::uint8_t control_plane_independent = 0x08;
    for (std::size_t i = 0; i < again.size(); ++i)
        if (i == 1)
            require(again[i] == (bytes[i] & ~control_plane_independent));
        else if (i != 3)
            require(again[i] == bytes[i]);
}

void check_discarded(bfd::Session& session, std::uint64_t deadline_ns, bfd::State state) {
    require(session.deadline_ns() == deadline_ns && session.status().state == state);
}

void hear(bfd::Session& session, const bfd::ControlPacket& packet, std::uint8_t ttl,
          std::uint64_t now_ns) {
    const std::uint64_t received = session.status().counters.received;
    const std::uint64_t deadline_ns = session.deadline_ns();
    const bfd::State state = session.status().state;
    const bfd::Actions actions = session.step(bfd::PacketReceived{packet, ttl}, now_ns, ttl);
    require(sends(actions) <= 1);
    if (session.status().counters.received == received)
        check_discarded(session, deadline_ns, state);
    require(session.deadline_ns() != bfd::no_deadline);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bfd::Settings settings;
    settings.discriminator = 0x01010101;
    bfd::Session session(settings);
    std::uint64_t now_ns = 1'000'000'000;
    session.step(bfd::Startup{}, now_ns, 0);
    for (std::size_t at = 0; at < size; at += record_bytes) {
        const std::size_t rest = std::min(size - at, record_bytes);
        if (rest < 2) break;
        const std::uint8_t ttl = data[at];
        now_ns += std::uint64_t{data[at + 1]} * 1'000'000;
        // A buffer of exactly this size, so that the sanitizer sees one byte too far.
        std::vector<std::uint8_t> bytes(data + at + 2, data + at + rest);
        bytes.shrink_to_fit();
        const bfd::Decoded decoded = bfd::decode(bytes);
        if (const auto* reason = std::get_if<bfd::DiscardReason>(&decoded))
            require(!bfd::name(*reason).empty());
        else {
            check_accepted(std::get<bfd::ControlPacket>(decoded), bytes);
            hear(session, std::get<bfd::ControlPacket>(decoded), ttl, now_ns);
        }
        require(sends(session.step(bfd::Tick{}, now_ns, ttl)) <= 1);
    }
    return 0;
}
