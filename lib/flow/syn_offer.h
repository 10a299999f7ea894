// SPDX-License-Identifier: BSD-3-Clause
// What a half-open flow keeps of its client's SYN so that the same offer can be made to another
// server: MSS, window scale (RFC 7323 2) and SACK permitted (RFC 2018 2). It lies in words of the
// Flow that mean nothing before the SYN is answered. Timestamps are never offered (README of
// datapath), data and anything else in a SYN is the client's to send again.
#pragma once

#include <array>
#include <cstdint>

#include "flow/flow.h"
#include "net/tcp_options.h"

namespace warren::flow {

inline constexpr unsigned syn_attempts_max = 3;  // servers that one SYN is sent to
inline constexpr unsigned syn_clears_max = 3;    // old connections cleared with a RST for it

namespace detail {
inline constexpr std::uint8_t no_window_scale = 0x0f;  // 14 is the highest (RFC 7323 2.3)
inline constexpr std::uint8_t sack_permitted = 0x10;
}  // namespace detail

// Begins the first attempt, towards flow.server_id.
inline void remember_syn(Flow& flow, const net::TcpOptions& offered) {
    flow.syn = {offered.mss.value_or(0), flow.server_id};
    const std::uint8_t scale = offered.window_scale.value_or(detail::no_window_scale);
    flow.syn_options =
        static_cast<std::uint8_t>((scale > 14 && offered.window_scale ? 14 : scale) |
                                  (offered.sack_permitted ? detail::sack_permitted : 0));
    flow.syn_attempts = 1;
}

inline unsigned syn_attempts(const Flow& flow) {
    return flow.syn_attempts & 0x0fU;
}

// The servers that this SYN has gone to: two at most while another attempt is allowed.
inline std::array<std::uint16_t, 2> syn_servers(const Flow& flow) {
    return {flow.syn.first_server, flow.server_id};
}

// One more server; the caller has made it flow.server_id.
inline void count_syn_attempt(Flow& flow) {
    flow.syn_attempts = static_cast<std::uint8_t>(syn_attempts(flow) + 1);
}

// Whether another old connection may be cleared for this attempt; counts it.
inline bool may_clear_for_syn(Flow& flow) {
    if (flow.syn_attempts >> 4 >= syn_clears_max) return false;
    flow.syn_attempts = static_cast<std::uint8_t>(flow.syn_attempts + 0x10);
    return true;
}

// The options of the SYN to send again, a multiple of four bytes.
struct SynOptions {
    std::array<std::uint8_t, 12> bytes{};
    std::size_t size = 0;

    net::ConstBytes all() const { return {bytes.data(), size}; }
};

inline SynOptions syn_options(const Flow& flow) {
    constexpr auto nop = static_cast<std::uint8_t>(net::TcpOption::no_operation);
    SynOptions made;
    const auto add = [&](std::array<std::uint8_t, 4> option) {
        for (const std::uint8_t byte : option)
            made.bytes[made.size++] = byte;
    };
    if (const std::uint16_t mss = flow.syn.mss; mss != 0)
        add({static_cast<std::uint8_t>(net::TcpOption::mss), 4, static_cast<std::uint8_t>(mss >> 8),
             static_cast<std::uint8_t>(mss)});
    if ((flow.syn_options & detail::sack_permitted) != 0)
        add({nop, nop, static_cast<std::uint8_t>(net::TcpOption::sack_permitted), 2});
    const std::uint8_t scale = flow.syn_options & detail::no_window_scale;
    if (scale != detail::no_window_scale)
        add({nop, static_cast<std::uint8_t>(net::TcpOption::window_scale), 3, scale});
    return made;
}

}  // namespace warren::flow
