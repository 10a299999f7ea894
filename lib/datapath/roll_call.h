// SPDX-License-Identifier: BSD-3-Clause
// Probes all live flows of a server that may have lost them, by a keepalive segment (flow/probe.h).
// A live connection answers with a duplicate ACK, which changes nothing. One that was lost with its
// process answers RST, which is forwarded to the client.
#pragma once

#include <cstdint>

#include "datapath/emit.h"
#include "datapath/packet.h"
#include "exchange/records.h"
#include "flow/unsure.h"
#include "tables/tables.h"

namespace warren::datapath {

class RollCall {
  public:
    RollCall(tables::Tables& tables, Emitter& emitter) : tables_(tables), emitter_(emitter) {}

    // A chore: one order at a time, bounded. Returns how many flows it has asked.
    unsigned call(const PollRound& round) {
        if (left_ == 0 && !tables_.link.roll_calls.is_empty()) begin();
        return left_ != 0 && round.now_ns >= due_ns_ ? go_on(round) : 0;
    }

  private:
    // Bounds the burst of answers, which share the rx queues with all traffic.
    static constexpr unsigned looked_at_per_round = 32;
    static constexpr std::uint64_t pause_ns = 250'000;

    void begin() {
        static_cast<void>(tables_.link.roll_calls.pop(order_));
        left_ = tables_.flows.servers().live(order_.server);
        at_ = tables_.flows.servers().oldest(order_.server);
    }

    // From the oldest on. Those that have come since are not asked. Where the next one has ended
    // meanwhile some are asked twice, and as many of the youngest with the next order.
    unsigned go_on(const PollRound& round) {
        if (tables_.is_peers(round.snapshot->servers[order_.server].service, round)) left_ = 0;
        due_ns_ = round.now_ns + pause_ns;
        unsigned asked = 0;
        for (unsigned i = 0; i < looked_at_per_round && left_ != 0 && !emitter_.is_full(); ++i) {
            if (!is_listed(at_)) at_ = tables_.flows.servers().oldest(order_.server);
            left_ = at_ == flow::no_flow ? 0 : left_ - 1;
            if (at_ == flow::no_flow) break;
            asked += ask(tables_.flows[at_], round) ? 1U : 0U;
            at_ = tables_.flows.servers().younger(at_);
        }
        return asked;
    }

    bool is_listed(flow::FlowIndex index) const {
        return index != flow::no_flow && flow::is_live(tables_.flows[index].state) &&
               tables_.flows[index].server_id == order_.server;
    }

    // A SYN without an answer finds another server anyway, and who has had the server's FIN knows.
    // A RST has the number that the probe acknowledges. Where we do not know it, and where the
    // server's answers do not pass us, its client is asked: what that answers comes to the server.
    bool ask(const flow::Flow& flow, const PollRound& round) {
        if (flow.state == flow::TcpState::syn_sent || flow.state == flow::TcpState::fin_server)
            return false;
        const bool is_known = flow::sees_both_sides(flow.method) && !flow::is_unsure(flow);
        emitter_.send_probe(flow, is_known ? flow::Side::server : flow::Side::client, round);
        return true;
    }

    tables::Tables& tables_;
    Emitter& emitter_;
    exchange::RollCallOrder order_;
    std::uint32_t left_ = 0;  // to look at
    flow::FlowIndex at_ = flow::no_flow;
    std::uint64_t due_ns_ = 0;
};

}  // namespace warren::datapath
