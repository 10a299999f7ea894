// SPDX-License-Identifier: BSD-3-Clause
// DR and TUN: what the client's half of a connection tells of a server that does not answer.
#include "datapath/flow_path.h"

namespace warren::datapath {

// A SYN sent again may mean that the server is silent, or that its SYN-ACK was lost behind us. If
// it has answered somebody since, it is alive and keeps the flow; else the SYN goes to another
// server, and the first one, should it know of a half open connection, is told to forget it.
void FlowPath::leave_silent_server(flow::FlowIndex index, const Round& round) {
    constexpr std::uint32_t retransmission_us = 900'000;  // RFC 6298 2.1: a second; clocks differ
    const flow::Flow& flow = table_[index];
    if (flow.state != flow::TcpState::syn_sent) return;
    const std::uint32_t waited_us = microseconds(round) - flow.syn_sent_us;
    if (waited_us < retransmission_us) return;
    const flow::Tick sent = flow::tick_of_ns(round.now_ns - std::uint64_t{waited_us} * 1000);
    if (static_cast<std::int32_t>(answered_[flow.server_id] - sent) > 0) return;
    const flow::Flow abandoned = flow;
    if (!move_elsewhere(index, exchange::FlowEventKind::unanswered, round)) return;
    send_resets(abandoned, flow::Side::server, round);
}

}  // namespace warren::datapath
