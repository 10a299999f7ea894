// SPDX-License-Identifier: BSD-3-Clause
#include "net/icmp_error.h"

#include <algorithm>
#include <cstring>

#include "net/checksum.h"
#include "net/family.h"
#include "net/translate.h"

namespace warren::net {
namespace {

template <typename Family>
Be16 icmp_checksum(const typename Family::Header& ip, ConstBytes icmp) {
    std::uint64_t pseudo = 0;  // ICMP has none, ICMPv6 has
    if constexpr (Family::icmp == IpProtocol::icmpv6)
        pseudo = Family::pseudo_header(ip.source, ip.destination, Family::icmp, icmp.size());
    return checksum_of(add_to_sum(pseudo, icmp));
}

template <typename Family>
std::size_t build_error(Bytes out, ConstBytes received, const Parsed& packet, const IpAddress& own,
                        IcmpErrorKind kind, std::uint16_t mtu) {
    constexpr std::size_t headers = Family::header_bytes + sizeof(IcmpHeader);
    const std::size_t l3 = packet.l3_offset;
    const std::size_t quote =
        std::min(packet.packet_end() - l3, Family::icmp_error_bytes - headers);
    if (out.size() < l3 + headers + quote) return 0;
    std::memmove(&out[l3 + headers], &received[l3], quote);
    std::memmove(out.data(), received.data(), l3);
    auto& ethernet = header_in<EthernetHeader>(out, 0);
    std::swap(ethernet.source, ethernet.destination);

    const bool too_big = kind == IcmpErrorKind::too_big;
    IcmpHeader icmp;
    icmp.type = too_big ? Family::too_big_type : Family::time_exceeded;
    icmp.code = too_big ? Family::too_big_code : std::uint8_t{0};
    icmp.sequence = Be16(mtu);  // the low half of ICMPv6's 32 bits, where ICMP has its 16
    store(out, l3 + Family::header_bytes, icmp);

    IpFields<typename Family::Address> fields;
    fields.source = Family::narrow(own);
    fields.destination = Family::narrow(packet.source);
    fields.protocol = Family::icmp;
    fields.l4_bytes = static_cast<std::uint16_t>(sizeof(IcmpHeader) + quote);
    auto& ip = header_in<typename Family::Header>(out, l3);
    Family::write(ip, fields);
    const ConstBytes message = out.subspan(l3 + Family::header_bytes, fields.l4_bytes);
    header_in<IcmpHeader>(out, l3 + Family::header_bytes).checksum =
        icmp_checksum<Family>(ip, message);
    return l3 + headers + quote;
}

// The quoted segment, at least its ports and sequence number; `l4` is what its pseudo header
// changed by.
void rewrite_segment(Bytes segment, const IcmpErrorRewrite& to, ChecksumDelta l4) {
    const auto put = [&](std::size_t offset, auto value) {
        l4.replace(load<decltype(value)>(segment, offset), value);
        store(segment, offset, value);
    };
    const auto add = [&](std::size_t offset, std::uint32_t more) {
        put(offset, Be32(load<Be32>(segment, offset).host() + more));
    };
    put(offsetof(TcpHeader, source_port), to.quoted_source_port);
    put(offsetof(TcpHeader, destination_port), to.quoted_destination_port);
    add(offsetof(TcpHeader, sequence), to.add_to_sequence);
    constexpr std::size_t ack = offsetof(TcpHeader, acknowledgement);
    if (segment.size() >= ack + sizeof(Be32)) add(ack, to.add_to_acknowledgement);
    constexpr std::size_t checksum = offsetof(TcpHeader, checksum);
    if (segment.size() >= checksum + sizeof(Be16))
        store(segment, checksum, l4.apply(load<Be16>(segment, checksum)));
}

template <typename Family>
void set_icmp_checksum(const typename Family::Header& ip, Bytes icmp) {
    auto& header = header_in<IcmpHeader>(icmp, 0);
    header.checksum = Be16(0);
    header.checksum = icmp_checksum<Family>(ip, icmp);
}

template <typename Family>
std::size_t rewrite_error(Bytes frame, const Parsed& message, const Parsed& quoted,
                          const IcmpErrorRewrite& to) {
    const std::size_t end = message.packet_end();
    ChecksumDelta l4;
    auto& inner = header_in<typename Family::Header>(frame, quoted.l3_offset);
    Family::redirect(inner, Family::narrow(to.quoted_source), Family::narrow(to.quoted_destination),
                     Family::hop_limit(inner), l4);
    rewrite_segment(frame.subspan(quoted.l4_offset, end - quoted.l4_offset), to, l4);
    ChecksumDelta unused;
    auto& ip = header_in<typename Family::Header>(frame, message.l3_offset);
    Family::redirect(ip, Family::narrow(to.source), Family::narrow(to.destination),
                     static_cast<std::uint8_t>(Family::hop_limit(ip) - 1), unused);
    set_icmp_checksum<Family>(ip, frame.subspan(message.l4_offset, message.l4_bytes()));
    return end;
}

template <typename In, typename Out>
std::size_t translate_error(Bytes room, const Parsed& message, const Parsed& quoted,
                            const IcmpErrorRewrite& to) {
    const auto outer = load<typename In::Header>(room, message.l3_offset);
    const auto inner = load<typename In::Header>(room, quoted.l3_offset);
    const auto icmp =
        translate_icmp<Out>(load<IcmpHeader>(room, message.l4_offset), In::packet_bytes(inner));
    if (!icmp) return 0;
    constexpr std::size_t message_at = sizeof(EthernetHeader) + Out::header_bytes;
    constexpr std::size_t quote_at = message_at + sizeof(IcmpHeader);
    constexpr std::size_t segment_at = quote_at + Out::header_bytes;
    const std::size_t segment =
        std::min(message.packet_end() - quoted.l4_offset,
                 Out::icmp_error_bytes + sizeof(EthernetHeader) - segment_at);
    if (room.size() < segment_at + segment) return 0;
    std::memmove(&room[segment_at], &room[quoted.l4_offset], segment);

    header_in<EthernetHeader>(room, 0).ether_type =
        Be16(static_cast<std::uint16_t>(Out::ether_type));
    const std::size_t l4_bytes =
        In::packet_bytes(inner) -
        std::min<std::size_t>(In::packet_bytes(inner), quoted.l4_offset - quoted.l3_offset);
    const auto quote = translated_fields<In, Out>(inner, to.quoted_source, to.quoted_destination,
                                                  l4_bytes, In::hop_limit(inner));
    Out::write(header_in<typename Out::Header>(room, quote_at), quote);
    ChecksumDelta l4;
    l4.replace_sum(In::pseudo_header(inner.source, inner.destination, IpProtocol::tcp, l4_bytes),
                   Out::pseudo_header(quote.source, quote.destination, IpProtocol::tcp, l4_bytes));
    rewrite_segment(room.subspan(segment_at, segment), to, l4);

    auto fields = translated_fields<In, Out>(outer, to.source, to.destination,
                                             segment_at - message_at + segment,
                                             static_cast<std::uint8_t>(In::hop_limit(outer) - 1));
    fields.protocol = Out::icmp;
    fields.dont_fragment = true;
    auto& ip = header_in<typename Out::Header>(room, sizeof(EthernetHeader));
    Out::write(ip, fields);
    store(room, message_at, *icmp);
    set_icmp_checksum<Out>(ip, room.subspan(message_at, fields.l4_bytes));
    return segment_at + segment;
}

}  // namespace

std::size_t build_icmp_error(Bytes out, ConstBytes received, const Parsed& packet,
                             const IpAddress& own, IcmpErrorKind kind, std::uint16_t mtu) {
    return packet.network == Network::ipv4
               ? build_error<Ip4>(out, received, packet, own, kind, mtu)
               : build_error<Ip6>(out, received, packet, own, kind, mtu);
}

std::size_t rewrite_icmp_error(Bytes room, const Parsed& message, const Parsed& quoted,
                               const IcmpErrorRewrite& to) {
    const bool out4 = to.source.is_v4();
    if (message.network == Network::ipv4)
        return out4 ? rewrite_error<Ip4>(room, message, quoted, to)
                    : translate_error<Ip4, Ip6>(room, message, quoted, to);
    return out4 ? translate_error<Ip6, Ip4>(room, message, quoted, to)
                : rewrite_error<Ip6>(room, message, quoted, to);
}

}  // namespace warren::net
