// SPDX-License-Identifier: BSD-3-Clause
#include "traffic.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "net/build.h"
#include "net/parse.h"

namespace warren::bench {
namespace {

constexpr std::size_t least_frame = 60;
constexpr std::uint32_t first_client = 0x0a000000;  // 10.0.0.0
constexpr std::uint32_t client_isn = 1000;
constexpr std::uint32_t server_isn = 5000;
constexpr std::uint32_t ports_per_client = 1000;

net::Be32 low_bits(const net::IpAddress& address) {
    return net::load<net::Be32>(address.bytes(), 12);
}
net::Be32 client_bits(std::uint32_t flow) {
    return net::Be32(first_client + flow / ports_per_client);
}
net::Be16 client_port(std::uint32_t flow) {
    return net::Be16(static_cast<std::uint16_t>(10'000 + flow % ports_per_client));
}

template <typename Field>
void change(Field& field, Field to, net::ChecksumDelta& delta) {
    delta.replace(field, to);
    field = to;
}

}  // namespace

Mode mode_of(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"fnat",  "nat",  "dr",      "tun",
                                                     "arp",   "echo", "idle",    "syn",
                                                     "mixed", "io",   "macswap", "5tswap"};
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        throw std::invalid_argument(
            "unknown forward mode \"" + std::string(name) +
            "\": fnat, nat, dr, tun, arp, echo, idle, syn, mixed, io, macswap or "
            "5tswap");
    return static_cast<Mode>(found - names.begin());
}

flow::Method method_of(Mode mode) {
    return mode <= Mode::tun ? static_cast<flow::Method>(mode) : flow::Method::fnat;
}

net::IpAddress address_of(unsigned version, std::uint32_t v4) {
    if (version == 4) return net::IpAddress::v4(net::Be32(v4));
    net::Ipv6Bytes bytes{0x20, 1, 0x0d, 0xb8};
    net::store(bytes, 12, net::Be32(v4));
    return net::IpAddress::v6(bytes);
}
net::IpAddress vip_of(unsigned version) {
    return address_of(version, 0xc0a80864);  // 192.168.8.100
}
net::IpAddress server_of(unsigned version, std::uint16_t server) {
    return address_of(version, 0xc0a80901U + server);
}
net::IpAddress local_of(unsigned version, std::uint16_t local) {
    return address_of(version, 0xc0a80a01U + local);
}

Traffic::Traffic(Mode mode, Sides sides, std::size_t frame_bytes, const net::MacAddress& own)
    : client_(make_template(address_of(sides.clients, first_client), vip_of(sides.clients),
                            client_mac, own, frame_bytes)),
      // In NAT the server answers the client itself, through us.
      server_(make_template(
          server_of(sides.servers, 0),
          mode == Mode::nat ? address_of(sides.clients, first_client) : local_of(sides.servers, 0),
          server_mac, own, frame_bytes)),
      own_(own),
      sides_(sides) {}

Traffic::Template Traffic::make_template(const net::IpAddress& source,
                                         const net::IpAddress& destination,
                                         const net::MacAddress& from, const net::MacAddress& to,
                                         std::size_t frame_bytes) {
    const bool v4 = source.is_v4();
    const std::size_t l3 = sizeof(net::EthernetHeader);
    const std::size_t headers = l3 + net::ip_header_bytes(v4) + sizeof(net::TcpHeader);
    const std::vector<std::uint8_t> payload(
        frame_bytes > std::max(headers, least_frame) ? frame_bytes - headers : 0);
    Template made{
        .frame = std::vector<std::uint8_t>(std::max(headers + payload.size(), least_frame)),
        .source = l3 + (v4 ? 12U : 20U),
        .destination = l3 + (v4 ? 16U : 36U),
        .l4 = l3 + net::ip_header_bytes(v4),
        .is_v4 = v4};
    net::TcpSegment segment;
    segment.source = source;
    segment.destination = destination;
    segment.payload = payload;
    net::build_tcp(made.frame, {from, to}, segment);
    return made;
}

std::size_t Traffic::write(net::Bytes out, const Template& from, const Fields& to) {
    std::memcpy(out.data(), from.frame.data(), from.frame.size());
    net::ChecksumDelta addresses;
    change(net::header_in<net::Be32>(out, from.source), to.source, addresses);
    change(net::header_in<net::Be32>(out, from.destination), to.destination, addresses);
    if (from.is_v4) {
        auto& ip = net::header_in<net::Ipv4Header>(out, sizeof(net::EthernetHeader));
        ip.checksum = addresses.apply(ip.checksum);
    }
    auto& tcp = net::header_in<net::TcpHeader>(out, from.l4);
    net::ChecksumDelta delta = addresses;
    change(tcp.source_port, to.source_port, delta);
    change(tcp.destination_port, to.destination_port, delta);
    change(tcp.sequence, net::Be32(to.sequence), delta);
    change(tcp.acknowledgement, net::Be32(to.acknowledgement), delta);
    delta.replace_byte(13, tcp.flags, to.tcp_flags);
    tcp.flags = to.tcp_flags;
    tcp.checksum = delta.apply(tcp.checksum);
    return from.frame.size();
}

std::size_t Traffic::from_client(net::Bytes out, std::uint32_t flow, std::uint8_t tcp_flags) const {
    const bool first = (tcp_flags & net::tcp_flag::syn) != 0;
    return write(out, client_,
                 {.source = client_bits(flow),
                  .destination = low_bits(vip_of(sides_.clients)),
                  .source_port = client_port(flow),
                  .destination_port = amqp,
                  .sequence = first ? client_isn : client_isn + 1,
                  .acknowledgement = first ? 0 : server_isn + 1,
                  .tcp_flags = tcp_flags});
}

std::size_t Traffic::from_server(net::Bytes out, const ServerEnd& end,
                                 std::uint8_t tcp_flags) const {
    const bool first = (tcp_flags & net::tcp_flag::syn) != 0;
    return write(out, server_,
                 {.source = end.server,
                  .destination = end.local,
                  .source_port = amqp,
                  .destination_port = end.local_port,
                  .sequence = first ? server_isn : server_isn + 1,
                  .acknowledgement = end.sequence + 1,
                  .tcp_flags = tcp_flags});
}

ServerEnd Traffic::end_of(net::ConstBytes syn) {
    const net::Parsed parsed = net::parse(syn, net::IpChecksum::verified);
    return {.server = low_bits(parsed.destination),
            .local = low_bits(parsed.source),
            .local_port = parsed.source_port,
            .sequence = parsed.sequence};
}

std::size_t Traffic::arp_request(net::Bytes out, std::uint32_t client) const {
    std::fill_n(out.begin(), least_frame, std::uint8_t{0});
    net::store(out, 0,
               net::EthernetHeader{net::broadcast_mac, client_mac,
                                   net::Be16(static_cast<std::uint16_t>(net::EtherType::arp))});
    net::ArpPacket arp;
    arp.operation = net::Be16(net::arp_request);
    arp.sender_mac = client_mac;
    arp.sender_ip = client_bits(client);
    arp.target_ip = low_bits(vip_of(4));
    net::store(out, sizeof(net::EthernetHeader), arp);
    return least_frame;
}

std::size_t Traffic::echo_request(net::Bytes out, std::uint32_t client) const {
    const bool four = sides_.clients == 4;
    std::array<std::uint8_t, sizeof(net::IcmpHeader)> message{};
    auto& icmp = net::header_in<net::IcmpHeader>(message, 0);
    icmp.type = four ? net::Ip4::echo_request : net::Ip6::echo_request;
    icmp.sequence = client_port(client);
    const net::Link link{client_mac, own_};
    const net::IpAddress source = address_of(sides_.clients, first_client + client % 65'536);
    const net::IpAddress destination = vip_of(sides_.clients);
    if (four) {
        icmp.checksum = net::internet_checksum(message);
        net::build_ip<net::Ip4>(out, link,
                                {.source = source.as_v4(),
                                 .destination = destination.as_v4(),
                                 .protocol = net::IpProtocol::icmp},
                                message);
        return least_frame;
    }
    icmp.checksum = net::checksum_of(
        net::add_to_sum(net::pseudo_header_sum(source.bytes(), destination.bytes(),
                                               net::IpProtocol::icmpv6, message.size()),
                        message));
    return net::build_ip<net::Ip6>(out, link,
                                   {.source = source.bytes(),
                                    .destination = destination.bytes(),
                                    .protocol = net::IpProtocol::icmpv6},
                                   message);
}

}  // namespace warren::bench
