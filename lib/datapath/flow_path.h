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

#include "datapath/icmp_budget.h"
#include "datapath/packet.h"
#include "datapath/server_choice.h"
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

// Random numbers drawn once per process, shared by all workers.
struct FlowSecrets {
    std::array<std::uint64_t, 2> hash_seed{};
    std::array<std::uint64_t, 2> isn_key{};
    std::uint32_t first_port = 0;  // where the walks for a local port start
};

struct FlowPathOptions {
    unsigned worker = 0;
    const flow::Spread* spread = nullptr;  // who owns a flow; the same for all workers
    std::uint32_t capacity = 0;
    FlowSecrets secrets;
    rte_mempool* pool = nullptr;  // for RSTs to both ends of a dead flow
    flow::Tick start = 0;
};

// The segment as it stands in the packet, in its sender's numbers.
inline flow::Segment segment_of(const net::Parsed& parsed) {
    return {parsed.sequence, parsed.acknowledgement, parsed.segment_length(), parsed.tcp_flags};
}

class FlowPath {
  public:
    // How long a server may leave a SYN unanswered before another server gets it (134 to 268 ms,
    // the wheel's grain), and before the client is told when there is no other.
    static constexpr flow::Tick replay_ticks = 2;
    static constexpr std::uint32_t give_up_us = 3'000'000;

    FlowPath(const FlowPathOptions& options, exchange::Exchange& exchange, TxBatch& tx);

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
    std::uint32_t end_of_flows() const { return table_.end_index(); }
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

    Verdict admit(Packet& packet, const Round& round);
    bool begin_attempt(flow::Flow& flow, std::uint32_t client_isn, const Round& round);
    void recycle(flow::FlowIndex index, const Round& round);
    bool recycle_slow_ones(std::uint16_t service, const Round& round);
    bool choose_source(flow::Flow& flow, const exchange::Service& service, const Round& round);
    bool choose_local_port(flow::Flow& flow, const exchange::Service& service, const Round& round);
    void leave_silent_server(flow::FlowIndex index, const Round& round);

    // A SYN that its server refuses or leaves unanswered (replay.cc).
    bool replay(flow::FlowIndex index, exchange::FlowEventKind why, const Round& round);
    bool move_elsewhere(flow::FlowIndex index, exchange::FlowEventKind why, const Round& round);
    std::optional<Verdict> answer_half_open(Packet& packet, const Round& round,
                                            flow::FlowIndex index);
    std::optional<flow::Tick> half_open_due(flow::FlowIndex index, const Round& round);
    static flow::SynOptions offer_to(const exchange::Server& server, flow::Flow& flow,
                                     const Round& round);
    static net::TcpSegment syn_of(const flow::Flow& flow, net::ConstBytes options);

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

    bool send_one_way(Packet& packet, const exchange::Server& server);
    bool send_pieces(Packet& packet, const exchange::Server& server);
    bool encapsulate(rte_mbuf* mbuf, const exchange::Server& server, net::Network inner,
                     std::size_t packet_bytes);
    static std::size_t room_to(const exchange::Server& server, const exchange::Snapshot& snapshot);
    Verdict answer_with_error(Packet& packet, const Round& round, net::IcmpErrorKind kind,
                              std::size_t mtu = 0);
    unsigned owner_of_error(const Packet& packet, const net::Parsed& quoted,
                            const Round& round) const;
    Verdict refuse(Packet& packet, exchange::Drop reason);
    Verdict refuse_unknown(Packet& packet, const Round& round);
    Verdict turn_away(Packet& packet, exchange::Drop reason);
    Verdict answer_from_stub(Packet& packet, flow::Flow& flow, flow::Side from);
    Verdict send_back(Packet& packet, std::size_t length);
    void reset_client(flow::FlowIndex index, exchange::EndCause cause, const Round& round);
    void send_resets(const flow::Flow& flow, flow::Side to, const Round& round);
    bool send_segment(const flow::Flow& flow, flow::Side to, net::TcpSegment segment,
                      const Round& round);
    bool generate(const net::Link& link, const net::TcpSegment& segment, std::uint8_t port,
                  const exchange::Server* through_tunnel = nullptr);
    bool generate_to(const exchange::Server& server, const net::TcpSegment& segment);
    void report(exchange::FlowEvent event, const flow::Flow& flow);

    unsigned owner_of(const Packet& packet) const;
    unsigned owner_of_client(const exchange::Service& service, const net::IpAddress& client,
                             net::Be16 port) const;
    void count_end(const flow::Flow& flow, const Round& round);
    static exchange::FlowRow row_of(const flow::Flow& flow, const Round& round);
    void end_unseen(flow::FlowIndex index, const Round& round);
    std::optional<Verdict> hand_off_unless_ours(unsigned owner) const;
    static std::uint8_t hop_limit_of(const Packet& packet);
    static std::uint8_t reset_flags(const flow::Reset& reset);
    static bool is_ours(const flow::Flow& flow, const Round& round);
    // For an IPv4 header of our own whose packet may be fragmented.
    std::uint16_t next_identification() {
        return static_cast<std::uint16_t>(identifications_++ * options_.spread->workers() +
                                          options_.worker);
    }
    static std::uint32_t microseconds(const Round& round) {
        return static_cast<std::uint32_t>(round.now_ns / 1000);
    }

    const FlowPathOptions options_;
    const exchange::Exchange& exchange_;
    exchange::WorkerLink& link_;
    exchange::WorkerCounters& counters_;
    TxBatch& tx_;
    flow::FlowTable table_;
    ServerChoice choice_;
    flow::LocalPorts local_ports_;
    std::vector<flow::Tick> answered_;  // DR, TUN: when each server last answered a SYN
    std::size_t next_local_address_ = 0;
    IcmpBudget icmp_budget_;
    std::uint16_t identifications_ = 0;  // given so far
    exchange::NextHopMove move_;
    flow::FlowIndex move_at_ = flow::no_flow;  // how far its walk has come
    std::uint64_t timeouts_generation_ = 0;
    std::uint64_t swept_generation_ = 0;  // snapshot whose dead servers have no flows left
};

}  // namespace warren::datapath
