// SPDX-License-Identifier: BSD-3-Clause
#include "flow/seq_shift.h"

namespace warren::flow {

namespace {

// An edge may lie at an odd offset, where it is no pair of checksummed words.
void unshift_edge(net::Bytes tcp, std::size_t at, std::uint32_t delta, net::ChecksumDelta& l4) {
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

}  // namespace

void unshift_sack(net::Bytes tcp, std::uint32_t delta, net::ChecksumDelta& l4) {
    constexpr std::size_t fixed = sizeof(net::TcpHeader);
    const net::Bytes options = tcp.subspan(fixed);
    net::for_each_option(options, [&](net::TcpOption kind, std::size_t at, net::ConstBytes body) {
        if (kind != net::TcpOption::sack || body.size() % sizeof(net::SackBlock) != 0) return;
        for (std::size_t edge = 0; edge < body.size(); edge += 4)
            unshift_edge(tcp, fixed + at + 2 + edge, delta, l4);
    });
}

}  // namespace warren::flow
