// SPDX-License-Identifier: BSD-3-Clause
#include "net/segmentation.h"

#include <algorithm>

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

void shorten_ip(Bytes frame, const Parsed& piece, std::size_t index) {
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
    shorten_ip(out, piece, index);
    auto& tcp = header_in<TcpHeader>(out, parsed.l4_offset);
    tcp.sequence = Be32(parsed.sequence + static_cast<std::uint32_t>(from));
    if (from + payload < parsed.payload_bytes)
        tcp.flags &= static_cast<std::uint8_t>(~(tcp_flag::fin | tcp_flag::psh));
    if (index != 0) tcp.flags &= static_cast<std::uint8_t>(~congestion_window_reduced);
    fill_checksum(out, piece);
    return bytes;
}

}  // namespace warren::net
