// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/forward.h"

#include <algorithm>

#include "datapath/rewrite.h"
#include "flow/isn.h"
#include "flow/probe.h"
#include "flow/proxied.h"
#include "flow/sequence.h"
#include "flow/unsure.h"
#include "net/crossing.h"
#include "net/tcp_options.h"

namespace warren::datapath {

using exchange::Drop;
using exchange::EndCause;
using exchange::FlowEventKind;
using flow::Side;
using flow::TcpState;

namespace {

// In the server's sequence number space.
flow::Segment as_the_server_sees(flow::Segment segment, Side from, std::uint32_t seq_delta) {
    if (from == Side::client) segment.sequence += seq_delta;
    return segment;
}

// A client's SYN on this flow opens a new connection.
bool may_start_again(const flow::Flow& flow) {
    return flow::is_recyclable(flow.state) || flow::has_closed_unseen(flow.method, flow.state);
}

EndCause cause_of(TcpState before, Side from, std::uint8_t flags) {
    if ((flags & net::tcp_flag::rst) != 0)
        return from == Side::client ? EndCause::client_reset : EndCause::server_reset;
    return before == TcpState::fin_client ? EndCause::client_fin : EndCause::server_fin;
}

}  // namespace

void Forwarder::prefetch(Packet& packet) const {
    if (!packet.is_of_flow()) return;
    packet.hash = packet.in_words([&](const auto& words) { return flows_.hash(words); });
    flows_.prefetch(packet.hash);
}

void Forwarder::prefetch_flow(Packet& packet) const {
    if (!packet.is_of_flow()) return;
    packet.candidate =
        flows_.fetch_candidate(packet.hash, packet.parsed.network == net::Network::ipv4);
}

flow::FlowTable::Hit Forwarder::find(const Packet& packet) const {
    return packet.in_words(
        [&](const auto& words) { return flows_.find(words, packet.hash, packet.candidate); });
}

Verdict Forwarder::to_service(Packet& packet, const PollRound& round) {
    const flow::FlowTable::Hit hit = find(packet);
    if (hit && !(packet.is_first_syn() && may_start_again(flows_[hit.index])))
        return forward(packet, round, hit.index, hit.from);
    if (hit) tables_.remove(hit.index, round);
    if (const unsigned owner = owner_of(packet, round); steering_.hands_off_to(owner))
        return Verdict::hand_off(owner);
    if (round.owns(packet.parsed.source)) return Verdict::drop(Drop::own_source);
    if (!packet.is_first_syn()) return refuse_stray(packet, round);
    if (packet.hop_limit() <= 1)
        return icmp_.answer_with_error(packet, round, net::IcmpErrorKind::time_exceeded);
    const Admission::Outcome admitted = admission_.admit(packet, round);
    return admitted.flow == flow::no_flow ? admitted.verdict : open(packet, round, admitted.flow);
}

// In DR and TUN we do not see the SYN-ACK: there the SYN itself waits until the sync peer knows.
Verdict Forwarder::open(Packet& packet, const PollRound& round, flow::FlowIndex index) {
    const Verdict verdict = forward(packet, round, index, Side::client);
    const bool sees_answer = flow::sees_both_sides(flows_[index].method);
    return sees_answer ? verdict : deferred(packet, verdict, index, round);
}

Verdict Forwarder::deferred(Packet& packet, const Verdict& verdict, flow::FlowIndex index,
                            const PollRound& round) {
    const bool waits = verdict.action == Verdict::Action::transmit &&
                       deferral_.hold(packet.mbuf, verdict.target, index, round);
    return waits ? Verdict::held() : verdict;
}

// A client's segment without a flow. The manager may still know why the flow ended. A SYN with FIN
// is a scanner's: a listener drops it, as Linux does.
Verdict Forwarder::refuse_stray(Packet& packet, const PollRound& round) {
    if (packet.is_syn() && !packet.segment().has_ack()) return Verdict::drop(Drop::malformed_tcp);
    exchange::FlowEvent event = exchange::FlowEvent::of_client(
        packet.parsed.source, packet.parsed.source_port, packet.service);
    event.kind = FlowEventKind::stray;
    const Verdict verdict = emitter_.refuse_unknown(packet, round);
    if (verdict.action != Verdict::Action::transmit) return verdict;
    if (packet.service != exchange::Snapshot::no_service)
        tables_.link.services[packet.service].strays.add();
    static_cast<void>(tables_.report_rate_limited(event, round.tick));
    return verdict;
}

unsigned Forwarder::owner_of(const Packet& packet, const PollRound& round) const {
    if (packet.service == exchange::Snapshot::no_service) return steering_.owner_of(packet);
    const exchange::Service& service = round.snapshot->services[packet.service];
    return service.goes_by_client()
               ? steering_.owner_of_client(service, packet.parsed.source, packet.parsed.source_port)
               : steering_.owner_of(packet);
}

// Old and new master rewrite alike, so a segment may take either. Handshakes that began here go on;
// no new flow begins here.
Verdict Forwarder::forward_in_grace(Packet& packet, const PollRound& round) {
    const flow::FlowTable::Hit hit = find(packet);
    if (hit) {
        const TcpState state = flows_[hit.index].state;
        if (flow::is_synced(state) || flow::is_half_open(state) || state == TcpState::elsewhere)
            return forward(packet, round, hit.index, hit.from);
    }
    if (!hit)
        if (const unsigned owner = owner_of(packet, round); steering_.hands_off_to(owner))
            return Verdict::hand_off(owner);
    return Verdict::drop(Drop::not_owned);
}

Verdict Forwarder::to_local(Packet& packet, const PollRound& round) {
    const flow::FlowTable::Hit hit = find(packet);
    if (hit) return forward(packet, round, hit.index, hit.from);
    if (const unsigned owner = steering_.owner_of(packet); steering_.hands_off_to(owner))
        return Verdict::hand_off(owner);
    if (!round.accepts(*packet.address)) return Verdict::drop(Drop::not_accepted);
    if (round.owns(packet.parsed.source)) return Verdict::drop(Drop::own_source);
    return packet.is_first_syn() ? emitter_.refuse(packet, Drop::no_flow)
                                 : emitter_.refuse_unknown(packet, round);
}

// Without a flow the server gets RST, as at a local address, if the VIP of the service is ours.
Verdict Forwarder::from_nat_server(Packet& packet, const PollRound& round) {
    const exchange::Snapshot& snapshot = *round.snapshot;
    const net::Parsed& parsed = packet.parsed;
    const flow::FlowTable::Hit hit = find(packet);
    const std::uint16_t service =
        hit ? flows_[hit.index].service_id
            : snapshot.servers[snapshot.find_nat_server(parsed.source, parsed.source_port)].service;
    packet.address = snapshot.find_address(snapshot.services[service].address);
    if (packet.address == nullptr) return Verdict::kernel();
    if (round.in_grace(packet.address->virtual_router)) {
        packet.kind = Kind::handover_grace;
        return forward_in_grace(packet, round);
    }
    if (!round.owns(*packet.address)) return Verdict::kernel();
    if (hit) return forward(packet, round, hit.index, hit.from);
    const unsigned owner = steering_.owner_of_client(snapshot.services[service], parsed.destination,
                                                     parsed.destination_port);
    if (steering_.hands_off_to(owner)) return Verdict::hand_off(owner);
    return emitter_.refuse_unknown(packet, round);
}

Verdict Forwarder::forward(Packet& packet, const PollRound& round, flow::FlowIndex index,
                           Side from) {
    flow::Flow& flow = flows_[index];
    if (flow.state >= TcpState::dead) return answer_without(packet, round, index, from);
    if (from == Side::server && flow.state == TcpState::syn_sent)
        return answer_of_server(packet, round, index);
    return pass(packet, round, index, from);
}

// A server's answer to a SYN.
Verdict Forwarder::answer_of_server(Packet& packet, const PollRound& round, flow::FlowIndex index) {
    if (const auto verdict = half_open_.answer(packet, round, index)) return *verdict;
    const Verdict verdict = pass(packet, round, index, Side::server);
    const bool may_wait = flows_[index].state == TcpState::syn_received;
    return may_wait ? deferred(packet, verdict, index, round) : verdict;
}

Verdict Forwarder::pass(Packet& packet, const PollRound& round, flow::FlowIndex index, Side from) {
    flow::Flow& flow = flows_[index];
    if (packet.hop_limit() <= 1)
        return icmp_.answer_with_error(packet, round, net::IcmpErrorKind::time_exceeded);
    if (from == Side::client && packet.is_first_syn()) {
        prepare_syn(packet, flow);
        if (!flow::sees_both_sides(flow.method)) half_open_.leave_silent_server(index, round);
    }
    const bool is_plain = flow.header_due == net::ProxyVersion::none;
    const Verdict verdict = !is_plain              ? introduce(packet, round, index, from)
                            : from == Side::client ? send_to_server(packet, round, flow)
                                                   : send_to_client(packet, round, flow);
    if (verdict.action == Verdict::Action::transmit) note_segment(packet, round, index, from);
    return verdict;
}

// A stub of a dead flow, or a signpost to the worker that has the flow.
Verdict Forwarder::answer_without(Packet& packet, const PollRound& round, flow::FlowIndex index,
                                  Side from) {
    flow::Flow& flow = flows_[index];
    if (flow.state == TcpState::dead) return dead_flows_.answer(packet, flow, from);
    flow.last_seen = round.tick;
    if (!steering_.points_back(flow)) return steering_.follow(flow);
    tables_.remove(index, round);
    return packet.kind == Kind::to_service ? to_service(packet, round)
                                           : Verdict::drop(Drop::no_flow);
}

// For retransmissions as well.
void Forwarder::prepare_syn(Packet& packet, flow::Flow& flow) {
    const bool is_proxied = flow.header_due != net::ProxyVersion::none;
    const net::Bytes tcp = packet.parsed.l4_header(packet.frame());
    // TFO data would reach the server before the PROXY header.
    if (is_proxied) net::blank_option(tcp, net::TcpOption::fast_open);
    // Clients share a local address but not a clock: the server's PAWS would drop segments of one
    // for another's timestamps (RFC 7323 5), so the option is never negotiated. Nor with PROXY,
    // whose header we send in a segment of our own, without a timestamp.
    if (is_proxied || flow.method == flow::Method::fnat)
        net::blank_option(tcp, net::TcpOption::timestamps);
    // A new attempt may have another ISN; the server must see the one it has seen already.
    if (flow.method == flow::Method::fnat && flow.state == TcpState::syn_sent)
        flow.seq_delta = flow.ack_from_server - 1 - packet.parsed.sequence;
}

// PROXY protocol: sends the header before the client's data, until the server has acknowledged it.
Verdict Forwarder::introduce(Packet& packet, const PollRound& round, flow::FlowIndex index,
                             Side from) {
    flow::Flow& flow = flows_[index];
    if (from == Side::server) {
        await_header(packet, index);
        return send_to_client(packet, round, flow);
    }
    if (!flow::header_goes_before(flow, packet.segment()))
        return send_to_server(packet, round, flow);
    const net::ProxyHeader header = flow::proxy_header_of(flow);
    const std::uint32_t seq_delta = flow.seq_delta;
    if (!flow::header_has_gone(flow)) flow.seq_delta += header.size();
    const auto instead = send_header(packet, round, flow, header);
    const Verdict verdict = instead ? *instead : send_to_server(packet, round, flow);
    if (verdict.action != Verdict::Action::transmit)
        flow.seq_delta = seq_delta;  // nothing was sent: undo
    return verdict;
}

// In place of a bare ACK (if that is lost, the server repeats its SYN-ACK and the client's answer
// brings the header again), else before the segment, which is then forwarded (nullopt).
std::optional<Verdict> Forwarder::send_header(Packet& packet, const PollRound& round,
                                              const flow::Flow& flow,
                                              const net::ProxyHeader& header) {
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    if (!server.reachable) return Verdict::drop(Drop::no_neighbour);
    const flow::Tuple ends = flow.sent_to(Side::server);
    const auto& tcp = net::header_at<net::TcpHeader>(packet.parsed.l4_header(packet.frame()), 0);
    const net::TcpSegment segment{.source = ends.source,
                                  .destination = ends.destination,
                                  .source_port = ends.source_port,
                                  .destination_port = ends.destination_port,
                                  .sequence = flow.ack_from_server,
                                  .acknowledgement = packet.parsed.acknowledgement,
                                  .flags = net::tcp_flag::ack | net::tcp_flag::psh,
                                  .window = tcp.window.host(),
                                  .payload = header.bytes()};
    const bool says_more =
        packet.parsed.segment_length() != 0 || (packet.parsed.tcp_flags & net::tcp_flag::rst) != 0;
    // After a hand-over the new master sends both.
    if (says_more && packet.kind == Kind::handover_grace) return Verdict::drop(Drop::not_owned);
    tables_.counters.proxy_headers.add();
    if (says_more) {
        if (emitter_.send_to_server(server, segment)) return std::nullopt;
        return Verdict::drop(Drop::no_mbuf);
    }
    const std::size_t length =
        net::build_tcp(packet.room(), {server.link_source, server.next_hop}, segment);
    if (length == 0) return Verdict::drop(Drop::no_mbuf);
    packet.become(length);
    exchange::ServerCounters& counted = servers_[flow.server_id];
    counted.to_server.add();
    counted.to_server_bytes.add(length);
    return Verdict::transmit(server.out_port);
}

// Until the header is acknowledged the client must not see ACKs of it: they are held at the
// client's first byte.
void Forwarder::await_header(Packet& packet, flow::FlowIndex index) {
    flow::Flow& flow = flows_[index];
    if (!flow::header_has_gone(flow) || (packet.parsed.tcp_flags & net::tcp_flag::ack) == 0) return;
    const std::uint32_t first = flow::first_byte_of_client(flow);
    const std::uint32_t acknowledged = packet.parsed.acknowledgement;
    if (static_cast<std::int32_t>(acknowledged - first) >= 0) {
        flow.header_due = net::ProxyVersion::none;
        flows_.synced_flows().note_state(index, flow);
        return;
    }
    const net::Bytes tcp = packet.parsed.l4_header(packet.frame());
    net::blank_option(tcp, net::TcpOption::sack);
    net::ChecksumDelta delta;
    auto& header = net::header_in<net::TcpHeader>(tcp, 0);
    delta.replace(header.acknowledgement, net::Be32(first));
    header.acknowledgement = net::Be32(first);
    header.checksum = delta.apply(header.checksum);
    packet.parsed.acknowledgement = flow.ack_from_server;
}

// Records a forwarded segment in its flow: sequence numbers, state, age.
void Forwarder::note_segment(const Packet& packet, const PollRound& round, flow::FlowIndex index,
                             Side from) {
    flow::Flow& flow = flows_[index];
    const flow::Segment segment = as_the_server_sees(packet.segment(), from, flow.seq_delta);
    flow::note_seen(flow, from, round.tick);
    if ((segment.flags & net::tcp_flag::rst) != 0 && !flow::reset_is_exact(flow, from, segment)) {
        // Our numbers may be wrong: probe its receiver in a second.
        if (flow::is_unsure(flow) && flow.state == TcpState::established)
            flows_.make_due(index, round.tick + flow::ticks_of_seconds(1));
        return;
    }
    if (flow.state == TcpState::syn_received && from == Side::client &&
        (segment.flags & net::tcp_flag::rst) == 0 && !flow::answers_server(flow, segment))
        return;
    const std::uint32_t syn_sent_us = flow.syn_sent_us;
    if (from == Side::client && flow::is_repeated(flow, segment))
        servers_[flow.server_id].repeated.add();
    if (flow::is_unsure(flow)) [[unlikely]] {
        flow::start_again(flows_.start(index), flow, from, segment);
        flow::learn(flow, from, segment);
    }
    flow::track(flow, from, segment);
    const TcpState next = flow::sees_both_sides(flow.method)
                              ? flow::step(flow.state, from, segment.flags)
                              : flow::step_one_way(flow.state, segment.flags);
    if (next != flow.state) [[unlikely]]
        change_state(index, next, round,
                     {.from = from, .flags = segment.flags, .syn_sent_us = syn_sent_us});
}

void Forwarder::change_state(flow::FlowIndex index, TcpState after, const PollRound& round,
                             const Change& change) {
    flow::Flow& flow = flows_[index];
    const TcpState before = flow.state;
    flows_.set_state(index, after, round.tick);
    if (flow::is_load(before) != flow::is_load(after)) tables_.count_flows(flow.server_id);
    // In a SYN flood the channel's room is for other events.
    if (after == TcpState::syn_received && !flows_.half_open().is_crowded()) {
        tables_.report(
            {.kind = FlowEventKind::established, .latency_us = round.now_us() - change.syn_sent_us},
            flow);
    }
    // In DR and TUN we do not see the server's answer, and so no latency.
    if (before == TcpState::syn_sent && after == TcpState::established)
        tables_.report({.kind = FlowEventKind::established}, flow);
    if (flow::is_half_open(before) && flow::has_opened(after)) tables_.choice.confirm(flow, round);
    if (before == TcpState::syn_sent && after == TcpState::established)
        half_open_.note_answer(flow.server_id, round);
    if (flow::is_live(after) || !flow::is_live(before)) return;
    const bool refused = before == TcpState::syn_sent && change.from == Side::server;
    if (refused) servers_[flow.server_id].refused.add();
    tables_.counters.flows_ended.add();
    tables_.count_end(flow, round);
    tables_.report({.kind = refused ? FlowEventKind::refused : FlowEventKind::ended,
                    .cause = cause_of(before, change.from, change.flags),
                    .bytes = flow::carried(flow, flows_.start(index),
                                           flow::has_opened(after) ? after : before)},
                   flow);
}

Verdict Forwarder::send_to_server(Packet& packet, const PollRound& round, flow::Flow& flow) {
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    if (!server.reachable) return Verdict::drop(Drop::no_neighbour);
    const std::size_t room = room_to(server, *round.snapshot);
    const bool both_sides = flow::sees_both_sides(flow.method);
    const net::Crossing crossing(packet.parsed, packet.bytes(),
                                 both_sides ? flow.server_address() : flow.vip());
    if (crossing.leaving_bytes() > room)
        return icmp_.answer_with_error(packet, round, net::IcmpErrorKind::too_big,
                                       crossing.arriving_bytes(room));
    flow.client_mac = net::header_at<net::EthernetHeader>(packet.frame(), 0).source;
    flow.client_port_index = packet.port();
    if (packet.is_syn())
        net::Path{{flow.client_address().is_v4(), round.snapshot->mtu_of(packet.port())},
                  {crossing.leaves_as_v4(), room}}
            .fit_mss(packet.frame(), packet.parsed);
    const bool made = both_sides
                          ? rewrite(packet, {.flow = flow,
                                             .to = Side::server,
                                             .link_source = server.link_source,
                                             .link_destination = server.next_hop,
                                             .identification = emitter_.next_identification()})
                          : emitter_.direct_to(server, packet);
    if (!made) return Verdict::drop(Drop::no_mbuf);
    exchange::ServerCounters& counted = servers_[flow.server_id];
    counted.to_server.add();
    counted.to_server_bytes.add(packet.mbuf->pkt_len);
    return Verdict::transmit(server.out_port);
}

Verdict Forwarder::send_to_client(Packet& packet, const PollRound& round, const flow::Flow& flow) {
    const exchange::OwnedAddress* vip = round.snapshot->address_of(flow.service_id);
    if (vip == nullptr) return Verdict::drop(Drop::not_owned);
    const std::size_t room = round.snapshot->mtu_of(flow.client_port_index);
    const net::Crossing crossing(packet.parsed, packet.bytes(), flow.client_address());
    if (crossing.leaving_bytes() > room)
        return icmp_.answer_with_error(packet, round, net::IcmpErrorKind::too_big,
                                       crossing.arriving_bytes(room));
    if (packet.is_syn())
        net::Path{{flow.client_address().is_v4(), room},
                  {flow.server_address().is_v4(), round.snapshot->mtu_of(packet.port())}}
            .fit_mss(packet.frame(), packet.parsed);
    const bool made =
        rewrite(packet, {.flow = flow,
                         .to = Side::client,
                         .link_source = round.snapshot->mac_on(flow.client_port_index, *vip),
                         .link_destination = flow.client_mac,
                         .identification = emitter_.next_identification()});
    if (!made) return Verdict::drop(Drop::no_mbuf);
    exchange::ServerCounters& counted = servers_[flow.server_id];
    counted.to_client.add();
    counted.to_client_bytes.add(packet.mbuf->pkt_len);
    return Verdict::transmit(flow.client_port_index);
}

unsigned Forwarder::move_flows() {
    if (move_at_ == flow::no_flow) {
        if (!tables_.link.moves.pop(move_)) return 0;
        move_at_ = 0;
    }
    const flow::FlowIndex end = std::min(flows_.end_index(), move_at_ + moving_per_round);
    const unsigned looked_at = end - move_at_;
    for (; move_at_ < end; ++move_at_) {
        flow::Flow& flow = flows_[move_at_];
        if (flow.state == TcpState::none || flow.client_port_index != move_.port ||
            flow.client_mac != move_.from)
            continue;
        flow.client_mac = move_.to;
        tables_.counters.clients_moved.add();
    }
    if (move_at_ >= flows_.end_index()) move_at_ = flow::no_flow;
    return looked_at;
}

}  // namespace warren::datapath
