// SPDX-License-Identifier: BSD-3-Clause
#include "talk.h"

#include <array>

#include "net/build.h"
#include "traffic.h"

namespace warren::bench {
namespace {

namespace tcp = net::tcp_flag;
constexpr std::uint32_t first_address = 0x0a000100;  // 10.0.1.0
constexpr std::uint16_t first_port = 10'000;
constexpr std::uint32_t ports_per_address = 1000;
constexpr std::uint32_t first_sequence = 1000;
constexpr std::uint32_t servers_sequence = 5000;
constexpr std::uint16_t window = 65'535;

net::ConstBytes payload_of(const Stations& stations) {
    static constexpr std::array<std::uint8_t, 1460> zeros{};
    return net::ConstBytes(zeros).first(stations.payload_bytes);
}

net::TcpSegment from_client(const Stations& stations, std::uint32_t flow, std::uint8_t flags) {
    net::TcpSegment segment;
    segment.source = address_of(4, first_address + flow / ports_per_address);
    segment.destination = stations.vip;
    segment.source_port =
        net::Be16(static_cast<std::uint16_t>(first_port + flow % ports_per_address));
    segment.destination_port = amqp;
    segment.flags = flags;
    segment.window = window;
    return segment;
}

std::size_t send(net::Bytes out, const Stations& stations, std::uint32_t flow, const Talk& talk,
                 std::uint8_t flags, net::ConstBytes payload) {
    net::TcpSegment segment = from_client(stations, flow, flags);
    segment.sequence = talk.sequence;
    segment.acknowledgement = talk.acknowledgement;
    segment.payload = payload;
    return net::build_tcp(out, {stations.mac, stations.vip_mac}, segment);
}

}  // namespace

std::size_t ask_for_vip(net::Bytes out, const Stations& stations) {
    net::store(out, 0,
               net::EthernetHeader{net::broadcast_mac, stations.mac,
                                   net::Be16(static_cast<std::uint16_t>(net::EtherType::arp))});
    net::ArpPacket arp;
    arp.operation = net::Be16(net::arp_request);
    arp.sender_mac = stations.mac;
    arp.sender_ip = net::Be32(first_address);
    arp.target_ip = stations.vip.as_v4();
    net::store(out, sizeof(net::EthernetHeader), arp);
    return sizeof(net::EthernetHeader) + sizeof(arp);
}

std::size_t syn_of(net::Bytes out, const Stations& stations, std::uint32_t flow) {
    net::TcpSegment segment = from_client(stations, flow, tcp::syn);
    segment.sequence = first_sequence;
    return net::build_tcp(out, {stations.mac, stations.vip_mac}, segment);
}

std::size_t request_of(net::Bytes out, const Stations& stations, std::uint32_t flow,
                       const Talk& talk) {
    return send(out, stations, flow, talk, tcp::psh | tcp::ack, payload_of(stations));
}

std::size_t ack_of(net::Bytes out, const Stations& stations, std::uint32_t flow, const Talk& talk) {
    return send(out, stations, flow, talk, tcp::ack, {});
}

std::size_t answer_of(net::Bytes out, const Stations& stations, const net::Parsed& segment) {
    const bool opens = (segment.tcp_flags & tcp::syn) != 0;
    const bool ends = (segment.tcp_flags & tcp::fin) != 0;
    if ((segment.tcp_flags & tcp::rst) != 0) return 0;
    if (!opens && !ends && segment.payload_bytes == 0) return 0;
    net::TcpSegment answer;
    answer.source = segment.destination;
    answer.destination = segment.source;
    answer.source_port = segment.destination_port;
    answer.destination_port = segment.source_port;
    answer.sequence = opens ? servers_sequence : segment.acknowledgement;
    answer.acknowledgement = segment.sequence + segment.segment_length();
    answer.flags = tcp::ack;
    answer.window = window;
    if (opens) answer.flags |= tcp::syn;
    if (ends) answer.flags |= tcp::fin;
    if (segment.payload_bytes != 0) {
        answer.flags |= tcp::psh;
        answer.payload = payload_of(stations);
    }
    return net::build_tcp(out, {stations.mac, stations.vip_mac}, answer);
}

std::uint32_t flow_of(const net::IpAddress& address, net::Be16 port) {
    if (!address.is_v4() || address.as_v4().host() < first_address || port.host() < first_port)
        return UINT32_MAX;
    const std::uint32_t offset = port.host() - std::uint32_t{first_port};
    if (offset >= ports_per_address) return UINT32_MAX;
    return (address.as_v4().host() - first_address) * ports_per_address + offset;
}

Heard hear(Talk& talk, const net::Parsed& segment) {
    if ((segment.tcp_flags & tcp::rst) != 0) {
        talk.state = Talk::State::closed;
        return Heard::reset;
    }
    if ((segment.tcp_flags & tcp::syn) != 0) {
        if (talk.state != Talk::State::opening) return Heard::nothing;
        talk = {Talk::State::idle, segment.acknowledgement, segment.sequence + 1, talk.since};
        return Heard::opened;
    }
    // What is sent again is known already.
    if (segment.payload_bytes == 0 || talk.state != Talk::State::asked ||
        segment.sequence != talk.acknowledgement)
        return Heard::nothing;
    talk.acknowledgement += segment.payload_bytes;
    talk.sequence = segment.acknowledgement;
    talk.state = Talk::State::idle;
    return Heard::answered;
}

}  // namespace warren::bench
