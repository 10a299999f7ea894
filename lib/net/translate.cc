// SPDX-License-Identifier: BSD-3-Clause
#include "net/translate.h"

#include <algorithm>
#include <array>

namespace warren::net {
namespace {

constexpr std::uint32_t header_difference = Ip6::header_bytes - Ip4::header_bytes;
constexpr std::uint32_t least_mtu_v6 = 1280;  // RFC 8200 5
constexpr std::uint32_t least_mtu_v4 = 68;    // RFC 791 3.2

IcmpHeader error(std::uint8_t type, std::uint8_t code, std::uint32_t rest = 0) {
    IcmpHeader made;
    made.type = type;
    made.code = code;
    made.identifier = Be16(static_cast<std::uint16_t>(rest >> 16));
    made.sequence = Be16(static_cast<std::uint16_t>(rest));
    return made;
}

std::uint32_t rest_of(const IcmpHeader& in) {
    return std::uint32_t{in.identifier.host()} << 16 | in.sequence.host();
}

// RFC 1191 7.1: the largest usual MTU below the packet's size.
std::uint32_t plateau_below(std::size_t packet_bytes) {
    constexpr std::array<std::uint16_t, 7> plateaus{32'000, 17'914, 8166, 4352, 2002, 1492, 1280};
    const auto* below = std::find_if(plateaus.begin(), plateaus.end(),
                                     [&](std::uint16_t mtu) { return mtu < packet_bytes; });
    return below == plateaus.end() ? plateaus.back() : *below;
}

// Where a field of the one header stands in the other (RFC 7915 figures 3 and 6); no_field:
// nowhere.
constexpr std::uint8_t no_field = 0xff;

std::uint8_t pointer_to_v6(std::uint8_t pointer) {
    constexpr std::array<std::uint8_t, 20> fields{
        0,        1,        4, 4, no_field, no_field, no_field, no_field, 7,  6,
        no_field, no_field, 8, 8, 8,        8,        24,       24,       24, 24};
    return pointer < fields.size() ? fields[pointer] : no_field;
}

std::uint8_t pointer_to_v4(std::uint32_t pointer) {
    constexpr std::array<std::uint8_t, 8> fields{0, 1, no_field, no_field, 2, 2, 9, 8};
    if (pointer < fields.size()) return fields[pointer];
    return pointer < 24 ? 12 : pointer < 40 ? 16 : no_field;
}

std::optional<IcmpHeader> unreachable_to_v6(const IcmpHeader& in, std::size_t packet_bytes) {
    using namespace icmpv6_type;
    constexpr std::uint8_t no_route = 0, prohibited = 1, port = 4, next_header_field = 6;
    switch (in.code) {
        case 2:  // protocol
            return error(parameter_problem, 1, next_header_field);
        case 3:
            return error(unreachable, port);
        case 4: {
            const std::uint32_t told = in.sequence.host();
            const std::uint32_t mtu = told != 0 ? told : plateau_below(packet_bytes);
            return error(packet_too_big, 0, std::max(mtu + header_difference, least_mtu_v6));
        }
        case 9:
        case 10:
        case 13:
        case 15:
            return error(unreachable, prohibited);
        case 0:
        case 1:
        case 5:
        case 6:
        case 7:
        case 8:
        case 11:
        case 12:
            return error(unreachable, no_route);
        default:
            return std::nullopt;
    }
}

std::optional<IcmpHeader> unreachable_to_v4(std::uint8_t code) {
    using namespace icmp_type;
    constexpr std::uint8_t host = 1, port = 3, prohibited = 10;
    switch (code) {
        case 0:
        case 2:
        case 3:
            return error(unreachable, host);
        case 1:
            return error(unreachable, prohibited);
        case 4:
            return error(unreachable, port);
        default:
            return std::nullopt;
    }
}

std::optional<IcmpHeader> parameter_problem_to_v4(const IcmpHeader& in) {
    constexpr std::uint8_t protocol = 2;
    if (in.code == 1) return error(icmp_type::unreachable, protocol);
    const std::uint8_t pointer = in.code == 0 ? pointer_to_v4(rest_of(in)) : no_field;
    if (pointer == no_field) return std::nullopt;
    return error(icmp_type::parameter_problem, 0, std::uint32_t{pointer} << 24);
}

}  // namespace

template <>
std::optional<IcmpHeader> translate_icmp<Ip6>(const IcmpHeader& in, std::size_t packet_bytes) {
    switch (in.type) {
        case icmp_type::unreachable:
            return unreachable_to_v6(in, packet_bytes);
        case icmp_type::time_exceeded:
            return error(icmpv6_type::time_exceeded, in.code);
        case icmp_type::parameter_problem: {
            const bool has_pointer = in.code == 0 || in.code == 2;
            const std::uint8_t pointer =
                has_pointer ? pointer_to_v6(static_cast<std::uint8_t>(rest_of(in) >> 24))
                            : no_field;
            if (pointer == no_field) return std::nullopt;
            return error(icmpv6_type::parameter_problem, 0, pointer);
        }
        default:
            return std::nullopt;
    }
}

template <>
std::optional<IcmpHeader> translate_icmp<Ip4>(const IcmpHeader& in, std::size_t) {
    switch (in.type) {
        case icmpv6_type::unreachable:
            return unreachable_to_v4(in.code);
        case icmpv6_type::packet_too_big: {
            const std::uint32_t mtu = std::clamp(rest_of(in), least_mtu_v4 + header_difference,
                                                 0xffffU + header_difference);
            return error(icmp_type::unreachable, Ip4::too_big_code, mtu - header_difference);
        }
        case icmpv6_type::time_exceeded:
            return error(icmp_type::time_exceeded, in.code);
        case icmpv6_type::parameter_problem:
            return parameter_problem_to_v4(in);
        default:
            return std::nullopt;
    }
}

}  // namespace warren::net
