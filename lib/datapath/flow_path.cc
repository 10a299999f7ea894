// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/flow_path.h"

#include <algorithm>

#include "datapath/rewrite.h"
#include "flow/isn.h"
#include "flow/sequence.h"
#include "net/build.h"
#include "net/tcp_options.h"

namespace warren::datapath {

using exchange::Drop;
using exchange::EndCause;
using exchange::FlowEventKind;
using flow::Side;
using flow::TcpState;

namespace {

flow::Tuple tuple_of(const net::Parsed& parsed) {
    return {parsed.source, parsed.destination, parsed.source_port, parsed.destination_port};
}

flow::Segment segment_of(const net::Parsed& parsed) {
    return {parsed.sequence, parsed.acknowledgement, parsed.segment_length(), parsed.tcp_flags};
}

bool is_first_syn(const net::Parsed& parsed) {
    return flow::kind_of(parsed.tcp_flags) == flow::SegmentKind::syn;
}

// The same segment in the numbers that the server sees.
flow::Segment as_the_server_sees(flow::Segment segment, Side from, std::uint32_t seq_delta) {
    if (from == Side::client) segment.sequence += seq_delta;
    return segment;
}

EndCause cause_of(TcpState before, Side from, std::uint8_t flags) {
    if ((flags & net::tcp_flag::rst) != 0)
        return from == Side::client ? EndCause::client_reset : EndCause::server_reset;
    return before == TcpState::fin_client ? EndCause::client_fin : EndCause::server_fin;
}

}  // namespace

FlowPath::FlowPath(const FlowPathOptions& options, exchange::WorkerLink& link, TxBatch& tx)
    : options_(options),
      link_(link),
      counters_(link.counters),
      tx_(tx),
      table_({.capacity = options.capacity,
              .servers = exchange::max_servers,
              .services = exchange::max_services,
              .hash = flow::TupleHash(options.secrets.hash_seed[0], options.secrets.hash_seed[1]),
              .start = options.start}),
      port_cursors_(exchange::max_servers),
      schedulers_(exchange::max_services) {
    for (std::uint32_t server = 0; server < port_cursors_.size(); ++server)
        port_cursors_[server] = flow::PortCursor(options.secrets.first_port + server * 7919,
                                                 options.worker, options.workers);
}

void FlowPath::prefetch(Packet& packet) const {
    if (packet.kind != Kind::to_service && packet.kind != Kind::to_local) return;
    packet.hash = table_.hash(tuple_of(packet.parsed));
    table_.prefetch(packet.hash);
}

void FlowPath::prefetch_flow(const Packet& packet) const {
    if (packet.kind != Kind::to_service && packet.kind != Kind::to_local) return;
    table_.prefetch_flow(packet.hash);
}

// Bits that neither the table's tag nor its home bucket use.
unsigned FlowPath::owner_of(std::uint64_t client_hash) const {
    return static_cast<unsigned>(client_hash >> 16 & 0xffff) % options_.workers;
}

Verdict FlowPath::to_service(Packet& packet, const Round& round) {
    const flow::FlowTable::Hit hit = table_.find(tuple_of(packet.parsed), packet.hash);
    if (hit && !(is_first_syn(packet.parsed) && flow::is_recyclable(table_[hit.index].state)))
        return forward(packet, round, hit.index, hit.from);
    if (const unsigned owner = owner_of(packet.hash); owner != options_.worker)
        return Verdict::hand_off(static_cast<std::uint8_t>(owner));
    if (hit) table_.erase(hit.index);
    return is_first_syn(packet.parsed) ? admit(packet, round) : refuse(packet, Drop::no_flow);
}

Verdict FlowPath::to_local(Packet& packet, const Round& round) {
    const flow::FlowTable::Hit hit = table_.find(tuple_of(packet.parsed), packet.hash);
    if (hit) return forward(packet, round, hit.index, hit.from);
    const unsigned owner = packet.parsed.destination_port.host() % options_.workers;
    if (owner != options_.worker) return Verdict::hand_off(static_cast<std::uint8_t>(owner));
    return refuse(packet, Drop::no_flow);
}

// The frame becomes its own RST, or is dropped if none may be sent; counted under `reason`.
Verdict FlowPath::refuse(Packet& packet, Drop reason) {
    if (!net::is_l4_checksum_valid(packet.frame(), packet.parsed))
        return Verdict::drop(Drop::bad_tcp_checksum);
    const std::size_t length =
        net::build_reset_reply(room_of(packet), packet.frame(), packet.parsed);
    if (length == 0) return Verdict::drop(reason);
    counters_.refusal(reason).add();
    return send_back(packet, length);
}

net::Bytes FlowPath::room_of(const Packet& packet) {
    return {rte_pktmbuf_mtod(packet.mbuf, std::uint8_t*),
            std::size_t{rte_pktmbuf_data_len(packet.mbuf)} + rte_pktmbuf_tailroom(packet.mbuf)};
}

Verdict FlowPath::send_back(Packet& packet, std::size_t length) {
    packet.mbuf->data_len = static_cast<std::uint16_t>(length);
    packet.mbuf->pkt_len = static_cast<std::uint32_t>(length);
    counters_.resets_sent.add();
    return Verdict::transmit(packet.port());
}

Verdict FlowPath::forward(Packet& packet, const Round& round, flow::FlowIndex index, Side from) {
    flow::Flow& flow = table_[index];
    if (flow.state == TcpState::dead) return answer_from_stub(packet, flow, from);
    const net::Parsed& parsed = packet.parsed;
    if (hop_limit_of(packet) <= 1) return Verdict::drop(Drop::ttl_expired);
    if (from == Side::client && is_first_syn(parsed)) prepare_syn(packet, flow);
    note_segment(packet, round, index, from);
    return from == Side::client ? send_to_server(packet, round, flow)
                                : send_to_client(packet, round, flow);
}

// Also each time the client sends it again.
void FlowPath::prepare_syn(Packet& packet, flow::Flow& flow) {
    const net::Parsed& parsed = packet.parsed;
    // A new attempt may come with another ISN; the server must see the one it knows.
    if (flow.state == TcpState::syn_sent)
        flow.seq_delta = flow.ack_from_server - 1 - parsed.sequence;
    // Many clients share the local address and their clocks differ: the server's PAWS would drop
    // segments of one for another's timestamps (RFC 7323 5), so the option is never agreed on.
    net::blank_timestamps(packet.frame().subspan(
        parsed.l4_offset, std::size_t{parsed.payload_offset} - parsed.l4_offset));
}

std::uint8_t FlowPath::hop_limit_of(const Packet& packet) {
    const std::size_t l3 = packet.parsed.l3_offset;
    return packet.parsed.network == net::Network::ipv4
               ? net::header_at<net::Ipv4Header>(packet.frame(), l3).time_to_live
               : net::header_at<net::Ipv6Header>(packet.frame(), l3).hop_limit;
}

// Sequence numbers, state, age: what the flow remembers of a segment that goes through.
void FlowPath::note_segment(const Packet& packet, const Round& round, flow::FlowIndex index,
                            Side from) {
    flow::Flow& flow = table_[index];
    const flow::Segment segment =
        as_the_server_sees(segment_of(packet.parsed), from, flow.seq_delta);
    flow.last_seen = round.tick;
    if ((segment.flags & net::tcp_flag::rst) != 0 && !flow::reset_is_exact(flow, from, segment))
        return;
    const std::uint32_t syn_sent_us = flow.syn_sent_us;
    flow::track(flow, from, segment);
    const TcpState before = flow.state;
    const TcpState after = flow::step(before, from, segment.flags);
    if (after == before) return;
    table_.set_state(index, after, round.tick);
    if (after == TcpState::syn_received) {
        const auto now_us = static_cast<std::uint32_t>(round.now_ns / 1000);
        report(flow, FlowEventKind::established, {}, now_us - syn_sent_us);
    }
    if (flow::is_live(after)) return;
    const bool refused = before == TcpState::syn_sent && from == Side::server;
    if (refused) link_.servers[flow.server_id].refused.add();
    counters_.flows_ended.add();
    link_.servers[flow.server_id].active.set(table_.live_of_server(flow.server_id));
    report(flow, refused ? FlowEventKind::refused : FlowEventKind::ended,
           cause_of(before, from, segment.flags), 0);
}

Verdict FlowPath::send_to_server(Packet& packet, const Round& round, flow::Flow& flow) {
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    if (!server.reachable) return Verdict::drop(Drop::no_neighbour);
    flow.client_mac = net::header_at<net::EthernetHeader>(packet.frame(), 0).source;
    flow.client_port_index = packet.port();
    rewrite(packet.frame(), packet.parsed,
            {.link_source = server.link_source,
             .link_destination = server.next_hop,
             .source = flow.local_address,
             .destination = flow.server_address,
             .source_port = flow.local_port,
             .destination_port = flow.server_port,
             .from = Side::client,
             .seq_delta = flow.seq_delta});
    exchange::ServerCounters& counted = link_.servers[flow.server_id];
    counted.to_server.add();
    counted.to_server_bytes.add(packet.mbuf->pkt_len);
    return Verdict::transmit(server.out_port);
}

Verdict FlowPath::send_to_client(Packet& packet, const Round& round, const flow::Flow& flow) {
    const exchange::OwnedAddress* vip = packet.address->address == flow.vip
                                            ? packet.address
                                            : round.snapshot->find_address(flow.vip);
    if (vip == nullptr) return Verdict::drop(Drop::not_owned);
    rewrite(packet.frame(), packet.parsed,
            {.link_source = vip->mac,
             .link_destination = flow.client_mac,
             .source = flow.vip,
             .destination = flow.client_address,
             .source_port = flow.service_port,
             .destination_port = flow.client_port,
             .from = Side::server,
             .seq_delta = flow.seq_delta});
    exchange::ServerCounters& counted = link_.servers[flow.server_id];
    counted.to_client.add();
    counted.to_client_bytes.add(packet.mbuf->pkt_len);
    return Verdict::transmit(flow.client_port_index);
}

// A segment of a flow whose server is dead (DESIGN: three answers a side, then silence).
Verdict FlowPath::answer_from_stub(Packet& packet, flow::Flow& flow, Side from) {
    if (!net::is_l4_checksum_valid(packet.frame(), packet.parsed))
        return Verdict::drop(Drop::bad_tcp_checksum);
    const auto reset = flow::answer_as_stub(flow, from, segment_of(packet.parsed));
    if (!reset) return Verdict::drop(Drop::dead_flow);
    const auto ethernet = net::load<net::EthernetHeader>(packet.frame(), 0);
    const std::size_t length =
        net::build_tcp(room_of(packet), {ethernet.destination, ethernet.source},
                       {.source = packet.parsed.destination,
                        .destination = packet.parsed.source,
                        .source_port = packet.parsed.destination_port,
                        .destination_port = packet.parsed.source_port,
                        .sequence = reset->sequence,
                        .acknowledgement = reset->acknowledgement,
                        .flags = reset_flags(*reset)});
    return send_back(packet, length);
}

std::uint8_t FlowPath::reset_flags(const flow::Reset& reset) {
    return reset.has_ack ? net::tcp_flag::rst | net::tcp_flag::ack : net::tcp_flag::rst;
}

void FlowPath::take_timeouts(const Round& round) {
    if (timeouts_generation_ == round.snapshot->generation) return;
    timeouts_generation_ = round.snapshot->generation;
    const auto& services = round.snapshot->services;
    for (std::uint16_t id = 0; id < services.size(); ++id)
        if (services[id].established_timeout_ns != 0)
            table_.set_established_timeout(
                id,
                static_cast<flow::Tick>(services[id].established_timeout_ns >> flow::tick_shift) +
                    1);
}

void FlowPath::reset_dead_servers(const Round& round) {
    const auto& servers = round.snapshot->servers;
    if (swept_generation_ == round.snapshot->generation) return;
    unsigned budget = resets_per_round;
    for (std::uint16_t id = 0; id < servers.size() && budget != 0; ++id) {
        const exchange::ServerState state = servers[id].state;
        if (state == exchange::ServerState::up || state == exchange::ServerState::drain) continue;
        for (; budget != 0; --budget) {
            const flow::FlowIndex index = table_.first_of_server(id);
            if (index == flow::no_flow) break;
            reset_flow(index, EndCause::server_down, round);
        }
    }
    if (budget != 0) swept_generation_ = round.snapshot->generation;
}

void FlowPath::reset_flow(flow::FlowIndex index, EndCause cause, const Round& round) {
    flow::Flow& flow = table_[index];
    send_resets(flow, Side::client, round);
    send_resets(flow, Side::server, round);
    table_.set_state(index, TcpState::dead, round.tick);
    counters_.flows_reset.add();
    link_.servers[flow.server_id].active.set(table_.live_of_server(flow.server_id));
    report(flow, FlowEventKind::ended, cause, 0);
}

// Silent where we are not master: the peer speaks for the address.
void FlowPath::send_resets(const flow::Flow& flow, Side to, const Round& round) {
    const exchange::OwnedAddress* vip = round.snapshot->find_address(flow.vip);
    if (vip == nullptr || !round.owns(*vip)) return;
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    const bool to_client = to == Side::client;
    if (!to_client && !server.reachable) return;
    const net::Link link = to_client ? net::Link{vip->mac, flow.client_mac}
                                     : net::Link{server.link_source, server.next_hop};
    net::TcpSegment segment{.source = to_client ? flow.vip : flow.local_address,
                            .destination = to_client ? flow.client_address : flow.server_address,
                            .source_port = to_client ? flow.service_port : flow.local_port,
                            .destination_port = to_client ? flow.client_port : flow.server_port};
    for (const flow::Reset& reset : flow::resets_for(flow, to)) {
        segment.sequence = reset.sequence;
        segment.acknowledgement = reset.acknowledgement;
        segment.flags = reset_flags(reset);
        generate(link, segment, to_client ? flow.client_port_index : server.out_port);
    }
}

void FlowPath::generate(const net::Link& link, const net::TcpSegment& segment, std::uint8_t port) {
    counters_.generated.add();
    rte_mbuf* mbuf = rte_pktmbuf_alloc(options_.pool);
    if (mbuf == nullptr) return counters_.drop(Drop::no_mbuf).add();
    const std::size_t length = net::build_tcp(
        {rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_tailroom(mbuf)}, link, segment);
    mbuf->data_len = static_cast<std::uint16_t>(length);
    mbuf->pkt_len = static_cast<std::uint32_t>(length);
    counters_.resets_sent.add();
    tx_.add(port, mbuf);
}

void FlowPath::age(const Round& round) {
    table_.advance(round.tick, ageing_per_round, [&](const flow::Flow& flow) {
        if (!flow::is_live(flow.state)) return;
        send_resets(flow, Side::client, round);
        send_resets(flow, Side::server, round);
        counters_.flows_ended.add();
        link_.servers[flow.server_id].active.set(table_.live_of_server(flow.server_id));
        const bool unanswered = flow.state == TcpState::syn_sent;
        report(flow, unanswered ? FlowEventKind::unanswered : FlowEventKind::ended, EndCause::idle,
               0);
    });
}

void FlowPath::report(const flow::Flow& flow, FlowEventKind kind, EndCause cause,
                      std::uint32_t latency_us) {
    const bool taken = link_.events.push({.client = flow.client_address,
                                          .client_port = flow.client_port,
                                          .server = flow.server_id,
                                          .service = flow.service_id,
                                          .kind = kind,
                                          .cause = cause,
                                          .latency_us = latency_us});
    if (!taken) link_.events_lost.add();
}

bool FlowPath::next_row(std::uint32_t& from, exchange::FlowRow& row, const Round& round) const {
    for (; from < table_.end_index(); ++from) {
        const flow::Flow& flow = table_[from];
        if (flow.state == TcpState::none) continue;
        row.state = flow.state;
        row.server = flow.server_id;
        row.service = flow.service_id;
        row.client = flow.client_address;
        row.client_port = flow.client_port;
        row.vip = flow.vip;
        row.service_port = flow.service_port;
        row.local = flow.local_address;
        row.local_port = flow.local_port;
        row.server_address = flow.server_address;
        row.server_port = flow.server_port;
        row.idle_ms = static_cast<std::uint32_t>(
            (std::uint64_t{round.tick - flow.last_seen} << flow::tick_shift) / 1'000'000);
        ++from;
        return true;
    }
    return false;
}

}  // namespace warren::datapath
