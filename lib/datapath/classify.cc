// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/classify.h"

#include <rte_ether.h>

#include <new>
#include <utility>

#include "net/family.h"
#include "net/neighbour.h"
#include "net/segmentation.h"

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
        case bad_extension_header:
            return Drop::bad_extension_header;
        default:
            return Drop::malformed_ip;
    }
}

// A switch may flood a frame for the peer: only our own MACs and multicast count.
bool is_for_our_mac(const net::MacAddress& destination, const net::MacAddress& port_mac,
                    const exchange::OwnedAddress& address) {
    return destination == port_mac || destination == address.mac || destination.is_multicast();
}

// Another station claims an address that we own (RFC 5227 2.4).
bool is_claimed_by(const net::MacAddress& other, const net::IpAddress& claimed,
                   const Packet& packet, const PollRound& round, const net::MacAddress& port_mac) {
    const auto* address = round.snapshot->find_address(claimed);
    return address != nullptr && address->port == packet.port() && other != port_mac &&
           other != address->mac && round.owns(*address);
}

void classify_arp(Packet& packet, const PollRound& round, const net::EthernetHeader& ethernet,
                  const net::MacAddress& port_mac) {
    packet.is_of_station = true;
    const auto& arp = net::header_at<net::ArpPacket>(packet.frame(), packet.parsed.l3_offset);
    if (is_claimed_by(arp.sender_mac, packet.parsed.source, packet, round, port_mac)) {
        packet.kind = Kind::claim;
        return;
    }
    if (packet.parsed.message_type != net::arp_request) return;
    const auto* address = round.snapshot->find_address(packet.parsed.destination);
    if (address == nullptr || address->port != packet.port() || address->kernel_answers) return;
    if (!is_for_our_mac(ethernet.destination, port_mac, *address)) return;
    if (!round.owns(*address)) return drop(packet, Drop::not_owned);
    // No station has a group's MAC: the answer would go to all of them.
    if (arp.sender_mac.is_multicast() || ethernet.source.is_multicast())
        return drop(packet, Drop::malformed_arp);
    // An announcement (RFC 5227 2.3) asks nothing. From our own virtual MAC it is another master's,
    // which is the election's business: an answer would go back to that MAC.
    if (packet.parsed.source == packet.parsed.destination) return;
    packet.address = address;
    packet.kind = Kind::arp;
}

// Messages about no owned address go to the kernel, valid or not.
void classify_neighbour(Packet& packet, const PollRound& round, const net::EthernetHeader& ethernet,
                        const net::MacAddress& port_mac) {
    packet.is_of_station = true;
    const net::Parsed& parsed = packet.parsed;
    const bool asks = parsed.message_type == net::icmpv6_type::neighbour_solicitation;
    const net::IpAddress target = net::neighbour_target(packet.frame(), parsed);
    const net::IpAddress& claimed = asks ? parsed.source : target;
    const auto* address = round.snapshot->find_address(target);
    const bool about_ours =
        address != nullptr && address->port == packet.port() && !address->kernel_answers;
    if (!about_ours && round.snapshot->find_address(claimed) == nullptr) return;
    if (!net::is_neighbour_message_valid(packet.frame(), parsed))
        return drop(packet, Drop::malformed_neighbour);
    if (is_claimed_by(net::claimed_mac(packet.frame(), parsed), claimed, packet, round, port_mac)) {
        packet.kind = Kind::claim;
        return;
    }
    if (!about_ours || !asks || !is_for_our_mac(ethernet.destination, port_mac, *address)) return;
    if (!round.owns(*address)) return drop(packet, Drop::not_owned);
    packet.address = address;
    packet.kind = Kind::solicitation;
}

// Verified only if the NIC says so; without that offload the flags say "unknown".
net::IpChecksum nic_verdict(const rte_mbuf& mbuf) {
    return (mbuf.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD
               ? net::IpChecksum::verified
               : net::IpChecksum::verify;
}

// The field holds the pseudo header's sum, which the kernel leaves for a NIC to complete, though no
// flag says so: AF_XDP delivers frames of guests and containers like that.
bool has_open_checksum(const Packet& packet) {
    const net::Bytes frame = packet.frame();
    auto& field = net::header_in<net::Be16>(
        frame, packet.parsed.l4_offset + net::checksum_offset(packet.parsed));
    const net::Be16 arrived = field;
    net::open_checksum(frame, packet.parsed);
    return std::exchange(field, arrived) == arrived;
}

// A corrupt segment must not change a flow, and incremental updates would not repair its checksum.
// By the NIC's flags, else in software; noted in the mbuf for a worker that it may be handed off
// to.
bool is_sound(const Packet& packet) {
    const std::uint64_t verdict = packet.mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
    // NONE: from our own host or a guest, which left the field for the tx port to complete.
    if (verdict == RTE_MBUF_F_RX_L4_CKSUM_GOOD || verdict == RTE_MBUF_F_RX_L4_CKSUM_NONE)
        return true;
    if (verdict == RTE_MBUF_F_RX_L4_CKSUM_BAD) return false;
    if (net::is_l4_checksum_valid(packet.frame(), packet.parsed))
        packet.mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    else if (has_open_checksum(packet))
        packet.mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
    else
        return false;
    return true;
}

// On an address that the host has too, headers alone decide (Snapshot::claims), not flows, for the
// nftables guard of a shared interface must decide alike.
void classify_tcp(Packet& packet, const PollRound& round) {
    const net::Parsed& parsed = packet.parsed;
    packet.service = round.snapshot->find_service(parsed.destination, parsed.destination_port);
    if (packet.address->is_hosts && packet.service == exchange::Snapshot::no_service &&
        !round.snapshot->claims(parsed.source, parsed.source_port, parsed.destination,
                                parsed.destination_port))
        return;
    if (!is_sound(packet)) return drop(packet, Drop::bad_tcp_checksum);
    packet.kind =
        packet.service != exchange::Snapshot::no_service ? Kind::to_service : Kind::to_local;
}

// For a virtual router just handed over: known flows go on, everything else is dropped.
void classify_handover_grace(Packet& packet, const PollRound& round) {
    const net::Parsed& parsed = packet.parsed;
    if (!parsed.is_tcp() || parsed.fragment != net::Fragment::none || !is_sound(packet))
        return drop(packet, Drop::not_owned);
    packet.service = round.snapshot->find_service(parsed.destination, parsed.destination_port);
    packet.kind = Kind::handover_grace;
}

// A NAT server's packet to a client reaches us as the server's gateway, by MAC alone: the port's,
// or that of a virtual router that we are master of.
bool is_to_our_mac(const net::MacAddress& destination, const net::MacAddress& port_mac,
                   const Packet& packet, const PollRound& round) {
    return destination == port_mac ||
           round.snapshot->find_router(packet.port(), destination, [&](std::uint16_t router) {
               return round.owns(router) || round.in_grace(router);
           }) != Packet::no_router;
}

void classify_nat_return(Packet& packet, const PollRound& round,
                         const net::EthernetHeader& ethernet, const net::MacAddress& port_mac) {
    const net::Parsed& parsed = packet.parsed;
    if (parsed.fragment != net::Fragment::none) return;
    const auto is_nat_server = [&](const net::IpAddress& address, net::Be16 port) {
        return round.snapshot->find_nat_server(address, port) != exchange::Snapshot::no_server;
    };
    Kind kind = Kind::kernel;
    if (parsed.is_tcp() && is_nat_server(parsed.source, parsed.source_port)) {
        kind = Kind::nat_return;
    } else if (net::is_icmp_error(parsed)) {
        const net::Parsed quoted = net::parse_quoted(packet.frame(), parsed);
        if (is_nat_server(quoted.destination, quoted.destination_port)) kind = Kind::icmp_error;
    }
    if (kind == Kind::kernel || round.snapshot->is_kernels(parsed.destination) ||
        !is_to_our_mac(ethernet.destination, port_mac, packet, round))
        return;
    if (kind == Kind::nat_return && !is_sound(packet)) return drop(packet, Drop::bad_tcp_checksum);
    packet.kind = kind;
}

void classify_echo(Packet& packet, const PollRound& round) {
    if (!round.accepts(*packet.address)) return drop(packet, Drop::not_accepted);
    if (round.owns(packet.parsed.source)) return drop(packet, Drop::own_source);
    packet.kind = Kind::echo;
}

// The fragments of an echo request are turned round one by one and are together the reply, whose
// checksum its receiver looks at. So nothing is kept here that could be filled. A later one does
// not say what message it is of: at worst its sender has it back. Others are not put together.
void classify_fragment(Packet& packet, const PollRound& round) {
    const net::Parsed& parsed = packet.parsed;
    const bool four = parsed.network == net::Network::ipv4;
    const bool echo =
        parsed.fragment == net::Fragment::later ||
        parsed.message_type == (four ? net::Ip4::echo_request : net::Ip6::echo_request);
    if (parsed.protocol == (four ? net::IpProtocol::icmp : net::IpProtocol::icmpv6) && echo)
        return classify_echo(packet, round);
    drop(packet, Drop::fragment);
}

void classify_icmp(Packet& packet, const PollRound& round) {
    const bool request = packet.parsed.message_type == (packet.parsed.network == net::Network::ipv4
                                                            ? net::Ip4::echo_request
                                                            : net::Ip6::echo_request);
    const bool error = net::is_icmp_error(packet.parsed);
    if (!request && !error) return drop(packet, Drop::unexpected_protocol);
    if (!net::is_l4_checksum_valid(packet.frame(), packet.parsed))
        return drop(packet, Drop::bad_icmp_checksum);
    if (request) return classify_echo(packet, round);
    packet.kind = Kind::icmp_error;
}

// On an address that the host has too. Without its first fragment the rest of a segment is nothing,
// so the kernel may have that.
void classify_hosts(Packet& packet, const PollRound& round) {
    const net::Parsed& parsed = packet.parsed;
    if (parsed.is_tcp() && parsed.fragment == net::Fragment::none)
        return classify_tcp(packet, round);
    if (parsed.is_tcp() && parsed.fragment == net::Fragment::first &&
        round.snapshot->find_service(parsed.destination, parsed.destination_port) !=
            exchange::Snapshot::no_service)
        return drop(packet, Drop::fragment);
    if (net::is_icmp_error(parsed) && parsed.fragment == net::Fragment::none)
        packet.kind = Kind::icmp_error;
}

// An unspecified source (DHCP, duplicate address detection): there is nobody to answer.
bool is_nobody(const net::IpAddress& source) {
    return source.is_unspecified() || source == net::IpAddress::v4(0, 0, 0, 0);
}

// Arrived on another port than the owned address's, from a client or server whose gateway we are
// there: only TCP and ICMP errors of flows are ours, the rest is the kernel's.
void classify_from_elsewhere(Packet& packet, const PollRound& round,
                             const net::EthernetHeader& ethernet, const net::MacAddress& port_mac,
                             const exchange::OwnedAddress& address) {
    const net::Parsed& parsed = packet.parsed;
    const bool in_grace = round.in_grace(address.virtual_router);
    if ((!round.owns(address) && !in_grace) || is_nobody(parsed.source) ||
        parsed.fragment != net::Fragment::none ||
        !is_to_our_mac(ethernet.destination, port_mac, packet, round))
        return;
    packet.address = &address;
    if (parsed.is_tcp())
        in_grace ? classify_handover_grace(packet, round) : classify_tcp(packet, round);
    else if (net::is_icmp_error(parsed) && !in_grace)
        packet.kind = Kind::icmp_error;
}

// VRRP, also within an authentication header, whose first byte is the next header (RFC 2402 2).
bool is_advert(const Packet& packet) {
    const net::Parsed& parsed = packet.parsed;
    if (parsed.protocol == net::IpProtocol::vrrp) return true;
    return parsed.protocol == net::IpProtocol::ah && parsed.fragment != net::Fragment::later &&
           parsed.l4_bytes() != 0 &&
           packet.frame()[parsed.l4_offset] == static_cast<std::uint8_t>(net::IpProtocol::vrrp);
}

// To a virtual MAC, but to no owned address: that virtual router's traffic while we are master, to
// be dropped while we are not (RFC 9568 6.4.2).
void note_virtual_mac(Packet& packet, const PollRound& round, const net::MacAddress& destination) {
    packet.router =
        round.snapshot->find_router(packet.port(), destination, [](std::uint16_t) { return true; });
    if (packet.router != Packet::no_router && !round.owns(packet.router))
        drop(packet, Drop::not_owned);
}

void classify_ip(Packet& packet, const PollRound& round, const net::EthernetHeader& ethernet,
                 const net::MacAddress& port_mac) {
    const net::Parsed& parsed = packet.parsed;
    if (is_advert(packet) &&
        (ethernet.destination.is_multicast() || ethernet.destination == port_mac)) {
        packet.kind = Kind::vrrp;
        return;
    }
    if (net::is_neighbour_message(parsed))
        return classify_neighbour(packet, round, ethernet, port_mac);
    const auto* address = round.snapshot->find_address(parsed.destination);
    if (address == nullptr) return classify_nat_return(packet, round, ethernet, port_mac);
    if (address->port != packet.port())
        return classify_from_elsewhere(packet, round, ethernet, port_mac, *address);
    if (!is_for_our_mac(ethernet.destination, port_mac, *address)) return;
    packet.address = address;
    if (!round.owns(*address)) {
        if (round.in_grace(address->virtual_router)) return classify_handover_grace(packet, round);
        return drop(packet, Drop::not_owned);
    }
    if (is_nobody(parsed.source)) return drop(packet, Drop::malformed_ip);
    // A frame to a group MAC with a unicast IP address is never answered (RFC 1122 3.3.6).
    if (ethernet.destination.is_multicast()) return drop(packet, Drop::unexpected_protocol);
    if (address->is_hosts) return classify_hosts(packet, round);
    if (parsed.fragment != net::Fragment::none) return classify_fragment(packet, round);
    if (parsed.is_tcp()) return classify_tcp(packet, round);
    if (parsed.is_icmp()) return classify_icmp(packet, round);
    drop(packet, Drop::unexpected_protocol);
}

// Removes priority tags (VLAN 0), two at most.
void strip_priority_tags(Packet& packet) {
    for (int tag = 0; tag < 2 && packet.parsed.tag_count != 0; ++tag) {
        constexpr std::uint16_t vlan_id = 0x0fff;
        const bool is_priority = (packet.parsed.tags[0].host() & vlan_id) == 0;
        if (!is_priority || packet.has_stripped_vlan() || rte_vlan_strip(packet.mbuf) != 0) return;
        packet.parsed = net::parse(packet.frame(), nic_verdict(*packet.mbuf));
    }
}

}  // namespace

void note_open_checksum(const Packet& packet) {
    const net::Parsed& parsed = packet.parsed;
    const bool is_udp = parsed.protocol == net::IpProtocol::udp;
    if (!parsed.ok() || !parsed.is_ip() || parsed.fragment != net::Fragment::none ||
        !(parsed.is_tcp() || is_udp) || (packet.mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != 0)
        return;
    if (has_open_checksum(packet)) packet.mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_NONE;
}

void classify(Packet& packet, const PollRound& round, std::span<const net::MacAddress> port_macs) {
    packet.kind = Kind::kernel;
    ::new (&packet.parsed) net::Parsed(
        net::parse(packet.frame(), nic_verdict(*packet.mbuf)));  // in place: no copy of a line
    if (packet.parsed.tag_count != 0) strip_priority_tags(packet);
    if (packet.frame().size() < sizeof(net::EthernetHeader))
        return drop(packet, Drop::malformed_ethernet);
    // To the kernel: VLANs, frames that our own host sent (packet sockets see both directions), and
    // malformed ones for others.
    const auto& ethernet = net::header_at<net::EthernetHeader>(packet.frame(), 0);
    const net::MacAddress& port_mac = port_macs[packet.port()];
    if (packet.is_of_vlan() || ethernet.source == port_mac) return;
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
    if (packet.address != nullptr)
        packet.router = packet.address->virtual_router;
    else if (packet.kind == Kind::kernel && net::is_virtual_router_mac(ethernet.destination))
        note_virtual_mac(packet, round, ethernet.destination);
}

}  // namespace warren::datapath
