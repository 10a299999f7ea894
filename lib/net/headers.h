// SPDX-License-Identifier: BSD-3-Clause
// Headers as they lie on the wire: plain structs of alignment 1, seen in a frame with header_at<T>.
// Ethernet (IEEE 802.3, 802.1Q), ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), ICMP (RFC 792,
// 4443), TCP (RFC 9293), UDP (RFC 768).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/address.h"
#include "net/bytes.h"

namespace warren::net {

enum class EtherType : std::uint16_t {
    ipv4 = 0x0800,
    arp = 0x0806,
    vlan = 0x8100,  // 802.1Q
    ipv6 = 0x86dd,
    service_vlan = 0x88a8,  // 802.1ad, the outer tag of two
};

enum class IpProtocol : std::uint8_t {
    hop_by_hop = 0,
    icmp = 1,
    ipv4 = 4,  // in IP: RFC 2003, RFC 2473
    tcp = 6,
    udp = 17,
    ipv6 = 41,  // in IP: RFC 4213, RFC 2473
    routing = 43,
    fragment = 44,
    ah = 51,
    icmpv6 = 58,
    no_next_header = 59,
    destination_options = 60,
    vrrp = 112,
};

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
inline constexpr std::uint8_t urg = 0x20;
}  // namespace tcp_flag

namespace icmp_type {
inline constexpr std::uint8_t echo_reply = 0;
inline constexpr std::uint8_t unreachable = 3;
inline constexpr std::uint8_t echo_request = 8;
inline constexpr std::uint8_t time_exceeded = 11;
inline constexpr std::uint8_t parameter_problem = 12;
}  // namespace icmp_type

namespace icmpv6_type {
inline constexpr std::uint8_t unreachable = 1;
inline constexpr std::uint8_t packet_too_big = 2;
inline constexpr std::uint8_t time_exceeded = 3;
inline constexpr std::uint8_t parameter_problem = 4;
inline constexpr std::uint8_t echo_request = 128;
inline constexpr std::uint8_t echo_reply = 129;
inline constexpr std::uint8_t neighbour_solicitation = 135;
inline constexpr std::uint8_t neighbour_advertisement = 136;
}  // namespace icmpv6_type

inline constexpr std::uint16_t arp_request = 1;
inline constexpr std::uint16_t arp_reply = 2;

struct EthernetHeader {
    MacAddress destination;
    MacAddress source;
    Be16 ether_type;
};
static_assert(sizeof(EthernetHeader) == 14);

struct VlanTag {
    Be16 control;  // priority 3 bits, drop eligible 1, VLAN id 12
    Be16 ether_type;

    constexpr std::uint16_t vlan_id() const { return control.host() & 0x0fff; }
};
static_assert(sizeof(VlanTag) == 4);

struct ArpPacket {
    Be16 hardware_type{1};
    Be16 protocol_type{static_cast<std::uint16_t>(EtherType::ipv4)};
    std::uint8_t hardware_bytes = 6;
    std::uint8_t protocol_bytes = 4;
    Be16 operation;
    MacAddress sender_mac;
    Be32 sender_ip;
    MacAddress target_mac;
    Be32 target_ip;
};
static_assert(sizeof(ArpPacket) == 28);

struct Ipv4Header {
    std::uint8_t version_and_length = 0x45;
    std::uint8_t type_of_service = 0;
    Be16 total_length;
    Be16 identification;
    Be16 fragment;  // flags 3 bits, offset 13 bits in units of 8 bytes
    std::uint8_t time_to_live = 0;
    IpProtocol protocol{};
    Be16 checksum;
    Be32 source;
    Be32 destination;

    static constexpr std::uint16_t dont_fragment = 0x4000;
    static constexpr std::uint16_t more_fragments = 0x2000;
    static constexpr std::uint16_t offset_mask = 0x1fff;

    constexpr unsigned version() const { return version_and_length >> 4; }
    constexpr std::size_t header_bytes() const { return (version_and_length & 0x0fU) * 4; }
};
static_assert(sizeof(Ipv4Header) == 20);

using Ipv6Bytes = std::array<std::uint8_t, 16>;

// RFC 4291 2.7.1 and RFC 2464 7.
inline constexpr Ipv6Bytes all_nodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01};
inline constexpr MacAddress all_nodes_mac{{0x33, 0x33, 0x00, 0x00, 0x00, 0x01}};

struct Ipv6Header {
    Be32 version_class_flow{0x60000000};  // version 4 bits, traffic class 8, flow label 20
    Be16 payload_length;
    IpProtocol next_header{};
    std::uint8_t hop_limit = 0;
    Ipv6Bytes source{};
    Ipv6Bytes destination{};

    constexpr unsigned version() const { return version_class_flow.host() >> 28; }
};
static_assert(sizeof(Ipv6Header) == 40);

struct Ipv6FragmentHeader {
    IpProtocol next_header{};
    std::uint8_t reserved = 0;
    Be16 offset_and_more;  // offset 13 bits in units of 8 bytes, reserved 2, more 1
    Be32 identification;
};
static_assert(sizeof(Ipv6FragmentHeader) == 8);

struct IcmpHeader {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    Be16 checksum;
    Be16 identifier;  // echo; other messages use these four bytes otherwise
    Be16 sequence;
};
static_assert(sizeof(IcmpHeader) == 8);

struct TcpHeader {
    Be16 source_port;
    Be16 destination_port;
    Be32 sequence;
    Be32 acknowledgement;
    std::uint8_t offset_and_reserved = 0x50;
    std::uint8_t flags = 0;
    Be16 window;
    Be16 checksum;
    Be16 urgent_pointer;

    constexpr std::size_t header_bytes() const { return (offset_and_reserved >> 4U) * 4U; }
};
static_assert(sizeof(TcpHeader) == 20);

struct UdpHeader {
    Be16 source_port;
    Be16 destination_port;
    Be16 length;
    Be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8);

}  // namespace warren::net
