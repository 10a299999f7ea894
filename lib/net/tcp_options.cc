// SPDX-License-Identifier: BSD-3-Clause
#include "net/tcp_options.h"

#include "net/checksum.h"

namespace warren::net {
namespace {

// Offsets are from the header's start, where the checksummed data is even.
void set_byte(Bytes tcp_header, std::size_t offset, std::uint8_t to, ChecksumDelta& delta) {
    delta.replace_byte(offset, tcp_header[offset], to);
    tcp_header[offset] = to;
}

void store_checksum(Bytes tcp_header, const ChecksumDelta& delta) {
    auto& tcp = header_in<TcpHeader>(tcp_header, 0);
    tcp.checksum = delta.apply(tcp.checksum);
}

}  // namespace

TcpOptions read_tcp_options(ConstBytes options) {
    TcpOptions found;
    found.well_formed =
        for_each_option(options, [&found](TcpOption kind, std::size_t, ConstBytes body) {
            if (kind == TcpOption::mss && body.size() == 2)
                found.mss = load<Be16>(body, 0).host();
            else if (kind == TcpOption::window_scale && body.size() == 1)
                found.window_scale = body[0];
            else if (kind == TcpOption::sack_permitted && body.empty())
                found.sack_permitted = true;
            else if (kind == TcpOption::sack && body.size() % sizeof(SackBlock) == 0)
                found.sack_blocks = body;
            else if (kind == TcpOption::timestamps && body.size() == sizeof(TcpTimestamps))
                found.timestamps = load<TcpTimestamps>(body, 0);
        });
    return found;
}

bool blank_option(Bytes tcp_header, TcpOption which) {
    ChecksumDelta delta;
    bool found = false;
    for_each_option(tcp_header.subspan(sizeof(TcpHeader)),
                    [&](TcpOption kind, std::size_t offset, ConstBytes body) {
                        if (kind != which) return;
                        found = true;
                        const std::size_t first = sizeof(TcpHeader) + offset;
                        for (std::size_t i = 0; i < body.size() + 2; ++i)
                            set_byte(tcp_header, first + i,
                                     static_cast<std::uint8_t>(TcpOption::no_operation), delta);
                    });
    if (found) store_checksum(tcp_header, delta);
    return found;
}

bool clamp_mss(Bytes tcp_header, std::uint16_t max_mss) {
    ChecksumDelta delta;
    bool lowered = false;
    for_each_option(tcp_header.subspan(sizeof(TcpHeader)),
                    [&](TcpOption kind, std::size_t offset, ConstBytes body) {
                        if (kind != TcpOption::mss || body.size() != 2) return;
                        if (load<Be16>(body, 0).host() <= max_mss) return;
                        lowered = true;
                        const std::size_t value = sizeof(TcpHeader) + offset + 2;
                        set_byte(tcp_header, value, static_cast<std::uint8_t>(max_mss >> 8), delta);
                        set_byte(tcp_header, value + 1, static_cast<std::uint8_t>(max_mss), delta);
                    });
    if (lowered) store_checksum(tcp_header, delta);
    return lowered;
}

}  // namespace warren::net
