// SPDX-License-Identifier: BSD-3-Clause
#include "net/build.h"

#include <algorithm>
#include <array>

namespace warren::net {
namespace {

constexpr std::uint8_t own_hop_limit = 64;
constexpr std::size_t max_l4_bytes = 65535 - sizeof(Ipv4Header);

constexpr std::size_t link_bytes(const Link& link) {
    return sizeof(EthernetHeader) + (link.vlan_id != 0 ? sizeof(VlanTag) : 0);
}

constexpr Be16 wire(EtherType type) {
    return Be16(static_cast<std::uint16_t>(type));
}

// The caller has checked that link_bytes(link) fit.
void write_link(Bytes out, const Link& link, EtherType type) {
    const bool tagged = link.vlan_id != 0;
    store(out, 0,
          EthernetHeader{link.destination, link.source, wire(tagged ? EtherType::vlan : type)});
    if (tagged) store(out, sizeof(EthernetHeader), VlanTag{Be16(link.vlan_id), wire(type)});
}

std::size_t build_arp(Bytes out, const Link& link, const ArpPacket& packet) {
    const std::size_t l3_offset = link_bytes(link);
    if (out.size() < l3_offset + sizeof(packet)) return 0;
    write_link(out, link, EtherType::arp);
    store(out, l3_offset, packet);
    return l3_offset + sizeof(packet);
}

ArpPacket arp_packet(std::uint16_t operation, const MacAddress& sender_mac, Be32 sender,
                     const MacAddress& target_mac, Be32 target) {
    ArpPacket packet;
    packet.operation = Be16(operation);
    packet.sender_mac = sender_mac;
    packet.sender_ip = sender;
    packet.target_mac = target_mac;
    packet.target_ip = target;
    return packet;
}

// IP and TCP header, options and payload from the start of `l3`; returns the bytes written or 0.
template <typename Family>
std::size_t write_tcp(Bytes l3, const TcpSegment& s) {
    const std::size_t header = sizeof(TcpHeader) + s.options.size();
    const std::size_t l4_bytes = header + s.payload.size();
    if (s.options.size() % 4 != 0 || s.options.size() > 40 || l4_bytes > max_l4_bytes) return 0;
    if (l3.size() < Family::header_bytes + l4_bytes) return 0;
    IpFields<typename Family::Address> fields;
    fields.source = Family::narrow(s.source);
    fields.destination = Family::narrow(s.destination);
    fields.protocol = IpProtocol::tcp;
    fields.hop_limit = own_hop_limit;
    fields.l4_bytes = static_cast<std::uint16_t>(l4_bytes);
    Family::write(header_in<typename Family::Header>(l3, 0), fields);

    const Bytes l4 = l3.subspan(Family::header_bytes, l4_bytes);
    TcpHeader tcp;
    tcp.source_port = s.source_port;
    tcp.destination_port = s.destination_port;
    tcp.sequence = Be32(s.sequence);
    tcp.acknowledgement = Be32(s.acknowledgement);
    tcp.offset_and_reserved = static_cast<std::uint8_t>(header / 4 << 4);
    tcp.flags = s.flags;
    tcp.window = Be16(s.window);
    store(l4, 0, tcp);
    std::ranges::copy(s.options, l4.begin() + sizeof(TcpHeader));
    std::ranges::copy(s.payload, l4.begin() + static_cast<std::ptrdiff_t>(header));
    header_in<TcpHeader>(l4, 0).checksum = checksum_of(add_to_sum(
        Family::pseudo_header(fields.source, fields.destination, IpProtocol::tcp, l4_bytes), l4));
    return Family::header_bytes + l4_bytes;
}

std::size_t write_tcp_of_family(Bytes l3, const TcpSegment& s) {
    return s.source.is_v4() ? write_tcp<Ip4>(l3, s) : write_tcp<Ip6>(l3, s);
}

template <typename Family>
void turn_echo(Bytes frame, const Parsed& request) {
    auto& ip = header_in<typename Family::Header>(frame, request.l3_offset);
    Family::swap_addresses(ip);
    Family::set_hop_limit(ip, own_hop_limit);
    if (request.fragment == Fragment::later) return;
    auto& icmp = header_in<IcmpHeader>(frame, request.l4_offset);
    ChecksumDelta delta;  // ICMPv6's pseudo header sums alike after the swap
    delta.replace_byte(0, icmp.type, Family::echo_reply);
    icmp.type = Family::echo_reply;
    icmp.checksum = delta.apply(icmp.checksum);
}

void send_back(EthernetHeader& ethernet, const MacAddress& own) {
    ethernet.destination = ethernet.source;
    ethernet.source = own;
}

}  // namespace

std::size_t build_gratuitous_arp(Bytes out, const MacAddress& source, Be32 address,
                                 std::uint16_t vlan_id) {
    return build_arp(out, Link{source, broadcast_mac, vlan_id},
                     arp_packet(arp_request, source, address, broadcast_mac, address));
}

std::size_t build_unsolicited_advertisement(Bytes out, const MacAddress& source,
                                            const IpAddress& address, std::uint16_t vlan_id) {
    constexpr std::uint8_t router_and_override = 0xa0;
    std::array<std::uint8_t, 32> message{icmpv6_type::neighbour_advertisement, 0, 0, 0,
                                         router_and_override};
    std::ranges::copy(address.bytes(), message.begin() + 8);
    message[24] = 2;  // option: target link-layer address, one unit of 8 bytes
    message[25] = 1;
    std::ranges::copy(source.bytes, message.begin() + 26);
    IpFields<Ipv6Bytes> fields;
    fields.source = address.bytes();
    fields.destination = all_nodes;
    fields.protocol = IpProtocol::icmpv6;
    fields.hop_limit = 255;
    const Be16 checksum = checksum_of(add_to_sum(
        Ip6::pseudo_header(fields.source, all_nodes, IpProtocol::icmpv6, message.size()), message));
    store(Bytes(message), 2, checksum);
    return build_ip<Ip6>(out, Link{source, all_nodes_mac, vlan_id}, fields, message);
}

std::size_t arp_reply_in_place(Bytes frame, const Parsed& request, const MacAddress& own) {
    auto& ethernet = header_in<EthernetHeader>(frame, 0);
    auto& arp = header_in<ArpPacket>(frame, request.l3_offset);
    send_back(ethernet, own);
    arp = arp_packet(arp_reply, own, arp.target_ip, arp.sender_mac, arp.sender_ip);
    return request.l3_offset + sizeof(ArpPacket);
}

std::size_t echo_reply_in_place(Bytes frame, const Parsed& request, const MacAddress& own) {
    send_back(header_in<EthernetHeader>(frame, 0), own);
    if (request.network == Network::ipv4)
        turn_echo<Ip4>(frame, request);
    else
        turn_echo<Ip6>(frame, request);
    return request.packet_end();
}

std::size_t build_tcp(Bytes out, const Link& link, const TcpSegment& segment) {
    const bool four = segment.source.is_v4();
    const std::size_t l3_offset = link_bytes(link);
    if (segment.destination.is_v4() != four || out.size() < l3_offset) return 0;
    const std::size_t l3_bytes = write_tcp_of_family(out.subspan(l3_offset), segment);
    if (l3_bytes == 0) return 0;
    write_link(out, link, four ? EtherType::ipv4 : EtherType::ipv6);
    return l3_offset + l3_bytes;
}

std::size_t build_reset_reply(Bytes out, ConstBytes received, const Parsed& segment) {
    if ((segment.tcp_flags & tcp_flag::rst) != 0 || out.size() < segment.l3_offset) return 0;
    TcpSegment reset;
    reset.source = segment.destination;
    reset.destination = segment.source;
    reset.source_port = segment.destination_port;
    reset.destination_port = segment.source_port;
    if ((segment.tcp_flags & tcp_flag::ack) != 0) {
        reset.sequence = segment.acknowledgement;
        reset.flags = tcp_flag::rst;
    } else {
        reset.acknowledgement = segment.sequence + segment.segment_length();
        reset.flags = tcp_flag::rst | tcp_flag::ack;
    }
    const std::size_t l3_bytes = write_tcp_of_family(out.subspan(segment.l3_offset), reset);
    if (l3_bytes == 0) return 0;
    std::memmove(out.data(), received.data(), segment.l3_offset);
    auto& ethernet = header_in<EthernetHeader>(out, 0);
    std::swap(ethernet.source, ethernet.destination);
    return segment.l3_offset + l3_bytes;
}

template <typename Family>
std::size_t build_ip(Bytes out, const Link& link, IpFields<typename Family::Address> fields,
                     ConstBytes l4) {
    const std::size_t l3_offset = link_bytes(link);
    const std::size_t l4_offset = l3_offset + Family::header_bytes;
    if (l4.size() > max_l4_bytes || out.size() < l4_offset + l4.size()) return 0;
    fields.l4_bytes = static_cast<std::uint16_t>(l4.size());
    write_link(out, link, Family::ether_type);
    Family::write(header_in<typename Family::Header>(out, l3_offset), fields);
    std::ranges::copy(l4, out.begin() + static_cast<std::ptrdiff_t>(l4_offset));
    return l4_offset + l4.size();
}

template std::size_t build_ip<Ip4>(Bytes, const Link&, IpFields<Be32>, ConstBytes);
template std::size_t build_ip<Ip6>(Bytes, const Link&, IpFields<Ipv6Bytes>, ConstBytes);

}  // namespace warren::net
