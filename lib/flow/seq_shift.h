// SPDX-License-Identifier: BSD-3-Clause
// The sequence shift: the client's numbers appear to the server moved by a constant. Client to
// server SEQ grows by it; server to client ACK and the edges of SACK blocks (RFC 2018) shrink by
// it. Each change is noted in a ChecksumDelta (RFC 1624). Any bytes are safe; malformed options
// stay as they are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bytes.h"
#include "net/checksum.h"
#include "net/headers.h"
#include "net/tcp_options.h"

namespace warren::flow {

inline void shift_sequence(net::TcpHeader& tcp, std::uint32_t delta, net::ChecksumDelta& l4) {
    const net::Be32 shifted(tcp.sequence.host() + delta);
    l4.replace(tcp.sequence, shifted);
    tcp.sequence = shifted;
}

namespace detail {
// An edge may lie at an odd offset, where it is no pair of checksummed words.
inline void unshift_edge(net::Bytes tcp, std::size_t at, std::uint32_t delta,
                         net::ChecksumDelta& l4) {
    const auto old = net::load<net::Be32>(tcp, at);
    const net::Be32 unshifted(old.host() - delta);
    if (at % 2 == 0) {
        l4.replace(old, unshifted);
        net::store(tcp, at, unshifted);
        return;
    }
    for (std::size_t i = 0; i < 4; ++i) {
        const auto byte = static_cast<std::uint8_t>(unshifted.host() >> (24 - 8 * i));
        l4.replace_byte(at + i, tcp[at + i], byte);
        tcp[at + i] = byte;
    }
}
}  // namespace detail

// `tcp` is the header with its options, at least 20 bytes. Few segments have any: no part of their
// way.
[[gnu::noinline]] inline void unshift_sack(net::Bytes tcp, std::uint32_t delta,
                                           net::ChecksumDelta& l4) {
    constexpr std::size_t fixed = sizeof(net::TcpHeader);
    const net::Bytes options = tcp.subspan(fixed);
    net::for_each_option(options, [&](net::TcpOption kind, std::size_t at, net::ConstBytes body) {
        if (kind != net::TcpOption::sack || body.size() % sizeof(net::SackBlock) != 0) return;
        for (std::size_t edge = 0; edge < body.size(); edge += 4)
            detail::unshift_edge(tcp, fixed + at + 2 + edge, delta, l4);
    });
}

inline void unshift_acknowledgement(net::Bytes tcp, std::uint32_t delta, net::ChecksumDelta& l4) {
    auto& header = net::header_in<net::TcpHeader>(tcp, 0);
    if ((header.flags & net::tcp_flag::ack) == 0) return;
    const net::Be32 unshifted(header.acknowledgement.host() - delta);
    l4.replace(header.acknowledgement, unshifted);
    header.acknowledgement = unshifted;
    if (tcp.size() <= sizeof(net::TcpHeader)) return;
    net::ChecksumDelta sack;  // of its own: what a call may write is kept in memory
    unshift_sack(tcp, delta, sack);
    l4.add(sack);
}

}  // namespace warren::flow
