// SPDX-License-Identifier: BSD-3-Clause
// Frames for tests, right or deliberately wrong, written out byte by byte without lib/net's own
// headers, checksums and builders, so that both can be tested against each other. And back:
// describe() prints a frame as one line, so tests compare text and failures explain themselves.
//   Frame f = PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(4000, 5672, "S").seq(100).mss(1460);
//   describe(f) == "02:00:00:00:00:01 > 02:00:00:00:00:02 IPv4 10.0.0.1 > 10.0.0.2 ttl 64 DF "
//                  "TCP 4000 > 5672 [S] seq 100 ack 0 win 65535 <mss 1460>"
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "net/bytes.h"

namespace warren::packets {

using Frame = std::vector<std::uint8_t>;

// Both throw std::invalid_argument: a typo in a test must not become an address.
net::MacAddress mac(std::string_view text);
net::IpAddress address(std::string_view text);

class PacketBuilder {
  public:
    // From 02:00:00:00:00:01 to 02:00:00:00:00:02 unless told otherwise.
    PacketBuilder& ethernet(std::string_view source, std::string_view destination);
    PacketBuilder& ether_type(std::uint16_t type);  // instead of the one that fits
    PacketBuilder& vlan(std::uint16_t control);
    PacketBuilder& service_vlan(std::uint16_t control);

    // The sender's MAC is the Ethernet source. request: target MAC zero; reply: the Ethernet
    // destination.
    PacketBuilder& arp_request(std::string_view sender, std::string_view target);
    PacketBuilder& arp_reply(std::string_view sender, std::string_view target);
    PacketBuilder& arp_target_mac(std::string_view target_mac);
    PacketBuilder& arp_operation(std::uint16_t operation);

    // IPv4 or IPv6, as the texts say. TTL 64, DF.
    PacketBuilder& ip(std::string_view source, std::string_view destination);
    PacketBuilder& ttl(std::uint8_t ttl);
    PacketBuilder& tos(std::uint8_t tos);
    PacketBuilder& id(std::uint16_t id);
    PacketBuilder& dont_fragment(bool set);
    PacketBuilder& fragment(std::uint16_t offset_bytes, bool more);  // IPv6: adds the header
    PacketBuilder& ip_options(Frame options);                        // a multiple of 4
    PacketBuilder& extension(std::uint8_t protocol, Frame header);   // IPv6; next header filled in

    // Flags as letters: F S R P A U.
    PacketBuilder& tcp(std::uint16_t source, std::uint16_t destination, std::string_view flags);
    PacketBuilder& seq(std::uint32_t sequence);
    PacketBuilder& ack(std::uint32_t acknowledgement);
    PacketBuilder& window(std::uint16_t window);
    PacketBuilder& mss(std::uint16_t bytes);
    PacketBuilder& timestamps(std::uint32_t value, std::uint32_t echo);
    PacketBuilder& option(Frame option);  // any; the whole is padded with end-of-options to words

    PacketBuilder& udp(std::uint16_t source, std::uint16_t destination);
    PacketBuilder& echo_request(std::uint16_t identifier, std::uint16_t sequence);
    PacketBuilder& echo_reply(std::uint16_t identifier, std::uint16_t sequence);
    PacketBuilder& icmp(std::uint8_t type, std::uint8_t code, std::uint32_t rest);
    // RFC 4861 4.3, 4.4 with hop limit 255 and, when `link` is not empty, the source or target
    // link-layer address option. Flags as letters: R S O.
    PacketBuilder& neighbour_solicitation(std::string_view target, std::string_view link = {});
    PacketBuilder& neighbour_advertisement(std::string_view target, std::string_view flags,
                                           std::string_view link = {});
    // RFC 3768 5.1 with simple password authentication when `password` is not empty.
    PacketBuilder& vrrp_v2(std::uint8_t vrid, std::uint8_t priority, std::uint8_t interval_s,
                           std::initializer_list<std::string_view> addresses,
                           std::string_view password = {});
    PacketBuilder& protocol(std::uint8_t protocol);  // an L4 of payload() only

    PacketBuilder& payload(std::string_view text);
    PacketBuilder& payload(Frame bytes);

    // Wrong on purpose.
    PacketBuilder& bad_ip_checksum();
    PacketBuilder& bad_l4_checksum();
    PacketBuilder& no_udp_checksum();
    PacketBuilder& ip_version(std::uint8_t version);
    PacketBuilder& ip_header_words(std::uint8_t words);
    PacketBuilder& total_length(std::uint16_t bytes);  // IPv6: payload length
    PacketBuilder& tcp_offset_words(std::uint8_t words);
    PacketBuilder& udp_length(std::uint16_t bytes);

    PacketBuilder& pad_to(std::size_t bytes);    // zeros behind the packet, as short frames have
    PacketBuilder& truncate(std::size_t bytes);  // cut off last of all

    Frame build() const;
    operator Frame() const { return build(); }  // NOLINT: tests read better without .build()

  private:
    enum class L4 { none, tcp, udp, icmp, vrrp, raw };
    struct Tag {
        std::uint16_t type;
        std::uint16_t control;
    };
    struct Extension {
        std::uint8_t protocol;
        Frame header;
    };

    PacketBuilder& neighbour(std::string_view target, std::uint8_t option, std::string_view link);
    std::uint16_t default_ether_type() const;
    std::uint8_t l4_protocol() const;
    Frame arp_bytes() const;
    Frame ip_bytes() const;
    Frame ipv4_header(std::size_t l4_bytes) const;
    Frame ipv6_header(std::size_t l4_bytes) const;
    Frame l4_bytes() const;
    Frame tcp_bytes() const;
    void put_l4_checksum(Frame& l4, std::size_t at) const;

    net::MacAddress source_mac_{{2, 0, 0, 0, 0, 1}};
    net::MacAddress destination_mac_{{2, 0, 0, 0, 0, 2}};
    std::vector<Tag> tags_;
    int ether_type_ = -1;
    std::uint16_t arp_operation_ = 0;
    net::IpAddress source_;
    net::IpAddress destination_;
    net::MacAddress arp_target_mac_;
    bool is_ip_ = false;
    std::uint8_t ttl_ = 64;
    std::uint8_t tos_ = 0;
    std::uint16_t id_ = 0;
    std::uint16_t fragment_ = 0x4000;  // as in the IPv4 header
    Frame ip_options_;
    std::vector<Extension> extensions_;
    L4 l4_ = L4::none;
    std::uint8_t protocol_ = 0;
    std::uint16_t source_port_ = 0;
    std::uint16_t destination_port_ = 0;
    std::uint8_t flags_ = 0;
    std::uint32_t sequence_ = 0;
    std::uint32_t acknowledgement_ = 0;
    std::uint16_t window_ = 65535;
    Frame options_;
    std::uint8_t icmp_type_ = 0;
    std::uint8_t icmp_code_ = 0;
    std::uint32_t icmp_rest_ = 0;
    Frame payload_;
    bool bad_ip_checksum_ = false;
    bool bad_l4_checksum_ = false;
    bool no_udp_checksum_ = false;
    int ip_version_ = -1;
    int ip_header_words_ = -1;
    int total_length_ = -1;
    int tcp_offset_words_ = -1;
    int udp_length_ = -1;
    std::size_t pad_to_ = 0;
    std::size_t truncate_ = SIZE_MAX;
};

// One line; see the top of this file and describe.cc for its words. Whatever is wrong with the
// frame is at its end in capitals: "BAD IP CHECKSUM", "BAD TCP CHECKSUM", "TRUNCATED".
std::string describe(net::ConstBytes frame);
std::vector<std::string> describe(const std::vector<Frame>& frames);

// "0000  02 00 …" sixteen a line.
std::string hex_dump(net::ConstBytes frame);
// "02 00 00" or "020000", spaces and line breaks ignored.
Frame from_hex(std::string_view text);

// RFC 1071 word by word as the RFC writes it: the yardstick for lib/net's faster one.
std::uint16_t slow_checksum(net::ConstBytes bytes);

}  // namespace warren::packets
