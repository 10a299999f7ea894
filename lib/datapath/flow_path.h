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
#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/icmp_budget.h"
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
    // An ICMP error about a segment that we forwarded, to the end that the segment came from.
    Verdict relay_error(Packet& packet, const Round& round);
    // A segment of a NAT server, whose gateway we are, to a client.
    Verdict from_nat_server(Packet& packet, const Round& round);

    // Chores, each bounded.
    void take_timeouts(const Round& round);
    unsigned reset_dead_servers(const Round& round);  // how many flows
    void age(const Round& round);
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
    static constexpr unsigned resets_per_round = 64;
    static constexpr unsigned ageing_per_round = 64;
    static constexpr std::uint32_t listing_per_round = 1024;
    static constexpr std::uint32_t moving_per_round = 512;

    // A flow that has idled long enough to be asked about (probe.cc).
    std::optional<flow::Tick> idle_due(flow::FlowIndex index, const Round& round);
    void send_probe(const flow::Flow& flow, flow::Side to, const Round& round);

    std::optional<flow::Tick> on_due(flow::FlowIndex index, const Round& round);

    Verdict forward(Packet& packet, const Round& round, flow::FlowIndex index, flow::Side from);
    void note_segment(const Packet& packet, const Round& round, flow::FlowIndex index,
                      flow::Side from);
    static void prepare_syn(Packet& packet, flow::Flow& flow);
    Verdict send_to_server(Packet& packet, const Round& round, flow::Flow& flow);
    Verdict send_to_client(Packet& packet, const Round& round, const flow::Flow& flow);

    Verdict answer_with_error(Packet& packet, const Round& round, net::IcmpErrorKind kind,
                              std::size_t mtu = 0);
    unsigned owner_of_error(const Packet& packet, const net::Parsed& quoted,
                            const Round& round) const;
    Verdict answer_from_stub(Packet& packet, flow::Flow& flow, flow::Side from);
    void reset_client(flow::FlowIndex index, exchange::EndCause cause, const Round& round);

    static exchange::FlowRow row_of(const flow::Flow& flow, const Round& round);
    void end_unseen(flow::FlowIndex index, const Round& round);

    const FlowOptions options_;
    Tables tables_;
    Emitter emitter_;
    Steering steering_;
    Admission admission_;
    HalfOpen half_open_;
    IcmpBudget icmp_budget_;
    exchange::NextHopMove move_;
    flow::FlowIndex move_at_ = flow::no_flow;  // how far its walk has come
    std::uint64_t timeouts_generation_ = 0;
    std::uint64_t swept_generation_ = 0;  // snapshot whose dead servers have no flows left
};

}  // namespace warren::datapath
