// SPDX-License-Identifier: BSD-3-Clause
#include "net/parse.h"

#include "net/checksum.h"
#include "net/family.h"

namespace warren::net {
namespace {

constexpr int max_extension_headers = 8;

constexpr std::uint16_t u16(std::size_t value) {
    return static_cast<std::uint16_t>(value);
}

void parse_arp(Parsed& p, ConstBytes frame) {
    p.network = Network::arp;
    if (frame.size() < p.l3_offset + sizeof(ArpPacket)) {
        p.error = ParseError::truncated_arp;
        return;
    }
    const auto& arp = header_at<ArpPacket>(frame, p.l3_offset);
    const ArpPacket expected;
    const std::uint16_t operation = arp.operation.host();
    if (arp.hardware_type != expected.hardware_type ||
        arp.protocol_type != expected.protocol_type ||
        arp.hardware_bytes != expected.hardware_bytes ||
        arp.protocol_bytes != expected.protocol_bytes ||
        (operation != arp_request && operation != arp_reply)) {
        p.error = ParseError::bad_arp;
        return;
    }
    p.message_type = static_cast<std::uint8_t>(operation);
    p.source = IpAddress::v4(arp.sender_ip);
    p.destination = IpAddress::v4(arp.target_ip);
    p.l4_offset = p.payload_offset = u16(p.l3_offset + sizeof(ArpPacket));
}

ParseError parse_tcp(Parsed& p, ConstBytes frame, std::size_t end) {
    const std::size_t available = end - p.l4_offset;
    if (available < sizeof(TcpHeader)) return ParseError::truncated_tcp;
    const auto& tcp = header_at<TcpHeader>(frame, p.l4_offset);
    const std::size_t header = tcp.header_bytes();
    if (header < sizeof(TcpHeader) || header > available) return ParseError::bad_tcp_offset;
    p.source_port = tcp.source_port;
    p.destination_port = tcp.destination_port;
    p.sequence = tcp.sequence.host();
    p.acknowledgement = tcp.acknowledgement.host();
    p.tcp_flags = tcp.flags;
    p.payload_offset = u16(p.l4_offset + header);
    p.payload_bytes = u16(available - header);
    return ParseError::none;
}

ParseError parse_udp(Parsed& p, ConstBytes frame, std::size_t end) {
    const std::size_t available = end - p.l4_offset;
    if (available < sizeof(UdpHeader)) return ParseError::truncated_udp;
    const auto& udp = header_at<UdpHeader>(frame, p.l4_offset);
    const std::size_t length = udp.length.host();
    const bool whole = p.fragment == Fragment::none;
    if (length < sizeof(UdpHeader) || (whole && length > available))
        return ParseError::bad_udp_length;
    p.source_port = udp.source_port;
    p.destination_port = udp.destination_port;
    p.payload_offset = u16(p.l4_offset + sizeof(UdpHeader));
    p.payload_bytes = u16((length < available ? length : available) - sizeof(UdpHeader));
    return ParseError::none;
}

ParseError parse_icmp(Parsed& p, ConstBytes frame, std::size_t end) {
    const std::size_t available = end - p.l4_offset;
    if (available < sizeof(IcmpHeader)) return ParseError::truncated_icmp;
    const auto& icmp = header_at<IcmpHeader>(frame, p.l4_offset);
    p.message_type = icmp.type;
    p.message_code = icmp.code;
    p.payload_offset = u16(p.l4_offset + sizeof(IcmpHeader));
    p.payload_bytes = u16(available - sizeof(IcmpHeader));
    return ParseError::none;
}

// `end`: first byte behind the IP packet, within the frame and not before l4_offset.
void parse_l4(Parsed& p, ConstBytes frame, std::size_t end) {
    p.payload_offset = p.l4_offset;
    p.payload_bytes = u16(end - p.l4_offset);
    if (p.fragment == Fragment::later) return;
    if (p.protocol == IpProtocol::tcp) [[likely]]
        p.error = parse_tcp(p, frame, end);
    else if (p.protocol == IpProtocol::udp)
        p.error = parse_udp(p, frame, end);
    else if (p.is_icmp())
        p.error = parse_icmp(p, frame, end);
}

// RFC 1122 3.2.1.3: no loopback, and no group or broadcast as a source.
constexpr bool are_addresses_bad(Be32 source, Be32 destination) {
    const std::uint32_t from = source.host();
    return from >> 28 == 14 || from == 0xffffffff || from >> 24 == 127 ||
           destination.host() >> 24 == 127;
}

// RFC 4291 2.5.3, 2.7; and no mapped IPv4 address (RFC 4038 4.2), which we would take for IPv4.
constexpr bool are_addresses_bad(const IpAddress& source, const IpAddress& destination) {
    constexpr IpAddress loopback = IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    return source.bytes()[0] == 0xff || source.is_v4() || destination.is_v4() ||
           source == loopback || destination == loopback;
}

// Nearly every header is 20 bytes: a constant length makes the sum five loads instead of a loop.
bool is_header_checksum_valid(ConstBytes header) {
    return header.size() == sizeof(Ipv4Header)
               ? is_checksum_valid(ConstBytes(header.data(), sizeof(Ipv4Header)))
               : is_checksum_valid(header);
}

ParseError parse_ipv4(Parsed& p, ConstBytes frame, IpChecksum ip_checksum) {
    p.network = Network::ipv4;
    const std::size_t available = frame.size() - p.l3_offset;
    if (available < sizeof(Ipv4Header)) return ParseError::truncated_ip;
    const auto& ip = header_at<Ipv4Header>(frame, p.l3_offset);
    if (ip.version() != 4) return ParseError::bad_ip_version;
    const std::size_t header = ip.header_bytes();
    if (header < sizeof(Ipv4Header)) return ParseError::bad_ip_header_length;
    if (header > available) return ParseError::truncated_ip;
    if (ip_checksum == IpChecksum::verify &&
        !is_header_checksum_valid(frame.subspan(p.l3_offset, header)))
        return ParseError::bad_ip_checksum;
    const std::size_t total = ip.total_length.host();
    if (total < header) return ParseError::bad_total_length;
    if (total > available) return ParseError::truncated_ip;
    if (are_addresses_bad(ip.source, ip.destination)) return ParseError::bad_address;
    p.source = IpAddress::v4(ip.source);
    p.destination = IpAddress::v4(ip.destination);
    p.protocol = ip.protocol;
    const unsigned fragment = ip.fragment.host();
    if ((fragment & Ipv4Header::offset_mask) != 0)
        p.fragment = Fragment::later;
    else if ((fragment & Ipv4Header::more_fragments) != 0)
        p.fragment = Fragment::first;
    p.l4_offset = u16(p.l3_offset + header);
    parse_l4(p, frame, p.l3_offset + total);
    return p.error;
}

// RFC 8200 4: walks to the upper layer header; AH and ESP count as one. Stops behind the header of
// a later fragment, as what follows is not a header.
ParseError skip_extension_headers(Parsed& p, ConstBytes frame, std::size_t end) {
    for (int i = 0; i <= max_extension_headers; ++i) {
        const std::size_t available = end - p.l4_offset;
        std::size_t bytes = 8;
        switch (p.protocol) {
            case IpProtocol::hop_by_hop:
            case IpProtocol::routing:
            case IpProtocol::destination_options:
                if (available < 8) return ParseError::bad_extension_header;
                // RFC 8200 4.4: a route that goes on elsewhere, of a kind that nobody here knows.
                if (p.protocol == IpProtocol::routing && frame[p.l4_offset + 3U] != 0)
                    return ParseError::bad_extension_header;
                bytes = (std::size_t{frame[p.l4_offset + 1U]} + 1) * 8;
                break;
            case IpProtocol::fragment: {
                if (available < 8) return ParseError::bad_extension_header;
                const auto& fragment = header_at<Ipv6FragmentHeader>(frame, p.l4_offset);
                const unsigned offset_and_more = fragment.offset_and_more.host();
                if ((offset_and_more & 0xfff8) != 0)
                    p.fragment = Fragment::later;
                else if ((offset_and_more & 1) != 0)
                    p.fragment = Fragment::first;
                break;
            }
            default:
                return ParseError::none;
        }
        if (bytes > available) return ParseError::bad_extension_header;
        p.protocol = static_cast<IpProtocol>(frame[p.l4_offset]);
        p.l4_offset = u16(p.l4_offset + bytes);
        if (p.fragment == Fragment::later) return ParseError::none;
    }
    return ParseError::bad_extension_header;
}

ParseError parse_ipv6(Parsed& p, ConstBytes frame) {
    p.network = Network::ipv6;
    const std::size_t available = frame.size() - p.l3_offset;
    if (available < sizeof(Ipv6Header)) return ParseError::truncated_ip;
    const auto& ip = header_at<Ipv6Header>(frame, p.l3_offset);
    if (ip.version() != 6) return ParseError::bad_ip_version;
    const std::size_t total = sizeof(Ipv6Header) + ip.payload_length.host();
    if (total > available) return ParseError::truncated_ip;
    p.source = IpAddress::v6(ip.source);
    p.destination = IpAddress::v6(ip.destination);
    if (are_addresses_bad(p.source, p.destination)) return ParseError::bad_address;
    p.protocol = ip.next_header;
    p.l4_offset = u16(p.l3_offset + sizeof(Ipv6Header));
    const std::size_t end = p.l3_offset + total;
    const ParseError error = skip_extension_headers(p, frame, end);
    if (error != ParseError::none) return error;
    parse_l4(p, frame, end);
    return p.error;
}

bool quote_ipv4(Parsed& quoted, ConstBytes frame, std::size_t end) {
    if (end - quoted.l3_offset < sizeof(Ipv4Header)) return false;
    const auto& ip = header_at<Ipv4Header>(frame, quoted.l3_offset);
    const std::size_t header = ip.header_bytes();
    if (ip.version() != 4 || header < sizeof(Ipv4Header) || header > end - quoted.l3_offset)
        return false;
    if ((ip.fragment.host() & Ipv4Header::offset_mask) != 0) return false;
    quoted.source = IpAddress::v4(ip.source);
    quoted.destination = IpAddress::v4(ip.destination);
    quoted.protocol = ip.protocol;
    quoted.l4_offset = u16(quoted.l3_offset + header);
    return true;
}

bool quote_ipv6(Parsed& quoted, ConstBytes frame, std::size_t end) {
    if (end - quoted.l3_offset < sizeof(Ipv6Header)) return false;
    const auto& ip = header_at<Ipv6Header>(frame, quoted.l3_offset);
    quoted.source = IpAddress::v6(ip.source);
    quoted.destination = IpAddress::v6(ip.destination);
    if (ip.version() != 6 || quoted.source.is_v4() || quoted.destination.is_v4()) return false;
    quoted.protocol = ip.next_header;
    quoted.l4_offset = u16(quoted.l3_offset + sizeof(Ipv6Header));
    return skip_extension_headers(quoted, frame, end) == ParseError::none &&
           quoted.fragment != Fragment::later;
}

}  // namespace

std::string_view name(ParseError error) {
    static constexpr std::array<std::string_view, parse_error_count> names = {
        "none",
        "truncated_ethernet",
        "truncated_vlan",
        "truncated_arp",
        "bad_arp",
        "truncated_ip",
        "bad_ip_version",
        "bad_ip_header_length",
        "bad_ip_checksum",
        "bad_total_length",
        "bad_address",
        "bad_extension_header",
        "truncated_tcp",
        "bad_tcp_offset",
        "truncated_udp",
        "bad_udp_length",
        "truncated_icmp",
    };
    return names[static_cast<std::size_t>(error)];
}

Parsed parse(ConstBytes frame, IpChecksum ip_checksum) {
    Parsed p;
    if (frame.size() < sizeof(EthernetHeader)) {
        p.error = ParseError::truncated_ethernet;
        return p;
    }
    auto type = static_cast<EtherType>(header_at<EthernetHeader>(frame, 0).ether_type.host());
    std::size_t offset = sizeof(EthernetHeader);
    while ((type == EtherType::vlan || type == EtherType::service_vlan) && p.tag_count < 2) {
        if (frame.size() < offset + sizeof(VlanTag)) {
            p.error = ParseError::truncated_vlan;
            return p;
        }
        const auto& tag = header_at<VlanTag>(frame, offset);
        p.tags[p.tag_count++] = tag.control;
        type = static_cast<EtherType>(tag.ether_type.host());
        offset += sizeof(VlanTag);
    }
    p.l3_offset = p.l4_offset = p.payload_offset = u16(offset);
    if (type == EtherType::ipv4) [[likely]]
        p.error = parse_ipv4(p, frame, ip_checksum);
    else if (type == EtherType::ipv6)
        p.error = parse_ipv6(p, frame);
    else if (type == EtherType::arp)
        parse_arp(p, frame);
    return p;
}

bool is_icmp_error(const Parsed& message) {
    if (!message.is_icmp()) return false;
    if (message.network == Network::ipv6) return message.message_type < 128;  // RFC 4443 2.1
    return message.message_type == icmp_type::unreachable ||
           message.message_type == icmp_type::time_exceeded ||
           message.message_type == icmp_type::parameter_problem;
}

Parsed parse_quoted(ConstBytes frame, const Parsed& message) {
    constexpr std::size_t quoted_l4_bytes = 8;  // RFC 792
    if (!is_icmp_error(message)) return {};
    const std::size_t end = message.packet_end();
    Parsed quoted;
    quoted.l3_offset = message.payload_offset;
    const bool readable = message.network == Network::ipv4 ? quote_ipv4(quoted, frame, end)
                                                           : quote_ipv6(quoted, frame, end);
    if (!readable || end - quoted.l4_offset < quoted_l4_bytes) return {};
    quoted.network = message.network;
    if (quoted.protocol == IpProtocol::tcp || quoted.protocol == IpProtocol::udp) {
        quoted.source_port = load<Be16>(frame, quoted.l4_offset);
        quoted.destination_port = load<Be16>(frame, quoted.l4_offset + 2U);
    }
    if (quoted.protocol == IpProtocol::tcp)
        quoted.sequence = load<Be32>(frame, quoted.l4_offset + 4U).host();
    return quoted;
}

bool is_l4_checksum_valid(ConstBytes frame, const Parsed& p) {
    const ConstBytes l4 = frame.subspan(p.l4_offset, p.l4_bytes());
    const bool four = p.network == Network::ipv4;
    if (four && p.protocol == IpProtocol::icmp) return is_checksum_valid(l4);
    if (p.protocol == IpProtocol::udp && header_at<UdpHeader>(l4, 0).checksum.raw() == 0)
        return four;
    return is_checksum_valid(
        l4,
        four ? pseudo_header_sum(p.source.as_v4(), p.destination.as_v4(), p.protocol, l4.size())
             : pseudo_header_sum(p.source.bytes(), p.destination.bytes(), p.protocol, l4.size()));
}

}  // namespace warren::net
