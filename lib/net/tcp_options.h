// SPDX-License-Identifier: BSD-3-Clause
// TCP options (RFC 9293 3.2, RFC 7323, RFC 2018): a walk that survives any bytes, and the few
// changes we make to a SYN. A "TCP header" here is the header with its options, header_bytes()
// long; changes keep its checksum right (RFC 1624).
#pragma once

#include <cstdint>
#include <optional>

#include "net/bytes.h"
#include "net/headers.h"

namespace warren::net {

enum class TcpOption : std::uint8_t {
    end = 0,
    no_operation = 1,
    mss = 2,
    window_scale = 3,
    sack_permitted = 4,
    sack = 5,
    timestamps = 8,
    fast_open = 34,  // RFC 7413
};

// Calls visit(TcpOption, offset of its kind byte, body without kind and length) for each option but
// end and no_operation. False when a length is wrong: what came before it has been visited.
template <typename Visit>
bool for_each_option(ConstBytes options, Visit&& visit) {
    std::size_t at = 0;
    while (at < options.size()) {
        const auto kind = static_cast<TcpOption>(options[at]);
        if (kind == TcpOption::end) return true;
        if (kind == TcpOption::no_operation) {
            ++at;
            continue;
        }
        if (options.size() - at < 2) return false;
        const std::size_t length = options[at + 1];
        if (length < 2 || length > options.size() - at) return false;
        visit(kind, at, options.subspan(at + 2, length - 2));
        at += length;
    }
    return true;
}

struct TcpTimestamps {
    Be32 value;
    Be32 echo_reply;
};

struct SackBlock {
    Be32 left;
    Be32 right;  // one past its last sequence number
};

// What a segment offers; an option of a wrong length counts as absent.
struct TcpOptions {
    std::optional<std::uint16_t> mss;
    std::optional<std::uint8_t> window_scale;
    std::optional<TcpTimestamps> timestamps;
    ConstBytes sack_blocks;  // whole SackBlocks: load<SackBlock>(sack_blocks, i * 8)
    bool sack_permitted = false;
    bool well_formed = true;
};
TcpOptions read_tcp_options(ConstBytes options);

// Replaces each option of that kind by no_operation. True if there was one.
bool blank_option(Bytes tcp_header, TcpOption kind);

// Lowers the MSS option to at most `max_mss`. True if it was higher; without the option nothing
// changes.
bool clamp_mss(Bytes tcp_header, std::uint16_t max_mss);

}  // namespace warren::net
