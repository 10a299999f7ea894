// SPDX-License-Identifier: BSD-3-Clause
#include "net/segmentation.h"

#include <algorithm>
#include <cstring>

#include "net/checksum.h"
#include "net/family.h"

namespace warren::net {
namespace {

constexpr std::uint8_t congestion_window_reduced = 0x80;

std::uint64_t pseudo_header(ConstBytes frame, const Parsed& parsed) {
    const std::size_t l3 = parsed.l3_offset;
    if (parsed.network == Network::ipv4) {
        const auto& ip = header_at<Ipv4Header>(frame, l3);
        return Ip4::pseudo_header(ip.source, ip.destination, parsed.protocol, parsed.l4_bytes());
    }
    const auto& ip = header_at<Ipv6Header>(frame, l3);
    return Ip6::pseudo_header(ip.source, ip.destination, parsed.protocol, parsed.l4_bytes());
}

Be16& checksum_field(Bytes frame, const Parsed& parsed) {
    return header_in<Be16>(frame, parsed.l4_offset + checksum_offset(parsed));
}

// The IP header of a segment of another length, `index` segments behind the one it was written for.
void resize_ip(Bytes frame, const Parsed& piece, std::size_t index) {
    const std::size_t bytes = piece.packet_end() - piece.l3_offset;
    if (piece.network == Network::ipv6) {
        header_in<Ipv6Header>(frame, piece.l3_offset).payload_length =
            Be16(static_cast<std::uint16_t>(bytes - sizeof(Ipv6Header)));
        return;
    }
    auto& ip = header_in<Ipv4Header>(frame, piece.l3_offset);
    ip.total_length = Be16(static_cast<std::uint16_t>(bytes));
    ip.identification = Be16(static_cast<std::uint16_t>(ip.identification.host() + index));
    ip.checksum = Be16(0);
    ip.checksum = internet_checksum(frame.subspan(piece.l3_offset, ip.header_bytes()));
}

bool is_same(ConstBytes a, ConstBytes b, std::size_t offset, std::size_t bytes) {
    return std::memcmp(a.data() + offset, b.data() + offset, bytes) == 0;
}

// Same link, addresses and everything else but lengths, identification and checksum. Only plain
// headers: options and extensions are rare.
bool has_same_ip(ConstBytes a, ConstBytes b, const Parsed& parsed) {
    const std::size_t l3 = parsed.l3_offset;
    if (parsed.network == Network::ipv4)
        return parsed.l4_offset - l3 == sizeof(Ipv4Header) && is_same(a, b, 0, l3 + 2) &&
               is_same(a, b, l3 + 6, 4) && is_same(a, b, l3 + 12, 8);
    return parsed.l4_offset - l3 == sizeof(Ipv6Header) && is_same(a, b, 0, l3 + 4) &&
           is_same(a, b, l3 + 6, 34);
}

}  // namespace

std::size_t checksum_offset(const Parsed& parsed) {
    return parsed.protocol == IpProtocol::tcp ? offsetof(TcpHeader, checksum)
                                              : offsetof(UdpHeader, checksum);
}

void fill_checksum(Bytes frame, const Parsed& parsed) {
    Be16& field = checksum_field(frame, parsed);
    field = Be16(0);
    field = checksum_of(add_to_sum(pseudo_header(frame, parsed),
                                   frame.subspan(parsed.l4_offset, parsed.l4_bytes())));
    if (parsed.protocol == IpProtocol::udp && field.raw() == 0) field = Be16(0xffff);
}

void open_checksum(Bytes frame, const Parsed& parsed) {
    checksum_field(frame, parsed) = Be16::from_raw(fold(pseudo_header(frame, parsed)));
}

bool continues(ConstBytes first, const Parsed& a, std::size_t bytes, ConstBytes next,
               const Parsed& b) {
    constexpr std::uint8_t may_end = tcp_flag::psh | tcp_flag::fin;
    const std::size_t l4 = a.l4_offset;
    return b.ok() && b.is_tcp() && b.fragment == Fragment::none && b.network == a.network &&
           b.l3_offset == a.l3_offset && b.l4_offset == a.l4_offset &&
           b.payload_offset == a.payload_offset && b.payload_bytes != 0 &&
           b.payload_bytes <= a.payload_bytes &&
           b.sequence == a.sequence + static_cast<std::uint32_t>(bytes) &&
           (b.tcp_flags & ~may_end) == tcp_flag::ack && has_same_ip(first, next, a) &&
           is_same(first, next, l4, 4) &&       // ports
           is_same(first, next, l4 + 8, 5) &&   // ACK, offset
           is_same(first, next, l4 + 14, 2) &&  // window
           is_same(first, next, l4 + sizeof(TcpHeader), a.payload_offset - l4 - sizeof(TcpHeader));
}

void extend_headers(Bytes frame, Parsed& parsed, std::size_t bytes) {
    parsed.payload_bytes = static_cast<std::uint16_t>(bytes);
    resize_ip(frame, parsed, 0);
    open_checksum(frame, parsed);
}

std::size_t write_piece(Bytes into, ConstBytes frame, const Parsed& parsed, std::size_t piece_bytes,
                        std::size_t index) {
    const std::size_t from = index * piece_bytes;
    const std::size_t payload = std::min(piece_bytes, parsed.payload_bytes - from);
    Parsed piece = parsed;
    piece.payload_bytes = static_cast<std::uint16_t>(payload);
    const std::size_t bytes = piece.packet_end();
    if (into.size() < bytes) return 0;
    const Bytes out = into.first(bytes);
    std::copy_n(frame.begin(), parsed.payload_offset, out.begin());
    std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(parsed.payload_offset + from), payload,
                out.begin() + parsed.payload_offset);
    resize_ip(out, piece, index);
    auto& tcp = header_in<TcpHeader>(out, parsed.l4_offset);
    tcp.sequence = Be32(parsed.sequence + static_cast<std::uint32_t>(from));
    if (from + payload < parsed.payload_bytes)
        tcp.flags &= static_cast<std::uint8_t>(~(tcp_flag::fin | tcp_flag::psh));
    if (index != 0) tcp.flags &= static_cast<std::uint8_t>(~congestion_window_reduced);
    fill_checksum(out, piece);
    return bytes;
}

}  // namespace warren::net
