// SPDX-License-Identifier: BSD-3-Clause
#include "port/unfinished.h"

namespace warren::port {

void finish_checksum(rte_mbuf& frame) {
    const net::Bytes bytes{rte_pktmbuf_mtod(&frame, std::uint8_t*), rte_pktmbuf_data_len(&frame)};
    const net::Parsed parsed = net::parse(bytes, net::IpChecksum::verified);
    const bool has_sum =
        parsed.ok() && parsed.fragment == net::Fragment::none &&
        (parsed.is_tcp() || (parsed.is_ip() && parsed.protocol == net::IpProtocol::udp));
    if (has_sum) net::fill_checksum(bytes, parsed);
    set_finished(frame);
}

}  // namespace warren::port
