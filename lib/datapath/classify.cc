// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/classify.h"

#include <new>

namespace warren::datapath {
namespace {

using exchange::Drop;

void drop(Packet& packet, Drop reason) {
    packet.kind = Kind::drop;
    packet.reason = reason;
}

Drop reason_for(net::ParseError error) {
    using enum net::ParseError;
    switch (error) {
        case truncated_ethernet:
        case truncated_vlan:
            return Drop::malformed_ethernet;
        case truncated_arp:
        case bad_arp:
            return Drop::malformed_arp;
        case bad_ip_checksum:
            return Drop::bad_ip_checksum;
        case truncated_tcp:
        case bad_tcp_offset:
            return Drop::malformed_tcp;
        case truncated_icmp:
            return Drop::malformed_icmp;
        default:
            return Drop::malformed_ip;
    }
}

// A switch may flood a frame that is meant for the peer: only our own MACs and groups are ours.
bool is_for_our_mac(const net::MacAddress& destination, const net::MacAddress& port_mac,
                    const exchange::OwnedAddress& address) {
    return destination == port_mac || destination == address.mac || destination.is_multicast();
}

void classify_arp(Packet& packet, const Round& round, const net::EthernetHeader& ethernet,
                  const net::MacAddress& port_mac) {
    if (packet.parsed.message_type != net::arp_request) return;
    const auto* address = round.snapshot->find_address(packet.parsed.destination);
    if (address == nullptr || address->port != packet.port()) return;
    if (!is_for_our_mac(ethernet.destination, port_mac, *address)) return;
    if (!round.owns(*address)) return drop(packet, Drop::not_owned);
    packet.address = address;
    packet.kind = Kind::arp;
}

void classify_tcp(Packet& packet, const Round& round) {
    packet.service =
        round.snapshot->find_service(packet.parsed.destination, packet.parsed.destination_port);
    packet.kind =
        packet.service != exchange::Snapshot::no_service ? Kind::to_service : Kind::to_local;
}

void classify_icmp(Packet& packet) {
    const bool request = packet.parsed.network == net::Network::ipv4 &&
                         packet.parsed.message_type == net::icmp_type::echo_request;
    if (!request) return drop(packet, Drop::unexpected_protocol);
    if (!net::is_l4_checksum_valid(packet.frame(), packet.parsed))
        return drop(packet, Drop::bad_icmp_checksum);
    packet.kind = Kind::echo;
}

void classify_ip(Packet& packet, const Round& round, const net::EthernetHeader& ethernet,
                 const net::MacAddress& port_mac) {
    const net::Parsed& parsed = packet.parsed;
    if (parsed.protocol == net::IpProtocol::vrrp) {
        packet.kind = Kind::vrrp;
        return;
    }
    const auto* address = round.snapshot->find_address(parsed.destination);
    if (address == nullptr || address->port != packet.port()) return;
    if (!is_for_our_mac(ethernet.destination, port_mac, *address)) return;
    if (!round.owns(*address)) return drop(packet, Drop::not_owned);
    packet.address = address;
    // A frame to a group MAC with a unicast IP address is never answered (RFC 1122 3.3.6).
    if (ethernet.destination.is_multicast()) return drop(packet, Drop::unexpected_protocol);
    if (parsed.fragment != net::Fragment::none) return drop(packet, Drop::fragment);
    if (parsed.is_tcp()) return classify_tcp(packet, round);
    if (parsed.is_icmp()) return classify_icmp(packet);
    drop(packet, Drop::unexpected_protocol);
}

}  // namespace

void classify(Packet& packet, const Round& round, std::span<const net::MacAddress> port_macs) {
    packet.kind = Kind::kernel;
    ::new (&packet.parsed) net::Parsed(net::parse(packet.frame()));  // in place: no copy of a line
    if (packet.frame().size() < sizeof(net::EthernetHeader))
        return drop(packet, Drop::malformed_ethernet);
    // VLANs are the kernel's, and so is a frame that our own host sent (packet sockets see both
    // ways), or one that is damaged and for somebody else.
    const auto ethernet = net::load<net::EthernetHeader>(packet.frame(), 0);
    const net::MacAddress& port_mac = port_macs[packet.port()];
    if (packet.parsed.tag_count != 0 || ethernet.source == port_mac) return;
    const net::IpAddress& destination = packet.parsed.destination;
    if (!packet.parsed.ok()) {
        const bool elsewhere =
            !destination.is_unspecified() && round.snapshot->find_address(destination) == nullptr;
        if (!elsewhere) drop(packet, reason_for(packet.parsed.error));
        return;
    }
    if (packet.parsed.network == net::Network::arp)
        classify_arp(packet, round, ethernet, port_mac);
    else if (packet.parsed.is_ip())
        classify_ip(packet, round, ethernet, port_mac);
}

}  // namespace warren::datapath
