// SPDX-License-Identifier: BSD-3-Clause
#include "reference.h"

#include <array>
#include <utility>

#include "net/bytes.h"
#include "net/headers.h"

namespace warren::bench {
namespace {

template <typename Header>
void turn_round(net::Bytes frame, std::size_t l3) {
    auto& ip = net::header_in<Header>(frame, l3);
    std::swap(ip.source, ip.destination);
    auto& tcp = net::header_in<net::TcpHeader>(frame, l3 + sizeof(Header));
    std::swap(tcp.source_port, tcp.destination_port);
}

}  // namespace

void Reference::change(rte_mbuf& mbuf) const {
    constexpr net::Be16 ipv4(static_cast<std::uint16_t>(net::EtherType::ipv4));
    constexpr net::Be16 ipv6(static_cast<std::uint16_t>(net::EtherType::ipv6));
    constexpr std::size_t l3 = sizeof(net::EthernetHeader);
    const net::Bytes frame{rte_pktmbuf_mtod(&mbuf, std::uint8_t*), mbuf.data_len};
    auto& ethernet = net::header_in<net::EthernetHeader>(frame, 0);
    std::swap(ethernet.source, ethernet.destination);
    if (mode_ != Mode::swap_all) return;
    if (ethernet.ether_type == ipv4)
        turn_round<net::Ipv4Header>(frame, l3);
    else if (ethernet.ether_type == ipv6)
        turn_round<net::Ipv6Header>(frame, l3);
}

unsigned Reference::poll_once() {
    std::array<rte_mbuf*, burst> frames;
    const unsigned count = port_.rx_burst(queue_, frames.data(), burst);
    if (mode_ != Mode::io) {
        for (unsigned i = 0; i < count; ++i)
            rte_prefetch0(rte_pktmbuf_mtod(frames[i], void*));
        for (unsigned i = 0; i < count; ++i)
            change(*frames[i]);
    }
    const unsigned sent = port_.tx_burst(queue_, frames.data(), static_cast<std::uint16_t>(count));
    for (unsigned i = sent; i < count; ++i)
        rte_pktmbuf_free(frames[i]);
    return count;
}

}  // namespace warren::bench
