// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/icmp_relay.h"

namespace warren::datapath {

using exchange::Drop;
using flow::Side;

namespace {

// What the client hears of a packet that it sent to the VIP. A router in the server's network is
// nobody to the client, so the VIP says it (RFC 5508 REQ-4).
net::IcmpErrorRewrite to_the_client(const flow::Flow& flow) {
    return {.source = flow.vip(),
            .destination = flow.client_address(),
            .quoted_source = flow.client_address(),
            .quoted_destination = flow.vip(),
            .quoted_source_port = flow.client_port,
            .quoted_destination_port = flow.service_port,
            .add_to_sequence = 0U - flow.seq_delta};
}

// What the server hears of a packet that it sent to its side's address of the client. In FNAT the
// local address says it: the server may know no way to the router.
net::IcmpErrorRewrite to_the_server(const flow::Flow& flow, const net::IpAddress& reporter) {
    return {.source = flow.method == flow::Method::fnat ? flow.local_address() : reporter,
            .destination = flow.server_address(),
            .quoted_source = flow.server_address(),
            .quoted_destination = flow.local_address(),
            .quoted_source_port = flow.server_port,
            .quoted_destination_port = flow.local_port,
            .add_to_acknowledgement = flow.seq_delta};
}

}  // namespace

// The quoted packet turned round is one that the end it was sent to would send: it finds the flow
// and tells which end that is.
Verdict IcmpRelay::relay(Packet& packet, const PollRound& round) {
    const net::Parsed quoted = net::parse_quoted(packet.frame(), packet.parsed);
    // About nothing of ours: perhaps about what the host has sent.
    const Verdict unmatched = packet.address != nullptr && packet.address->is_hosts
                                  ? Verdict::kernel()
                                  : Verdict::drop(Drop::icmp_unmatched);
    if (quoted.protocol != net::IpProtocol::tcp) return unmatched;
    const flow::FlowTable::Hit hit = tables_.flows.find(
        {quoted.destination, quoted.source, quoted.destination_port, quoted.source_port});
    if (!hit) {
        const unsigned owner = owner_of_error(packet, quoted, round);
        return steering_.hands_off_to(owner) ? Verdict::hand_off(owner) : unmatched;
    }
    const flow::Flow& flow = tables_.flows[hit.index];
    if (flow.state == flow::TcpState::elsewhere)
        return steering_.points_back(flow) ? unmatched : steering_.follow(flow);
    if (!round.owns(flow.vip())) return Verdict::drop(Drop::not_owned);
    if (packet.hop_limit() <= 1) return Verdict::drop(Drop::ttl_expired);
    if (!net::is_l4_checksum_valid(packet.frame(), packet.parsed))
        return Verdict::drop(Drop::bad_icmp_checksum);
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    if (hit.from == Side::client && !server.reachable) return Verdict::drop(Drop::no_neighbour);
    if (!flow::sees_both_sides(flow.method)) {
        if (!emitter_.direct_to(server, packet)) return Verdict::drop(Drop::no_mbuf);
        tables_.counters.icmp_errors_relayed.add();
        return Verdict::transmit(server.out_port);
    }
    const bool to_client = hit.from == Side::server;
    // A client whose SYN another server can take hears nothing of the first (RFC 5927 4.1: the
    // quoted number shows that the sender has seen our SYN).
    if (to_client && flow.state == flow::TcpState::syn_sent &&
        quoted.sequence == flow.ack_from_server - 1 &&
        half_open_.replay(hit.index, exchange::FlowEventKind::unanswered, round))
        return Verdict::drop(Drop::refused_elsewhere);
    const std::size_t length = net::rewrite_icmp_error(
        packet.room(), packet.parsed, quoted,
        to_client ? to_the_client(flow) : to_the_server(flow, packet.parsed.source));
    if (length == 0) return Verdict::drop(Drop::icmp_unmatched);
    packet.become(length);
    tables_.counters.icmp_errors_relayed.add();
    auto& ethernet = net::header_in<net::EthernetHeader>(packet.frame(), 0);
    const exchange::Snapshot& snapshot = *round.snapshot;
    ethernet.source =
        to_client ? snapshot.mac_on(flow.client_port_index, *snapshot.find_address(flow.vip()))
                  : server.link_source;
    ethernet.destination = to_client ? flow.client_mac : server.next_hop;
    return Verdict::transmit(to_client ? flow.client_port_index : server.out_port);
}

// Of the flow that an error is about, if it is none of ours: by the quoted packet turned round.
unsigned IcmpRelay::owner_of_error(const Packet& packet, const net::Parsed& quoted,
                                   const PollRound& round) const {
    const flow::Tuple answer{quoted.destination, quoted.source, quoted.destination_port,
                             quoted.source_port};
    const exchange::Snapshot& snapshot = *round.snapshot;
    const std::uint16_t service = snapshot.find_service(quoted.source, quoted.source_port);
    if (service != exchange::Snapshot::no_service)
        return snapshot.services[service].goes_by_client()
                   ? steering_.owner_of_client(snapshot.services[service], answer.source,
                                               answer.source_port)
                   : steering_.owner_of(answer);
    if (packet.address != nullptr) return steering_.owner_of(answer);
    // NAT: sent to the server in the client's name.
    const std::uint16_t server =
        snapshot.find_nat_server(quoted.destination, quoted.destination_port);
    if (server == exchange::Snapshot::no_server) return steering_.worker();
    return steering_.owner_of_client(snapshot.services[snapshot.servers[server].service],
                                     quoted.source, quoted.source_port);
}

Verdict IcmpRelay::answer_with_error(Packet& packet, const PollRound& round,
                                     net::IcmpErrorKind kind, std::size_t mtu) {
    const Drop reason = kind == net::IcmpErrorKind::too_big ? Drop::too_big : Drop::ttl_expired;
    if (!budget_.take(round.now_ns)) return Verdict::drop(reason);
    const std::size_t length =
        net::build_icmp_error(packet.room(), packet.frame(), packet.parsed, packet.address->address,
                              kind, static_cast<std::uint16_t>(mtu));
    if (length == 0) return Verdict::drop(reason);
    packet.become(length);
    tables_.counters.icmp_errors_sent.add();
    return Verdict::transmit(packet.port());
}

}  // namespace warren::datapath
