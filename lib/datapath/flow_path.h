// SPDX-License-Identifier: BSD-3-Clause
// The flows of one worker and the way of TCP through them: client side, server side, admission,
// SYNs sent again elsewhere, reset of a dead server's flows, ageing.
#pragma once

#include <rte_mempool.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "datapath/admission.h"
#include "datapath/ageing.h"
#include "datapath/dead_flows.h"
#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/icmp_relay.h"
#include "datapath/packet.h"
#include "datapath/steering.h"
#include "datapath/tables.h"
#include "datapath/tx_batch.h"
#include "exchange/worker_link.h"
#include "flow/local_ports.h"
#include "flow/sequence.h"
#include "flow/spread.h"
#include "flow/syn_offer.h"
#include "flow/table.h"
#include "net/build.h"
#include "net/icmp_error.h"

namespace warren::datapath {

class FlowPath {
  public:
    FlowPath(const FlowOptions& options, exchange::Exchange& exchange, TxBatch& tx);

    // Two stages for a whole burst: hash the tuple and fetch its bucket, then fetch the flow.
    void prefetch(Packet& packet) const;
    void prefetch_flow(const Packet& packet) const;

    // A segment from a client to a virtual_server.
    Verdict to_service(Packet& packet, const Round& round);
    // A segment to a local address: a server's, or one that nobody serves.
    Verdict to_local(Packet& packet, const Round& round);
    // A segment of a NAT server, whose gateway we are, to a client.
    Verdict from_nat_server(Packet& packet, const Round& round);

    IcmpRelay& icmp() { return icmp_; }
    DeadFlows& dead_flows() { return dead_flows_; }
    Ageing& ageing() { return ageing_; }

    // A chore, bounded.
    unsigned follow_moves();  // how many flows it has looked at

    // Fills the row with the first flow at table index `from` or behind it and moves `from` past
    // what it looked at, which is bounded. False: none there; none left if from is end_of_flows().
    std::uint32_t end_of_flows() const { return tables_.flows.end_index(); }
    bool next_row(std::uint32_t& from, exchange::FlowRow& row, const Round& round) const;
    // The flow of a client's segment: false if it is not here. And what a SYN of that tuple would
    // meet: its owner, and the server if we are that (row.owner, row.choice, row.is_kept).
    bool find_row(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                  const Round& round) const;
    void foresee(const flow::Tuple& client_tuple, exchange::FlowRow& row, const Round& round) const;

  private:
    static constexpr std::uint32_t listing_per_round = 1024;
    static constexpr std::uint32_t moving_per_round = 512;

    Verdict forward(Packet& packet, const Round& round, flow::FlowIndex index, flow::Side from);
    void note_segment(const Packet& packet, const Round& round, flow::FlowIndex index,
                      flow::Side from);
    static void prepare_syn(Packet& packet, flow::Flow& flow);
    Verdict send_to_server(Packet& packet, const Round& round, flow::Flow& flow);
    Verdict send_to_client(Packet& packet, const Round& round, const flow::Flow& flow);

    static exchange::FlowRow row_of(const flow::Flow& flow, const Round& round);
    void end_unseen(flow::FlowIndex index, const Round& round);

    const FlowOptions options_;
    Tables tables_;
    Emitter emitter_;
    Steering steering_;
    Admission admission_;
    HalfOpen half_open_;
    DeadFlows dead_flows_;
    IcmpRelay icmp_;
    Ageing ageing_;
    exchange::NextHopMove move_;
    flow::FlowIndex move_at_ = flow::no_flow;  // how far its walk has come
};

}  // namespace warren::datapath
