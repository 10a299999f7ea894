// SPDX-License-Identifier: BSD-3-Clause
// Which frames may take the fast path: Ethernet, an IP header without options, and a whole TCP
// segment that acknowledges and neither opens nor resets a connection.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flow/tuple_words.h"
#include "net/family.h"
#include "net/headers.h"

namespace warren::fast_path {

template <typename Family>
inline constexpr bool is_v4 = std::is_same_v<Family, net::Ip4>;

// Family is net::Ip4 or net::Ip6.
template <typename Family>
struct Frame {
    net::EthernetHeader ethernet;
    typename Family::Header ip;
    net::TcpHeader tcp;

    std::size_t ip_bytes() const { return Family::packet_bytes(ip); }
    std::size_t l4_bytes() const { return ip_bytes() - Family::header_bytes; }
    auto tuple() const {
        static_assert(offsetof(net::TcpHeader, destination_port) == sizeof(net::Be16));
        const auto ports = flow::word_at<std::uint32_t>(&tcp);
        if constexpr (is_v4<Family>) {
            constexpr std::size_t source = offsetof(net::Ipv4Header, source);
            static_assert(offsetof(net::Ipv4Header, destination) == source + sizeof(net::Be32));
            const auto* header = reinterpret_cast<const std::uint8_t*>(&ip);
            return flow::TupleWords4{flow::word_at<std::uint64_t>(header + source), ports};
        } else {
            return flow::TupleWords6{flow::words_of(ip.source), flow::words_of(ip.destination),
                                     ports};
        }
    }
};

template <typename Family>
Frame<Family>& frame_of(const rte_mbuf& mbuf) {
    return *rte_pktmbuf_mtod(&mbuf, Frame<Family>*);
}

// EtherType, version and IHL: the family, and that an IPv4 header has no options. Reads in bounds
// of the mbuf even where the frame is shorter.
inline std::uint32_t ether_type_and_version(const rte_mbuf& mbuf) {
    return flow::word_at<std::uint32_t>(
        &rte_pktmbuf_mtod(&mbuf, const net::EthernetHeader*)->ether_type);
}
template <typename Family>
bool is_family(std::uint32_t word) {
    constexpr net::Be32 version(is_v4<Family> ? 0x4500U : 0x6000U);
    constexpr net::Be32 type(static_cast<std::uint32_t>(Family::ether_type) << 16);
    constexpr net::Be32 mask(is_v4<Family> ? 0xffffff00U : 0xfffff000U);
    return (word & mask.raw()) == (type.raw() | version.raw());
}

// No fragment, and TTL above 1.
inline bool is_plain(const net::Ipv4Header& ip) {
    constexpr net::Be16 parts(net::Ipv4Header::more_fragments | net::Ipv4Header::offset_mask);
    return (ip.fragment.raw() & parts.raw()) == 0 && ip.protocol == net::IpProtocol::tcp &&
           ip.time_to_live > 1;
}
inline bool is_plain(const net::Ipv6Header& ip) {
    return ip.next_header == net::IpProtocol::tcp && ip.hop_limit > 1;
}

inline bool is_plain(const net::TcpHeader& tcp) {
    using namespace net::tcp_flag;
    return (tcp.flags & (syn | rst | ack)) == ack;
}
inline bool has_fin(const net::TcpHeader& tcp) {
    return (tcp.flags & net::tcp_flag::fin) != 0;
}
inline bool has_options(const net::TcpHeader& tcp) {
    constexpr std::uint8_t none = sizeof(net::TcpHeader) / 4 << 4 | 0x0f;
    return tcp.offset_and_reserved > none;
}

// An unspecified source, in IPv6 also IPv4's.
inline bool is_nobody(net::Be32 source) {
    return source.raw() == 0;
}
inline bool is_nobody(const net::Ipv6Bytes& source) {
    const flow::AddressWords words = flow::words_of(source);
    return words[0] == 0 && (words[1] == 0 || words[1] == flow::words_of(net::Be32(0))[1]);
}

// No VLAN, no LRO, and TCP's checksum neither wrong nor left for the NIC to fill in.
inline bool is_plain(const rte_mbuf& mbuf) {
    static_assert((RTE_MBUF_F_RX_L4_CKSUM_NONE & RTE_MBUF_F_RX_L4_CKSUM_BAD) != 0);
    constexpr std::uint64_t odd =
        RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_BAD;
    return (mbuf.ol_flags & odd) == 0;
}

// Of a frame that is_family(). Sets the lengths of the IP packet and of TCP's payload if plain.
template <typename Family>
[[gnu::always_inline]] inline bool is_plain_frame(const rte_mbuf& mbuf, std::uint32_t& ip_bytes,
                                                  std::uint32_t& payload_bytes) {
    const Frame<Family>& frame = frame_of<Family>(mbuf);
    // Branches that are nearly never taken cost fewer instructions than combining the conditions.
    if (mbuf.data_len < sizeof(frame) || !is_plain(mbuf) || !is_plain(frame.ip) ||
        !is_plain(frame.tcp))
        return false;
    const auto tcp_bytes = static_cast<std::uint32_t>(frame.tcp.header_bytes());
    const auto packet_bytes = static_cast<std::uint32_t>(frame.ip_bytes());
    const auto payload = static_cast<std::int32_t>(packet_bytes - tcp_bytes) -
                         static_cast<std::int32_t>(Family::header_bytes);
    if (tcp_bytes < sizeof(frame.tcp) || payload < 0 ||
        std::uint32_t{sizeof(frame.ethernet)} + packet_bytes > mbuf.data_len)
        return false;
    ip_bytes = packet_bytes;
    payload_bytes = static_cast<std::uint32_t>(payload);
    return true;
}

// In software, what the NIC has not verified. Noted in the mbuf for a worker that the frame may be
// handed off to.
template <typename Family>
[[gnu::noinline]] bool verify_checksums(rte_mbuf& mbuf) {
    const Frame<Family>& frame = frame_of<Family>(mbuf);
    if constexpr (is_v4<Family>) {
        const auto* header = reinterpret_cast<const std::uint8_t*>(&frame.ip);
        if (!net::is_checksum_valid({header, sizeof(frame.ip)})) return false;
    }
    if ((mbuf.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD) return true;
    const std::size_t bytes = frame.l4_bytes();
    if (!net::is_checksum_valid({reinterpret_cast<const std::uint8_t*>(&frame.tcp), bytes},
                                Family::pseudo_header(frame.ip.source, frame.ip.destination,
                                                      net::IpProtocol::tcp, bytes)))
        return false;
    mbuf.ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    return true;
}

// As the NIC says, else in software.
template <typename Family>
bool are_checksums_valid(rte_mbuf& mbuf) {
    constexpr std::uint64_t ip = is_v4<Family> ? RTE_MBUF_F_RX_IP_CKSUM_MASK : 0;
    constexpr std::uint64_t ip_good = is_v4<Family> ? RTE_MBUF_F_RX_IP_CKSUM_GOOD : 0;
    return (mbuf.ol_flags & (ip | RTE_MBUF_F_RX_L4_CKSUM_MASK)) ==
               (ip_good | RTE_MBUF_F_RX_L4_CKSUM_GOOD) ||
           verify_checksums<Family>(mbuf);
}

}  // namespace warren::fast_path
