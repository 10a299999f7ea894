// SPDX-License-Identifier: BSD-3-Clause
// Frames that a worker originates: segments to one end of a flow as if from the other (RST, probes,
// PROXY headers), RST replies, and tunnel encapsulation.
#pragma once

#include <rte_mempool.h>

#include <cstdint>

#include "capture/capture_point.h"
#include "datapath/packet.h"
#include "datapath/tx_batch.h"
#include "net/build.h"
#include "tables/tables.h"

namespace warren::datapath {

class Emitter {
  public:
    Emitter(const tables::FlowOptions& options, exchange::WorkerCounters& counters, TxBatch& tx,
            capture::CapturePoint& point)
        : worker_(options.worker),
          workers_(options.spread->workers()),
          pool_(options.pool),
          counters_(counters),
          tx_(tx),
          capture_point_(point) {}

    // A tx queue was full in this round: what can wait should.
    bool is_full() const { return tx_.is_full(); }

    // To one end of the flow as if from the other; fills in addresses and ports. False: not sent,
    // for want of an mbuf or because we are not master.
    bool send_segment(const flow::Flow& flow, flow::Side to, net::TcpSegment segment,
                      const PollRound& round);
    bool send_to_server(const exchange::Server& server, const net::TcpSegment& segment);
    // A keepalive probe: does that end still know the connection?
    void send_probe(const flow::Flow& flow, flow::Side to, const PollRound& round);
    // One or two RSTs, by which that end learns that the other one is gone.
    void send_resets(const flow::Flow& flow, flow::Side to, const PollRound& round);

    // Turns the frame into the RST that answers it, or drops it where RFC 9293 allows none; counted
    // as `reason`.
    Verdict refuse(Packet& packet, exchange::Drop reason);
    // A segment of an unknown connection: RST, or by configuration (unknown_flow drop) nothing.
    // Dropped too after a takeover, while flow sync may still bring the flow.
    Verdict refuse_unknown(Packet& packet, const PollRound& round);
    // Transmits the RST that has replaced the frame, `bytes` long, by the port it came from.
    Verdict send_back(Packet& packet, std::size_t bytes);

    // DR and TUN: a client's packet to a server that has the VIP itself. False: no headroom for the
    // tunnel's header.
    bool direct_to(const exchange::Server& server, Packet& packet);

    // IPv4 identification, unique among the workers.
    std::uint16_t next_identification() {
        return static_cast<std::uint16_t>(identifications_++ * workers_ + worker_);
    }

  private:
    bool generate(const net::Link& link, const net::TcpSegment& segment, std::uint8_t port,
                  const exchange::Server* through_tunnel = nullptr);
    bool send_pieces(Packet& packet, const exchange::Server& server);
    bool encapsulate(rte_mbuf& mbuf, const exchange::Server& server, net::Network inner,
                     std::size_t packet_bytes);

    const unsigned worker_;
    const unsigned workers_;
    rte_mempool* const pool_;
    exchange::WorkerCounters& counters_;
    TxBatch& tx_;
    capture::CapturePoint& capture_point_;
    std::uint16_t identifications_ = 0;  // used so far
};

// MTU towards the server, less its tunnel's header.
std::size_t room_to(const exchange::Server& server, const exchange::Snapshot& snapshot);

}  // namespace warren::datapath
