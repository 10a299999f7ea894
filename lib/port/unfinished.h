// SPDX-License-Identifier: BSD-3-Clause
// Frames that came unfinished (packet_socket.h): a checksum left open, several segments in one.
// What has to send them where nobody else will finish them does it in software.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "net/parse.h"
#include "net/segmentation.h"

namespace warren::port {

// A superframe of more pieces is lost: nobody sends segments so small in such numbers.
inline constexpr std::size_t most_pieces = 512;

inline bool is_unfinished(const rte_mbuf& frame) {
    return (frame.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;
}
// Several segments in one; always unfinished.
inline bool is_large(const rte_mbuf& frame) {
    return (frame.ol_flags & RTE_MBUF_F_RX_LRO) != 0;
}
// It says nothing unfinished any more, for it is another frame now.
inline void set_finished(rte_mbuf& frame) {
    frame.ol_flags &= ~(RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_LRO);
    frame.ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

void finish_checksum(rte_mbuf& frame);

// Calls take(rte_mbuf*) with each piece of a large frame in order, a frame of its own from `pool`,
// or null where there was no buffer. The frame itself stays. Returns how many pieces there were.
template <typename Take>
std::size_t for_each_piece(const rte_mbuf& frame, const net::Parsed& parsed, rte_mempool* pool,
                           Take&& take) {
    const net::ConstBytes whole{rte_pktmbuf_mtod(&frame, const std::uint8_t*),
                                rte_pktmbuf_data_len(&frame)};
    const std::size_t count = net::pieces_of(parsed, frame.tso_segsz);
    if (count > most_pieces) return 0;
    for (std::size_t i = 0; i < count; ++i) {
        rte_mbuf* piece = rte_pktmbuf_alloc(pool);
        if (piece != nullptr) {
            const std::size_t bytes = net::write_piece(
                {rte_pktmbuf_mtod(piece, std::uint8_t*), rte_pktmbuf_tailroom(piece)}, whole,
                parsed, frame.tso_segsz, i);
            piece->data_len = static_cast<std::uint16_t>(bytes);
            piece->pkt_len = static_cast<std::uint32_t>(bytes);
            piece->port = frame.port;
            if (bytes == 0) {
                rte_pktmbuf_free(piece);
                piece = nullptr;
            }
        }
        take(piece);
    }
    return count;
}

}  // namespace warren::port
