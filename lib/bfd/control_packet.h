// SPDX-License-Identifier: BSD-3-Clause
// BFD control packets on the wire (RFC 5880 4.1), without authentication:
//   vers(3) diag(5) | sta(2) P F C A D M | detect mult | length
//   my discriminator | your discriminator
//   desired min tx, required min rx, required min echo rx: microseconds
// decode() makes those of 6.8.6's checks that need no session; it never reads outside the bytes it
// got.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "net/bytes.h"

namespace warren::bfd {

inline constexpr std::uint16_t control_port = 3'784;  // RFC 5881 4
inline constexpr std::uint16_t first_source_port = 49'152;
inline constexpr std::uint16_t last_source_port = 65'535;
inline constexpr std::size_t control_packet_bytes = 24;

// As on the wire.
enum class State : std::uint8_t { admin_down, down, init, up };
std::string_view name(State state);

// Why the session is in its state; others than these are reserved and stay what they are.
enum class Diagnostic : std::uint8_t {
    none,
    detection_time_expired,
    echo_failed,
    neighbour_signalled_down,
    forwarding_plane_reset,
    path_down,
    concatenated_path_down,
    administratively_down,
    reverse_concatenated_path_down,
};
std::string_view name(Diagnostic diagnostic);

struct ControlPacket {
    State state = State::down;
    Diagnostic diagnostic = Diagnostic::none;
    bool poll = false;
    bool final = false;
    bool demand = false;  // the sender wants no periodic packets while both are up
    std::uint8_t detect_mult = 0;
    std::uint32_t my_discriminator = 0;
    std::uint32_t your_discriminator = 0;  // 0: the sender does not know it
    std::uint32_t desired_min_tx_us = 0;
    std::uint32_t required_min_rx_us = 0;  // 0: send nothing periodically
    std::uint32_t required_min_echo_rx_us = 0;

    friend bool operator==(const ControlPacket&, const ControlPacket&) = default;
};

// In the order of the checks (RFC 5880 6.8.6, RFC 5881 5).
enum class DiscardReason : std::uint8_t {
    version,
    length,  // shorter than a control packet or than it says
    detect_mult,
    multipoint,
    my_discriminator,
    your_discriminator,  // 0 in a state that needs one
    poll_and_final,      // 6.5
    authentication,      // we use none
    no_session,          // counted by who looks for it
    ttl,
    other_session,  // another session's discriminator
    not_started,    // admin_down
};
inline constexpr std::size_t discard_reason_count = 12;
std::string_view name(DiscardReason reason);

using Decoded = std::variant<ControlPacket, DiscardReason>;
Decoded decode(net::ConstBytes payload);

std::array<std::uint8_t, control_packet_bytes> encode(const ControlPacket& packet);

}  // namespace warren::bfd
