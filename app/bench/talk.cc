// SPDX-License-Identifier: BSD-3-Clause
#include "talk.h"

#include <algorithm>
#include <array>

#include "net/build.h"
#include "net/neighbour.h"

namespace warren::bench {
namespace {

namespace tcp = net::tcp_flag;
constexpr std::uint32_t first_address = 0x0a000100;  // 10.0.1.0
constexpr std::uint16_t first_port = 10'000;
constexpr std::uint32_t ports_per_address = 1000;
constexpr std::uint32_t first_sequence = 1000;
constexpr std::uint32_t servers_sequence = 5000;
constexpr std::uint16_t window = 65'535;
constexpr std::size_t least_payload = 6;
constexpr std::size_t arp_frame_bytes = 64;  // tagged or not

net::ConstBytes payload_of(const Stations& stations) {
    static constexpr std::array<std::uint8_t, 1460> zeros{};
    return net::ConstBytes(zeros).first(stations.payload_bytes);
}

net::TcpSegment from_client(const Stations& stations, std::uint32_t flow, std::uint8_t flags) {
    net::TcpSegment segment;
    segment.source =
        address_of(stations.vip.is_v4() ? 4 : 6, first_address + flow / ports_per_address);
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

// What ARP or ND is about.
net::IpAddress wanted_of(net::ConstBytes frame, const net::Parsed& message) {
    return message.network == net::Network::arp ? message.destination
                                                : net::neighbour_target(frame, message);
}

bool is_question(const net::Parsed& message) {
    return message.network == net::Network::arp
               ? message.message_type == net::arp_request
               : message.message_type == net::icmpv6_type::neighbour_solicitation;
}

}  // namespace

std::size_t payload_bytes_of(std::size_t frame_bytes, Sides sides) {
    const bool only_v4 = sides.clients == 4 && sides.servers == 4;
    const std::size_t headers =
        sizeof(net::EthernetHeader) + net::ip_header_bytes(only_v4) + sizeof(net::TcpHeader);
    return std::max(frame_bytes, headers + least_payload) - headers;
}

std::size_t ask_for_vip(net::Bytes out, const Stations& stations) {
    if (!stations.vip.is_v4())
        return net::build_solicitation(out, stations.mac, address_of(6, first_address),
                                       stations.vip);
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

bool is_own_question(net::ConstBytes frame, const net::Parsed& message, const Stations& stations) {
    return is_question(message) && wanted_of(frame, message) == stations.vip &&
           message.source == address_of(stations.vip.is_v4() ? 4 : 6, first_address);
}

Neighbours hear_neighbours(Stations& stations, net::ConstBytes frame, const net::Parsed& message) {
    const bool is_arp = message.network == net::Network::arp;
    if (!is_arp && !net::is_neighbour_message_valid(frame, message)) return Neighbours::nothing;
    const net::IpAddress answered = is_arp ? message.source : wanted_of(frame, message);
    if (!is_question(message)) {
        if (answered != stations.vip) return Neighbours::nothing;
        stations.vip_mac = is_arp ? net::header_at<net::EthernetHeader>(frame, 0).source
                                  : net::claimed_mac(frame, message);
        return Neighbours::vip_found;
    }
    const net::IpAddress wanted = wanted_of(frame, message);
    // Nor does anybody ask for an address that is to be its own.
    if (wanted == stations.vip || wanted == message.source || message.source.is_unspecified())
        return Neighbours::nothing;
    return Neighbours::answer_them;
}

std::size_t answer_neighbours(net::Bytes out, net::ConstBytes question, const net::Parsed& message,
                              const Stations& stations) {
    if (message.network != net::Network::arp)
        return net::build_advertisement_reply(out, question, message, stations.mac);
    // Padding is not sent back, however much there is.
    const std::size_t size = std::min(question.size(), arp_frame_bytes);
    std::copy_n(question.begin(), size, out.begin());
    return net::arp_reply_in_place(out.first(size), message, stations.mac);
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
    const std::uint32_t bits = net::load<net::Be32>(address.bytes(), 12).host();
    const bool is_client = address == address_of(address.is_v4() ? 4 : 6, bits);
    if (!is_client || bits < first_address || port.host() < first_port) return UINT32_MAX;
    const std::uint32_t offset = port.host() - std::uint32_t{first_port};
    if (offset >= ports_per_address) return UINT32_MAX;
    return (bits - first_address) * ports_per_address + offset;
}

Heard hear(Talk& talk, const net::Parsed& segment) {
    if ((segment.tcp_flags & tcp::rst) != 0) {
        // Refused, as by a forwarder that does not yet know its servers: it knocks again.
        if (talk.state == Talk::State::opening) return Heard::nothing;
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
