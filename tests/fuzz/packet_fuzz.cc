// SPDX-License-Identifier: BSD-3-Clause
// Any frame through the parser, then through everything that answers or changes what it let
// through. Beyond not crashing: offsets stay inside the frame, an answer parses again, and
// incremental checksums keep right ones right.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/build.h"
#include "net/icmp_error.h"
#include "net/neighbour.h"
#include "net/parse.h"
#include "net/tcp_options.h"
#include "net/tunnel.h"

namespace {

using namespace warren::net;
using Frame = std::vector<std::uint8_t>;

constexpr MacAddress own{{2, 0, 0, 0, 0, 9}};

void require(bool condition) {
    if (!condition) std::abort();
}

// Only a packet to an address that can be ours is ever answered or forwarded.
bool could_be_ours(const IpAddress& destination) {
    if (!destination.is_v4()) return destination.bytes()[0] != 0xff;
    const std::uint32_t host = destination.as_v4().host();
    return host >> 28 != 14 && host != 0xffffffff;
}

bool has_valid_l4(const Frame& frame, const Parsed& p) {
    return p.fragment == Fragment::none && is_l4_checksum_valid(frame, p);
}

void answer_arp(Frame frame, const Parsed& p) {
    const std::size_t length = arp_reply_in_place(frame, p, own);
    require(length <= frame.size());
    const Parsed reply = parse(ConstBytes(frame).first(length));
    require(reply.ok() && reply.message_type == arp_reply);
    require(reply.source == p.destination && reply.destination == p.source);
}

void answer_echo(Frame frame, const Parsed& p) {
    const bool valid = has_valid_l4(frame, p);
    const std::size_t length = echo_reply_in_place(frame, p, own);
    require(length <= frame.size());
    const Parsed reply = parse(ConstBytes(frame).first(length));
    require(reply.ok() && reply.is_icmp() && reply.source == p.destination);
    if (p.fragment == Fragment::none) require(is_l4_checksum_valid(frame, reply) == valid);
}

void answer_neighbour(Frame frame, const Parsed& p) {
    neighbour_target(frame, p);
    if (!is_neighbour_message_valid(frame, p)) return;
    claimed_mac(frame, p);
    const IpAddress target = neighbour_target(frame, p);
    const std::size_t received = frame.size();
    frame.resize(received + 128);
    const std::size_t length =
        build_advertisement_reply(frame, ConstBytes(frame).first(received), p, own);
    require(length != 0);
    const Parsed reply = parse(ConstBytes(frame).first(length));
    // The sender may have chosen a source that nobody can be.
    if (!reply.ok()) return require(reply.error == ParseError::bad_address);
    require(reply.source == target);
    require(is_neighbour_message_valid(ConstBytes(frame).first(length), reply));
}

void answer_reset(Frame frame, const Parsed& p) {
    const std::size_t length = build_reset_reply(frame, frame, p);
    require(length <= frame.size());
    require((length == 0) == ((p.tcp_flags & tcp_flag::rst) != 0));
    if (length == 0) return;
    const Parsed reset = parse(ConstBytes(frame).first(length));
    require(reset.is_tcp() && (reset.tcp_flags & tcp_flag::rst) != 0);
    require(is_l4_checksum_valid(frame, reset) && reset.source_port == p.destination_port);
}

void change_options(Frame frame, const Parsed& p) {
    const bool valid = has_valid_l4(frame, p);
    const Bytes tcp =
        Bytes(frame).subspan(p.l4_offset, std::size_t{p.payload_offset} - p.l4_offset);
    read_tcp_options(tcp.subspan(sizeof(TcpHeader)));
    blank_option(tcp, TcpOption::timestamps);
    clamp_mss(tcp, 536);
    const TcpOptions after = read_tcp_options(tcp.subspan(sizeof(TcpHeader)));
    require(!after.timestamps && after.mss.value_or(0) <= 536);
    if (valid) require(is_l4_checksum_valid(frame, parse(frame)));
}

template <typename Family>
void redirect(Frame frame, const Parsed& p) {
    const bool valid = has_valid_l4(frame, p);
    auto& ip = header_in<typename Family::Header>(frame, p.l3_offset);
    auto& tcp = header_in<TcpHeader>(frame, p.l4_offset);
    ChecksumDelta l4;
    Family::redirect(ip, ip.destination, Family::vrrp_group, 63, l4);
    l4.replace(tcp.source_port, Be16(2048));
    tcp.source_port = Be16(2048);
    tcp.checksum = l4.apply(tcp.checksum);
    const Parsed after = parse(frame);
    require(after.is_tcp() && after.source == p.destination);
    if (p.fragment == Fragment::none) require(is_l4_checksum_valid(frame, after) == valid);
}

// The same names again: nothing but the hop limit may change, and the message becomes valid.
void relay_error(Frame frame, const Parsed& p, const Parsed& quoted) {
    rewrite_icmp_error(frame, p, quoted,
                       {.source = p.source,
                        .destination = p.destination,
                        .quoted_source = quoted.source,
                        .quoted_destination = quoted.destination,
                        .quoted_source_port = quoted.source_port,
                        .quoted_destination_port = quoted.destination_port});
    const Parsed after = parse(frame);
    require(after.is_icmp());
    if (p.fragment == Fragment::none) require(is_l4_checksum_valid(frame, after));
    require(parse_quoted(frame, after).sequence == quoted.sequence);
}

// What arrives in the other family is a valid message about the same segment.
void translate_error(Frame frame, const Parsed& p, const Parsed& quoted) {
    const bool to_v4 = p.network == Network::ipv6;
    const auto side = [to_v4](std::uint8_t host) {
        return to_v4 ? IpAddress::v4(10, 0, 0, host)
                     : IpAddress::v6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host});
    };
    frame.resize(frame.size() + 40);
    const std::size_t length = rewrite_icmp_error(frame, p, quoted,
                                                  {.source = side(1),
                                                   .destination = side(2),
                                                   .quoted_source = side(2),
                                                   .quoted_destination = side(1),
                                                   .quoted_source_port = quoted.source_port,
                                                   .quoted_destination_port = Be16(9)});
    if (length == 0) return;
    require(length <= frame.size());
    frame.resize(length);
    const Parsed after = parse(frame);
    require(is_icmp_error(after) && after.source == side(1) && is_l4_checksum_valid(frame, after));
    const Parsed about = parse_quoted(frame, after);
    require(about.sequence == quoted.sequence && about.destination == side(1));
}

void report(const Frame& frame, const Parsed& p) {
    Frame out(2048);
    const std::size_t length =
        build_icmp_error(out, frame, p, p.destination, IcmpErrorKind::too_big, 1400);
    require(length != 0 && length <= p.l3_offset + std::size_t{1280});
    const Parsed error = parse(Bytes(out).first(length));
    require(is_icmp_error(error) && is_l4_checksum_valid(out, error));
}

void wrap(const Frame& frame, const Parsed& p, const IpAddress& outer) {
    const std::size_t header = tunnel_header_bytes(outer);
    const std::size_t bytes = p.packet_end() - p.l3_offset;
    if (p.tag_count != 0 || bytes + header > 65'535) return;
    Frame out(header + frame.size());
    std::copy(frame.begin(), frame.end(), out.begin() + static_cast<std::ptrdiff_t>(header));
    const std::size_t length = encapsulate(out, {}, {outer, outer}, p.network, bytes, 1);
    require(length == sizeof(EthernetHeader) + header + bytes);
    require(parse(Bytes(out).first(length)).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Frame frame(data, data + size);
    const Parsed p = parse(frame);
    parse(frame, IpChecksum::verified);
    require(!name(p.error).empty());
    if (!p.ok()) return 0;
    require(p.l3_offset <= p.l4_offset && p.l4_offset <= p.payload_offset);
    if (p.network == Network::arp) answer_arp(frame, p);
    if (!p.is_ip()) return 0;
    require(p.packet_end() <= size);
    const Parsed quoted = parse_quoted(frame, p);
    require(quoted.network == Network::other ||
            quoted.l4_offset + std::size_t{8} <= p.packet_end());
    if (p.is_tcp()) change_options(frame, p);
    if (is_neighbour_message(p)) answer_neighbour(frame, p);
    if (p.fragment == Fragment::none) {
        if (quoted.protocol == IpProtocol::tcp) relay_error(frame, p, quoted);
        if (quoted.protocol == IpProtocol::tcp && p.tag_count == 0)
            translate_error(frame, p, quoted);
        if (could_be_ours(p.destination)) report(frame, p);
        wrap(frame, p, IpAddress::v4(10, 0, 0, 1));
        wrap(frame, p, *IpAddress::parse("2001:db8::1"));
    }
    if (!could_be_ours(p.destination)) return 0;
    if (p.is_icmp()) answer_echo(frame, p);
    if (!p.is_tcp()) return 0;
    answer_reset(frame, p);
    if (p.network == Network::ipv4)
        redirect<Ip4>(frame, p);
    else
        redirect<Ip6>(frame, p);
    return 0;
}
