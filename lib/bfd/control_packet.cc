// SPDX-License-Identifier: BSD-3-Clause
#include "bfd/control_packet.h"

#include <optional>

namespace warren::bfd {
namespace {

constexpr unsigned version = 1;
constexpr std::uint8_t diagnostic_mask = 0x1f;

enum Flag : std::uint8_t {
    flag_poll = 0x20,
    flag_final = 0x10,
    flag_authentication = 0x04,
    flag_demand = 0x02,
    flag_multipoint = 0x01,
};

struct Wire {
    std::uint8_t version_diagnostic;
    std::uint8_t state_flags;
    std::uint8_t detect_mult;
    std::uint8_t length;
    net::Be32 my_discriminator;
    net::Be32 your_discriminator;
    net::Be32 desired_min_tx_us;
    net::Be32 required_min_rx_us;
    net::Be32 required_min_echo_rx_us;
};
static_assert(sizeof(Wire) == control_packet_bytes);

State state_of(const Wire& wire) {
    return static_cast<State>(wire.state_flags >> 6);
}

bool has(const Wire& wire, Flag flag) {
    return (wire.state_flags & flag) != 0;
}

bool may_not_know_us(State state) {
    return state == State::down || state == State::admin_down;
}

std::optional<DiscardReason> check(const Wire& wire, std::size_t received_bytes) {
    if (wire.version_diagnostic >> 5 != version) return DiscardReason::version;
    if (wire.length < control_packet_bytes || wire.length > received_bytes)
        return DiscardReason::length;
    if (wire.detect_mult == 0) return DiscardReason::detect_mult;
    if (has(wire, flag_multipoint)) return DiscardReason::multipoint;
    if (wire.my_discriminator.host() == 0) return DiscardReason::my_discriminator;
    if (wire.your_discriminator.host() == 0 && !may_not_know_us(state_of(wire)))
        return DiscardReason::your_discriminator;
    if (has(wire, flag_poll) && has(wire, flag_final)) return DiscardReason::poll_and_final;
    if (has(wire, flag_authentication)) return DiscardReason::authentication;
    return std::nullopt;
}

}  // namespace

Decoded decode(net::ConstBytes payload) {
    if (payload.size() < control_packet_bytes) return DiscardReason::length;
    const auto wire = net::load<Wire>(payload, 0);
    if (const auto reason = check(wire, payload.size())) return *reason;
    return ControlPacket{
        .state = state_of(wire),
        .diagnostic = static_cast<Diagnostic>(wire.version_diagnostic & diagnostic_mask),
        .poll = has(wire, flag_poll),
        .final = has(wire, flag_final),
        .demand = has(wire, flag_demand),
        .detect_mult = wire.detect_mult,
        .my_discriminator = wire.my_discriminator.host(),
        .your_discriminator = wire.your_discriminator.host(),
        .desired_min_tx_us = wire.desired_min_tx_us.host(),
        .required_min_rx_us = wire.required_min_rx_us.host(),
        .required_min_echo_rx_us = wire.required_min_echo_rx_us.host(),
    };
}

std::array<std::uint8_t, control_packet_bytes> encode(const ControlPacket& packet) {
    const auto flag = [](bool set, Flag which) { return set ? unsigned{which} : 0U; };
    const unsigned flags = flag(packet.poll, flag_poll) | flag(packet.final, flag_final) |
                           flag(packet.demand, flag_demand);
    const Wire wire{
        .version_diagnostic = static_cast<std::uint8_t>(
            version << 5 | (static_cast<unsigned>(packet.diagnostic) & diagnostic_mask)),
        .state_flags = static_cast<std::uint8_t>(static_cast<unsigned>(packet.state) << 6 | flags),
        .detect_mult = packet.detect_mult,
        .length = control_packet_bytes,
        .my_discriminator = net::Be32(packet.my_discriminator),
        .your_discriminator = net::Be32(packet.your_discriminator),
        .desired_min_tx_us = net::Be32(packet.desired_min_tx_us),
        .required_min_rx_us = net::Be32(packet.required_min_rx_us),
        .required_min_echo_rx_us = net::Be32(packet.required_min_echo_rx_us),
    };
    std::array<std::uint8_t, control_packet_bytes> bytes{};
    net::store(net::Bytes(bytes), 0, wire);
    return bytes;
}

}  // namespace warren::bfd
