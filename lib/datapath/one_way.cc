// SPDX-License-Identifier: BSD-3-Clause
// DR and TUN: the way to a server that has the VIP itself, and what the client's half of a
// connection tells of one that does not answer.
#include "datapath/flow_path.h"

namespace warren::datapath {

using exchange::Drop;

// A SYN sent again may mean that the server is silent, or that its SYN-ACK was lost behind us. If
// it has answered somebody since, it is alive and keeps the flow. It keeps the flow for one SYN
// more if it has answered a check, which does not go to the VIP, or somebody in the tick of our
// SYN, perhaps before it. Else the SYN goes to another server, and the first one, should it know of
// a half open connection, is told to forget it.
void FlowPath::leave_silent_server(flow::FlowIndex index, const Round& round) {
    // A client sends again after one second and after three (RFC 6298 2.1), or after one and two
    // (Linux, tcp_syn_linear_timeouts); clocks differ.
    constexpr std::uint32_t first_us = 900'000;
    constexpr std::uint32_t second_us = 1'800'000;
    const flow::Flow& flow = tables_.flows[index];
    if (flow.state != flow::TcpState::syn_sent) return;
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
    if (!move_elsewhere(index, exchange::FlowEventKind::unanswered, round)) return;
    emitter_.send_resets(abandoned, flow::Side::server, round);
}

}  // namespace warren::datapath
