// SPDX-License-Identifier: BSD-3-Clause
#include "net/icmp_error.h"

#include <algorithm>
#include <cstring>

#include "net/checksum.h"
#include "net/family.h"

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

// The quoted segment: at least its ports and sequence number are there.
template <typename Family>
void rewrite_quoted(Bytes frame, const Parsed& quoted, std::size_t end,
                    const IcmpErrorRewrite& to) {
    ChecksumDelta l4;
    auto& ip = header_in<typename Family::Header>(frame, quoted.l3_offset);
    Family::redirect(ip, Family::narrow(to.quoted_source), Family::narrow(to.quoted_destination),
                     Family::hop_limit(ip), l4);
    const std::size_t at = quoted.l4_offset;
    const auto put = [&](std::size_t offset, auto value) {
        l4.replace(load<decltype(value)>(frame, at + offset), value);
        store(frame, at + offset, value);
    };
    put(offsetof(TcpHeader, source_port), to.quoted_source_port);
    put(offsetof(TcpHeader, destination_port), to.quoted_destination_port);
    put(offsetof(TcpHeader, sequence), Be32(quoted.sequence + to.add_to_sequence));
    constexpr std::size_t ack = offsetof(TcpHeader, acknowledgement);
    if (end - at >= ack + sizeof(Be32))
        put(ack, Be32(load<Be32>(frame, at + ack).host() + to.add_to_acknowledgement));
    constexpr std::size_t checksum = offsetof(TcpHeader, checksum);
    if (end - at >= checksum + sizeof(Be16))
        store(frame, at + checksum, l4.apply(load<Be16>(frame, at + checksum)));
}

template <typename Family>
void rewrite_error(Bytes frame, const Parsed& message, const Parsed& quoted,
                   const IcmpErrorRewrite& to) {
    rewrite_quoted<Family>(frame, quoted, message.packet_end(), to);
    ChecksumDelta unused;
    auto& ip = header_in<typename Family::Header>(frame, message.l3_offset);
    Family::redirect(ip, Family::narrow(to.source), Family::narrow(to.destination),
                     static_cast<std::uint8_t>(Family::hop_limit(ip) - 1), unused);
    auto& icmp = header_in<IcmpHeader>(frame, message.l4_offset);
    icmp.checksum = Be16(0);
    icmp.checksum = icmp_checksum<Family>(ip, frame.subspan(message.l4_offset, message.l4_bytes()));
}

}  // namespace

std::size_t build_icmp_error(Bytes out, ConstBytes received, const Parsed& packet,
                             const IpAddress& own, IcmpErrorKind kind, std::uint16_t mtu) {
    return packet.network == Network::ipv4
               ? build_error<Ip4>(out, received, packet, own, kind, mtu)
               : build_error<Ip6>(out, received, packet, own, kind, mtu);
}

void rewrite_icmp_error(Bytes frame, const Parsed& message, const Parsed& quoted,
                        const IcmpErrorRewrite& to) {
    if (message.network == Network::ipv4)
        rewrite_error<Ip4>(frame, message, quoted, to);
    else
        rewrite_error<Ip6>(frame, message, quoted, to);
}

}  // namespace warren::net
