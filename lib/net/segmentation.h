// SPDX-License-Identifier: BSD-3-Clause
// What a sender leaves to its card, done in software: a TCP segment that is larger than its path
// carries cut into pieces (TSO), and a checksum that was left open. Offsets are those of `parsed`,
// which must be an unfragmented TCP segment (or, for the checksums, UDP) that parsed without error.
#pragma once

#include <cstddef>

#include "net/bytes.h"
#include "net/parse.h"

namespace warren::net {

// How many pieces of at most `piece_bytes` (above 0) of payload each.
constexpr std::size_t pieces_of(const Parsed& parsed, std::size_t piece_bytes) {
    return parsed.payload_bytes == 0 ? 1 : (parsed.payload_bytes + piece_bytes - 1) / piece_bytes;
}

// Writes piece `index` as a frame of its own: the headers, then its part of the payload. Lengths,
// sequence number, IPv4 identification and all checksums are the piece's own; FIN and PSH stay with
// the last piece, CWR with the first (RFC 3168 6.1.2). Returns its bytes; 0: no room.
std::size_t write_piece(Bytes into, ConstBytes frame, const Parsed& parsed, std::size_t piece_bytes,
                        std::size_t index);

// The other way round: whether `next` is what would be cut off behind `bytes` of payload of
// `first`, so that both can leave as one. `first` has no flag but ACK.
bool continues(ConstBytes first, const Parsed& a, std::size_t bytes, ConstBytes next,
               const Parsed& b);

// Makes the headers in `frame` those of a segment with `bytes` of payload, most of which stands
// elsewhere; `parsed` follows. The TCP checksum is left open.
void extend_headers(Bytes frame, Parsed& parsed, std::size_t bytes);

// Where the checksum field is, from the first byte of TCP or UDP.
std::size_t checksum_offset(const Parsed& parsed);

// Sums the whole of TCP or UDP into its checksum field, whatever stands there.
void fill_checksum(Bytes frame, const Parsed& parsed);

// Sums the pseudo header alone into the field, as the kernel expects of one that it, or the card,
// shall fill in.
void open_checksum(Bytes frame, const Parsed& parsed);

}  // namespace warren::net
