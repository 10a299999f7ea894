// SPDX-License-Identifier: BSD-3-Clause
// Ip4 and Ip6: the one place where the two families differ. Whatever rewrites or builds packets is
// a template over one (or In and Out) of them and asks only for what both offer:
//   Header, Address, header_bytes, ether_type, icmp, vrrp_group, what ICMP errors are called
//   narrow                     from IpAddress to Address, if it is none yet
//   hop_limit, traffic_class, packet_bytes of a header
//   swap_addresses, set_hop_limit
//   redirect                   new addresses and hop limit, L3 checksum kept right, L4's change
//   noted pseudo_header              its sum; differs between families, so In -> Out is
//   delta.replace_sum() write                      a whole new header
#pragma once

#include <utility>

#include "net/checksum.h"
#include "net/headers.h"

namespace warren::net {

// What a new IP header says; everything else is fixed (no options, no fragment).
template <typename Address>
struct IpFields {
    Address source{};
    Address destination{};
    IpProtocol protocol{};
    std::uint8_t hop_limit = 64;
    std::uint8_t traffic_class = 0;
    bool dont_fragment = true;         // IPv4 only
    std::uint16_t identification = 0;  // IPv4 only; matters without dont_fragment (RFC 6864)
    std::uint16_t l4_bytes = 0;
};

struct Ip4 {
    using Header = Ipv4Header;
    using Address = Be32;
    static constexpr std::size_t header_bytes = sizeof(Header);
    static constexpr EtherType ether_type = EtherType::ipv4;
    static constexpr IpProtocol icmp = IpProtocol::icmp;
    static constexpr std::uint8_t echo_request = icmp_type::echo_request;
    static constexpr std::uint8_t echo_reply = icmp_type::echo_reply;
    static constexpr IpProtocol tunnelled = IpProtocol::ipv4;
    static constexpr std::uint8_t too_big_type = icmp_type::unreachable;
    static constexpr std::uint8_t too_big_code = 4;  // fragmentation needed (RFC 1191)
    static constexpr std::uint8_t time_exceeded = icmp_type::time_exceeded;
    static constexpr std::size_t icmp_error_bytes = 576;  // RFC 1812 4.3.2.3
    static constexpr Address vrrp_group{0xe0000012};      // 224.0.0.18

    static constexpr Address narrow(const IpAddress& ip) { return ip.as_v4(); }
    static constexpr Address narrow(Address address) { return address; }

    static constexpr std::uint8_t hop_limit(const Header& h) { return h.time_to_live; }
    static constexpr std::uint8_t traffic_class(const Header& h) { return h.type_of_service; }
    static constexpr std::size_t packet_bytes(const Header& h) { return h.total_length.host(); }
    static constexpr std::uint64_t pseudo_header(Address source, Address destination,
                                                 IpProtocol protocol, std::size_t l4_bytes) {
        return pseudo_header_sum(source, destination, protocol, l4_bytes);
    }

    // TTL and protocol share the 16-bit word at offset 8.
    static constexpr void set_hop_limit(Header& h, std::uint8_t to) {
        ChecksumDelta delta;
        delta.replace_byte(8, h.time_to_live, to);
        h.time_to_live = to;
        h.checksum = delta.apply(h.checksum);
    }
    static constexpr void swap_addresses(Header& h) { std::swap(h.source, h.destination); }
    static constexpr void redirect(Header& h, Address source, Address destination,
                                   std::uint8_t hop_limit, ChecksumDelta& l4) {
        ChecksumDelta addresses;
        addresses.replace(h.source, source);
        addresses.replace(h.destination, destination);
        l4.add(addresses);
        addresses.replace_byte(8, h.time_to_live, hop_limit);
        h.source = source;
        h.destination = destination;
        h.time_to_live = hop_limit;
        h.checksum = addresses.apply(h.checksum);
    }
    static void write(Header& h, const IpFields<Address>& f) {
        h = Header{};
        h.type_of_service = f.traffic_class;
        h.total_length = Be16(static_cast<std::uint16_t>(header_bytes + f.l4_bytes));
        h.identification = Be16(f.identification);
        h.fragment = Be16(f.dont_fragment ? Header::dont_fragment : std::uint16_t{0});
        h.time_to_live = f.hop_limit;
        h.protocol = f.protocol;
        h.source = f.source;
        h.destination = f.destination;
        h.checksum = internet_checksum({reinterpret_cast<const std::uint8_t*>(&h), sizeof(h)});
    }
};

struct Ip6 {
    using Header = Ipv6Header;
    using Address = Ipv6Bytes;
    static constexpr std::size_t header_bytes = sizeof(Header);
    static constexpr EtherType ether_type = EtherType::ipv6;
    static constexpr IpProtocol icmp = IpProtocol::icmpv6;
    static constexpr std::uint8_t echo_request = icmpv6_type::echo_request;
    static constexpr std::uint8_t echo_reply = icmpv6_type::echo_reply;
    static constexpr IpProtocol tunnelled = IpProtocol::ipv6;
    static constexpr std::uint8_t too_big_type = icmpv6_type::packet_too_big;
    static constexpr std::uint8_t too_big_code = 0;
    static constexpr std::uint8_t time_exceeded = icmpv6_type::time_exceeded;
    static constexpr std::size_t icmp_error_bytes = 1280;  // RFC 4443 2.4 (c)
    static constexpr Address vrrp_group{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12};

    static constexpr Address narrow(const IpAddress& ip) { return ip.bytes(); }
    static constexpr const Address& narrow(const Address& address) { return address; }

    static constexpr std::uint8_t hop_limit(const Header& h) { return h.hop_limit; }
    static constexpr std::uint8_t traffic_class(const Header& h) {
        return static_cast<std::uint8_t>(h.version_class_flow.host() >> 20);
    }
    static constexpr std::size_t packet_bytes(const Header& h) {
        return header_bytes + h.payload_length.host();
    }
    static std::uint64_t pseudo_header(const Address& source, const Address& destination,
                                       IpProtocol protocol, std::size_t l4_bytes) {
        return pseudo_header_sum(source, destination, protocol, l4_bytes);
    }

    static constexpr void set_hop_limit(Header& h, std::uint8_t to) { h.hop_limit = to; }
    static constexpr void swap_addresses(Header& h) { std::swap(h.source, h.destination); }
    static void redirect(Header& h, const Address& source, const Address& destination,
                         std::uint8_t hop_limit, ChecksumDelta& l4) {
        l4.replace(h.source, source);
        l4.replace(h.destination, destination);
        h.source = source;
        h.destination = destination;
        h.hop_limit = hop_limit;
    }
    static void write(Header& h, const IpFields<Address>& f) {
        h = Header{};
        h.version_class_flow = Be32(0x60000000U | std::uint32_t{f.traffic_class} << 20);
        h.payload_length = Be16(f.l4_bytes);
        h.next_header = f.protocol;
        h.hop_limit = f.hop_limit;
        h.source = f.source;
        h.destination = f.destination;
    }
};

constexpr std::size_t ip_header_bytes(bool v4) {
    return v4 ? Ip4::header_bytes : Ip6::header_bytes;
}

}  // namespace warren::net
