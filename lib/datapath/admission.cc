// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/admission.h"

#include <algorithm>

#include "flow/isn.h"
#include "flow/syn_offer.h"
#include "net/tcp_options.h"

namespace warren::datapath {

using exchange::Drop;

namespace {

net::ConstBytes options_of(const Packet& packet) {
    return packet.parsed.l4_header(packet.frame()).subspan(sizeof(net::TcpHeader));
}

exchange::EndCause cause_of(Drop reason) {
    switch (reason) {
        case Drop::no_server:
            return exchange::EndCause::no_server;
        case Drop::no_local_port:
            return exchange::EndCause::no_port;
        default:
            return exchange::EndCause::table_full;
    }
}

}  // namespace

Admission::Outcome Admission::admit(Packet& packet, const PollRound& round) {
    flow::Flow flow = flow::Flow::of_client(packet.tuple(), packet.service);
    flow.state = flow::TcpState::syn_sent;
    flow.last_seen = round.tick;
    flow.client_port_index = packet.port();
    flow.client_mac = net::header_at<net::EthernetHeader>(packet.frame(), 0).source;
    if (const auto reason = find_server(flow, packet.parsed.sequence, round))
        return turn_away(packet, *reason);
    flow::remember_syn(flow, net::read_tcp_options(options_of(packet)));

    if (tables_.flows.is_half_open_full()) recycle(tables_.flows.half_open().oldest(), round);
    const flow::FlowIndex index = tables_.flows.insert(flow);
    if (index == flow::no_flow) return turn_away(packet, Drop::flow_table_full);
    tables_.counters.flows_admitted.add();
    tables_.link.servers[flow.server_id].connections.add();
    tables_.count_flows(flow.server_id);
    tables_.choice.keep(tables_.flows[index], round);
    return {index, {}};
}

// To one server all local ports may be taken (in NAT the client's own, by its flow to another VIP)
// while others have room. In a persistent service one flow does not take its group elsewhere.
std::optional<Drop> Admission::find_server(flow::Flow& flow, std::uint32_t client_isn,
                                           const PollRound& round) {
    std::array<std::uint16_t, flow::syn_attempts_max> spent{};
    for (std::size_t n = 0; n < spent.size(); ++n) {
        std::uint16_t id = tables_.choice.choose(flow, round, {spent.data(), n});
        if (id == tables::ServerChoice::no_server && n == 0 &&
            recycle_slow_ones(flow.service_id, round))
            id = tables_.choice.choose(flow, round);
        if (id == tables::ServerChoice::no_server && n == 0) return Drop::no_server;
        if (id == tables::ServerChoice::no_server) break;
        if (begin_attempt(flow, id, client_isn, round)) return std::nullopt;
        if (round.snapshot->services[flow.service_id].is_persistent()) break;
        spent[n] = id;
    }
    return Drop::no_local_port;
}

// A new flow takes the place of one that is over, or whose client has not shown up for longest. The
// server must not wait for that one; its client may be anybody, and hears nothing.
void Admission::recycle(flow::FlowIndex index, const PollRound& round) {
    if (index == flow::no_flow) return;
    const flow::Flow old = tables_.flows[index];
    tables_.flows.erase(index);
    if (!flow::is_live(old.state)) return;
    emitter_.send_resets(old, flow::Side::server, round);
    tables_.counters.half_open_recycled.add();
    tables_.counters.flows_ended.add();
    tables_.count_end(old, round);
}

// Servers that are full (uthreshold) may be so of clients who never answered: who has had longer
// for it than any path takes makes room. False: there is none.
bool Admission::recycle_slow_ones(std::uint16_t service, const PollRound& round) {
    constexpr flow::Tick enough = 4;  // 400 to 540 ms
    constexpr unsigned looked_at_most = 32;
    const auto& servers = round.snapshot->services[service].servers;
    const auto is_full = [&](std::uint16_t id) {
        return exchange_.reached_limits[id].load(std::memory_order_relaxed) != 0;
    };
    if (std::none_of(servers.begin(), servers.end(), is_full)) return false;
    bool found = false;
    flow::FlowIndex index = tables_.flows.half_open().oldest();
    for (unsigned n = 0; n < looked_at_most && index != flow::no_flow; ++n) {
        const flow::FlowIndex next = tables_.flows.half_open().younger(index);
        const flow::Flow& flow = tables_.flows[index];
        if (flow.service_id == service && flow::is_half_open(flow.state) &&
            round.tick - flow.last_seen >= enough) {
            recycle(index, round);
            found = true;
        }
        index = next;
    }
    return found;
}

// A SYN of a client that cannot be served; the manager remembers it for `warrenctl ended`.
Admission::Outcome Admission::turn_away(Packet& packet, Drop reason) {
    exchange::FlowEvent event = exchange::FlowEvent::of_client(
        packet.parsed.source, packet.parsed.source_port, packet.service);
    event.kind = exchange::FlowEventKind::turned_away;
    event.cause = cause_of(reason);
    tables_.report(event);
    exchange::ServiceCounters& service = tables_.link.services[packet.service];
    if (event.cause == exchange::EndCause::no_server)
        service.no_server.add();
    else if (event.cause == exchange::EndCause::no_port)
        service.no_port.add();
    else
        service.table_full.add();
    return {flow::no_flow, emitter_.refuse(packet, reason)};
}

bool Admission::begin_attempt(flow::Flow& flow, std::uint16_t server_id, std::uint32_t client_isn,
                              const PollRound& round) {
    const exchange::Server& server = round.snapshot->servers[server_id];
    flow.server_id = server_id;
    flow.set_server_address(server.address);
    flow.server_port = server.port;
    flow.method = server.method;
    flow.header_due = server.proxy;
    if (!choose_source(flow, round.snapshot->services[flow.service_id], round)) return false;
    std::uint32_t isn = client_isn;
    if (flow.method == flow::Method::fnat) {
        const auto clock_4us = static_cast<std::uint32_t>((round.now_ns + isn_clock_ns_) / 4000);
        isn = flow::initial_sequence(isn_key_, flow.server_tuple(), clock_4us);
    }
    flow.seq_delta = isn - client_isn;
    flow.ack_from_server = isn + 1;  // what its SYN-ACK will say
    flow.next_to_server = isn + 1;
    flow.syn_sent_us = round.now_us();
    return true;
}

// Where the server sees its segments come from. Only FNAT has a choice. In NAT the client's port
// serves one flow to a server at a time, though the client may use it to several VIPs.
bool Admission::choose_source(flow::Flow& flow, const exchange::Service& service,
                              const PollRound& round) {
    if (flow.method == flow::Method::fnat) return choose_local_port(flow, service, round);
    flow.set_local_address(flow.client_address());
    flow.local_port = flow.client_port;
    if (flow.method != flow::Method::nat) return true;
    const flow::FlowTable::Hit taken = tables_.flows.find(flow.server_tuple());
    if (!taken) return true;
    if (!flow::is_recyclable(tables_.flows[taken.index].state)) return false;
    tables_.flows.erase(taken.index);
    return true;
}

// By which the client's segments find their worker.
unsigned Admission::entry_of(const flow::Flow& flow, const exchange::Service& service) const {
    return service.goes_by_client()
               ? tables_.spread.entry_of_client(service.steered_address(flow.client_address()),
                                                service.steered_port(flow.client_port))
               : tables_.spread.entry_of(flow.client_tuple());
}

// Tries each local address of the server's family once, in turn from one flow to the next.
bool Admission::choose_local_port(flow::Flow& flow, const exchange::Service& service,
                                  const PollRound& round) {
    // Without a peer any port of ours is as good.
    std::optional<unsigned> entry;
    if (tables_.is_synced()) entry = entry_of(flow, service);
    for (std::size_t tried = 0; tried < service.local_addresses.size(); ++tried) {
        const net::IpAddress& local =
            service.local_addresses[next_local_address_++ % service.local_addresses.size()];
        if (local.is_v4() != flow.server_address().is_v4()) continue;
        flow.set_local_address(local);
        const exchange::OwnedAddress* owned = round.snapshot->find_address(local);
        const flow::ExcludedPorts excluded{
            service.reserved_ports,
            owned != nullptr && owned->is_hosts ? round.snapshot->host_ports : flow::PortRange{}};
        const flow::PortChoice choice = tables_.local_ports.pick(
            tables_.flows, flow.server_id, flow.server_tuple(), excluded, round.tick, entry);
        if (choice.verdict == flow::PortVerdict::no_port) continue;
        if (choice.is_spilled) tables_.counters.ports_spilled.add();
        if (choice.verdict == flow::PortVerdict::recycled) {
            if (tables_.flows[choice.old_flow].client_tuple() == flow.client_tuple()) continue;
            recycle(choice.old_flow, round);
        }
        flow.local_port = net::Be16(choice.port);
        return true;
    }
    return false;
}

}  // namespace warren::datapath
