// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/half_open.h"

#include <algorithm>

#include "flow/sequence.h"
#include "net/build.h"
#include "net/crossing.h"

namespace warren::datapath {

using exchange::Drop;
using exchange::FlowEventKind;
using flow::TcpState;

namespace {

// What a SYN says of the window means little: it is not scaled, and the client's next ACK follows.
constexpr std::uint16_t syn_window = 65'535;

// An answer to our SYN from a connection that the server still has under these ports (RFC 9293
// 3.10.7.4, RFC 5961 4.2).
bool is_of_old_connection(const flow::Flow& flow, const flow::Segment& segment) {
    return flow::kind_of(segment.flags) == flow::SegmentKind::other && segment.has_ack() &&
           segment.acknowledgement != flow.next_to_server;
}

}  // namespace

bool HalfOpen::replay(flow::FlowIndex index, FlowEventKind why, const PollRound& round) {
    flow::Flow& flow = tables_.flows[index];
    if (!round.owns(flow.vip())) return false;
    if (!move_elsewhere(index, why, round)) return false;
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    const flow::SynOptions options = offer_to(server, flow, round);
    emitter_.send_to_server(server, syn_of(flow, options.all()));
    return true;
}

// The client's own, as far as it fits the way to this server.
flow::SynOptions HalfOpen::offer_to(const exchange::Server& server, flow::Flow& flow,
                                    const PollRound& round) {
    const net::Path path{
        {flow.client_address().is_v4(), round.snapshot->mtu_of(flow.client_port_index)},
        {flow.server_address().is_v4(), room_to(server, *round.snapshot)}};
    flow.syn.mss = std::min(flow.syn.mss, path.largest_mss());
    return flow::syn_options(flow);
}

// Gives a half-open flow to a server that has not had its SYN yet. The abandoned server's answer,
// should it come, finds no flow and gets RST.
bool HalfOpen::move_elsewhere(flow::FlowIndex index, FlowEventKind why, const PollRound& round) {
    flow::Flow& flow = tables_.flows[index];
    if (flow::syn_attempts(flow) >= flow::syn_attempts_max) return false;
    const std::uint16_t old_id = flow.server_id;
    const std::uint16_t new_id = tables_.choice.choose(flow, round, flow::syn_servers(flow));
    if (new_id == tables::ServerChoice::no_server) return false;
    const exchange::Server& server = round.snapshot->servers[new_id];
    // Who has passed a SYN on untouched does not know what it could offer a server of its own.
    if (flow::sees_both_sides(server.method) && !flow::sees_both_sides(flow.method)) return false;

    flow::Flow target = flow;
    const std::uint32_t client_isn = flow.ack_from_server - 1 - flow.seq_delta;
    if (!admission_.begin_attempt(target, new_id, client_isn, round)) return false;
    const flow::Flow abandoned = flow;
    if (!tables_.flows.move_to_server(index, target)) return false;
    flow.last_seen = round.tick;
    flow::count_syn_attempt(flow);
    tables_.choice.keep(flow, round);

    tables_.counters.syns_replayed.add();
    tables_.count_flows(old_id);
    tables_.count_flows(new_id);
    tables_.link.servers[new_id].connections.add();
    if (why == FlowEventKind::refused) tables_.link.servers[old_id].refused.add();
    tables_.report(
        {.kind = why, .replayed = true, .latency_us = round.now_us() - abandoned.syn_sent_us},
        abandoned);
    return true;
}

std::optional<Verdict> HalfOpen::answer(Packet& packet, const PollRound& round,
                                        flow::FlowIndex index) {
    flow::Flow& flow = tables_.flows[index];
    const flow::Segment segment = packet.segment();
    const bool refused = flow::kind_of(segment.flags) == flow::SegmentKind::rst &&
                         flow::reset_is_exact(flow, flow::Side::server, segment);
    if (!refused && !is_of_old_connection(flow, segment)) return std::nullopt;
    if (refused) {
        if (!replay(index, FlowEventKind::refused, round)) return std::nullopt;
        return Verdict::drop(Drop::refused_elsewhere);
    }
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    // No client understands it while its SYN is unanswered.
    if (!server.reachable) return Verdict::drop(Drop::no_neighbour);
    if (!flow::may_clear_for_syn(flow)) return std::nullopt;
    const net::Link link{server.link_source, server.next_hop};
    net::TcpSegment reset = syn_of(flow, {});
    reset.sequence = segment.acknowledgement;
    reset.flags = net::tcp_flag::rst;
    reset.window = 0;
    if (!emitter_.send_to_server(server, reset)) return Verdict::drop(Drop::no_mbuf);
    tables_.counters.resets_sent.add();
    const flow::SynOptions options = offer_to(server, flow, round);
    const std::size_t length = net::build_tcp(packet.room(), link, syn_of(flow, options.all()));
    packet.become(length);
    tables_.counters.syns_after_clear.add();
    return Verdict::transmit(server.out_port);
}

// A server that answers late, after its last chance elsewhere, still has until give_up_us.
std::optional<flow::Tick> HalfOpen::on_due(flow::FlowIndex index, const PollRound& round) {
    flow::Flow& flow = tables_.flows[index];
    const std::uint32_t waited_us = round.now_us() - flow.syn_sent_us;
    if (!flow::sees_both_sides(flow.method)) {
        const flow::Tick end = flow.last_seen + flow::Timeouts{}.of(TcpState::syn_sent);
        return static_cast<std::int32_t>(end - round.tick) > 0 ? std::optional(end) : std::nullopt;
    }
    if (emitter_.is_full()) return round.tick + 1;
    // In a flood of SYNs a server is silent because it drowns in them: the others must not as well.
    if (!tables_.flows.half_open().is_crowded() && replay(index, FlowEventKind::unanswered, round))
        return round.tick + tables::replay_ticks;
    if (waited_us >= give_up_us) return std::nullopt;
    return flow::tick_of_ns(round.now_ns + std::uint64_t{give_up_us - waited_us} * 1000) + 1;
}

net::TcpSegment HalfOpen::syn_of(const flow::Flow& flow, net::ConstBytes options) {
    const flow::Tuple ends = flow.sent_to(flow::Side::server);
    return {.source = ends.source,
            .destination = ends.destination,
            .source_port = ends.source_port,
            .destination_port = ends.destination_port,
            .sequence = flow.ack_from_server - 1,
            .flags = net::tcp_flag::syn,
            .window = syn_window,
            .options = options};
}

// A SYN sent again may mean that the server is silent, or that its SYN-ACK was lost behind us. If
// it has answered somebody since, it is alive and keeps the flow. It keeps the flow for one SYN
// more if it has answered a check, which does not go to the VIP, or somebody in the tick of our
// SYN, perhaps before it. Else the SYN goes to another server, and the first one, should it know of
// a half-open connection, gets RST.
void HalfOpen::leave_silent_server(flow::FlowIndex index, const PollRound& round) {
    // A client sends again after one second and after three (RFC 6298 2.1), or after one and two
    // (Linux, tcp_syn_linear_timeouts); clocks differ.
    constexpr std::uint32_t first_us = 900'000;
    constexpr std::uint32_t second_us = 1'800'000;
    const flow::Flow& flow = tables_.flows[index];
    if (flow.state != TcpState::syn_sent) return;
    const std::uint32_t waited_us = round.now_us() - flow.syn_sent_us;
    if (waited_us < first_us) return;
    const std::uint64_t sent_ns = round.now_ns - std::uint64_t{waited_us} * 1000;
    const auto answered =
        static_cast<std::int32_t>(answered_[flow.server_id] - flow::tick_of_ns(sent_ns));
    if (answered > 0) return;
    const bool may_live =
        answered == 0 || exchange_.has_passed_check_since(flow.server_id, sent_ns);
    if (may_live && waited_us < second_us) return;
    const flow::Flow abandoned = flow;
    if (!move_elsewhere(index, FlowEventKind::unanswered, round)) return;
    emitter_.send_resets(abandoned, flow::Side::server, round);
}

}  // namespace warren::datapath
