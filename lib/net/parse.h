// SPDX-License-Identifier: BSD-3-Clause
// One pass over a received frame. parse() is total: any bytes give a Parsed, nothing outside the
// frame is read, and what is wrong with it is one named ParseError (each a drop counter). The IP
// length is trusted, not the frame's, so Ethernet padding never counts as payload. L4 checksums are
// not looked at here: a forwarded packet keeps its own; whoever consumes or answers one calls
// is_l4_checksum_valid() first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/address.h"
#include "net/bytes.h"
#include "net/headers.h"

namespace warren::net {

enum class ParseError : std::uint8_t {
    none,
    truncated_ethernet,
    truncated_vlan,
    truncated_arp,
    bad_arp,  // not Ethernet/IPv4, or an unknown operation
    truncated_ip,
    bad_ip_version,
    bad_ip_header_length,
    bad_ip_checksum,
    bad_total_length,
    bad_address,           // one that must not be on a wire, so none is ever answered or looked up
    bad_extension_header,  // truncated, too many, or a route with segments left
    truncated_tcp,
    bad_tcp_offset,
    truncated_udp,
    bad_udp_length,
    truncated_icmp,
};
inline constexpr std::size_t parse_error_count = 17;

// The enumerator's own name: counters, logs and tests say the same word.
std::string_view name(ParseError error);

enum class Network : std::uint8_t { other, arp, ipv4, ipv6 };

// A later fragment has no ports; a first one has, but its payload is incomplete.
enum class Fragment : std::uint8_t { none, first, later };

// Offsets count from the frame's first byte. With an error set only the fields before the fault
// mean anything. One cache line.
struct Parsed {
    IpAddress source;       // ARP: sender
    IpAddress destination;  // ARP: target
    Be16 source_port;       // TCP and UDP
    Be16 destination_port;
    std::uint32_t sequence = 0;  // TCP
    std::uint32_t acknowledgement = 0;
    std::uint16_t l3_offset = 0;       // of the ARP or IP header
    std::uint16_t l4_offset = 0;       // behind IP options and extension headers
    std::uint16_t payload_offset = 0;  // behind the TCP, UDP or ICMP header; else l4_offset
    std::uint16_t payload_bytes = 0;   // up to the end of the IP packet
    std::array<Be16, 2> tags{};        // VLAN tag control, outer first
    Network network = Network::other;
    IpProtocol protocol{};          // behind extension headers; any value
    std::uint8_t tcp_flags = 0;     // tcp_flag bits
    std::uint8_t message_type = 0;  // ICMP type, or ARP operation
    std::uint8_t message_code = 0;  // ICMP code
    std::uint8_t tag_count = 0;     // VLAN tags, at most 2; a frame with more is Network::other
    Fragment fragment = Fragment::none;
    ParseError error = ParseError::none;

    bool ok() const { return error == ParseError::none; }
    bool is_ip() const { return network == Network::ipv4 || network == Network::ipv6; }
    // Whole enough to have ports: not an error, not a later fragment.
    bool is_tcp() const {
        return is_ip() && protocol == IpProtocol::tcp && ok() && fragment != Fragment::later;
    }
    bool is_icmp() const {
        const auto own = network == Network::ipv4 ? IpProtocol::icmp : IpProtocol::icmpv6;
        return is_ip() && protocol == own && ok() && fragment != Fragment::later;
    }
    // First byte behind the packet: the frame without padding.
    std::size_t packet_end() const { return std::size_t{payload_offset} + payload_bytes; }
    std::size_t l4_bytes() const { return packet_end() - l4_offset; }
    // The TCP, UDP or ICMP header with its options, in the frame that was parsed.
    Bytes l4_header(Bytes frame) const {
        return frame.subspan(l4_offset, std::size_t{payload_offset} - l4_offset);
    }
    // RFC 9293 SEG.LEN: SYN and FIN take a sequence number each.
    std::uint32_t segment_length() const {
        return payload_bytes + ((tcp_flags & tcp_flag::syn) != 0 ? 1U : 0U) +
               ((tcp_flags & tcp_flag::fin) != 0 ? 1U : 0U);
    }
};
static_assert(sizeof(Parsed) == 64);

// Whether the NIC has already verified the IPv4 header checksum.
enum class IpChecksum : std::uint8_t { verify, verified };

Parsed parse(ConstBytes frame, IpChecksum ip_checksum = IpChecksum::verify);

// An ICMP or ICMPv6 message that reports on another packet, whatever it quotes of it.
bool is_icmp_error(const Parsed& message);

// The packet that an ICMP or ICMPv6 error is about, as far as its quote says: network, addresses,
// ports, sequence, l3_offset and l4_offset, for looking its flow up and rewriting it. Everything
// else in it is left as it is: routers quote 8 bytes of L4 and may have changed the header's length
// and checksum. Network::other when `message` is not an error or quotes too little.
Parsed parse_quoted(ConstBytes frame, const Parsed& message);

// TCP, UDP (0 = none, valid in IPv4 only), ICMP and ICMPv6 of an unfragmented packet that parsed.
bool is_l4_checksum_valid(ConstBytes frame, const Parsed& parsed);

}  // namespace warren::net
