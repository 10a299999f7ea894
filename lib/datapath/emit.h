// SPDX-License-Identifier: BSD-3-Clause
// Frames of a worker's own: segments to one end of a flow in the name of the other, RST in answer
// to a segment, and the tunnel's header around a client's packet.
#pragma once

#include <rte_mempool.h>

#include <cstdint>

#include "capture/witness.h"
#include "datapath/packet.h"
#include "datapath/tx_batch.h"
#include "net/build.h"
#include "tables/tables.h"

namespace warren::datapath {

class Emitter {
  public:
    Emitter(const tables::FlowOptions& options, exchange::WorkerCounters& counters, TxBatch& tx,
            capture::Witness& witness)
        : worker_(options.worker),
          workers_(options.spread->workers()),
          pool_(options.pool),
          counters_(counters),
          tx_(tx),
          witness_(witness) {}

    // A port has not taken all that it was given in this round: what can wait should.
    bool is_full() const { return tx_.is_full(); }

    // To one end of the flow in the name of the other; addresses and ports are filled in. False:
    // not sent. Silent where we are not master: the peer speaks for the address.
    bool send_segment(const flow::Flow& flow, flow::Side to, net::TcpSegment segment,
                      const PollRound& round);
    bool send_to_server(const exchange::Server& server, const net::TcpSegment& segment);
    // A question whether that end still knows the connection.
    void send_probe(const flow::Flow& flow, flow::Side to, const PollRound& round);
    // What tells that end that the other one is gone.
    void send_resets(const flow::Flow& flow, flow::Side to, const PollRound& round);

    // The frame becomes its own RST, or is dropped if none may be sent; counted under `reason`.
    Verdict refuse(Packet& packet, exchange::Drop reason);
    // A segment in the middle of a connection that is not in the table: its sender holds on to
    // something that is gone. RST lets it go at once; by configuration it hears nothing. So it does
    // while the former master may still tell us of the flow (flow sync).
    Verdict refuse_unknown(Packet& packet, const PollRound& round);
    // The RST that stands in the frame's place by now, of so many bytes.
    Verdict send_back(Packet& packet, std::size_t bytes);

    // A client's packet to a server that has the VIP itself (DR, TUN). False: no room for the outer
    // header.
    bool direct_to(const exchange::Server& server, Packet& packet);

    // For an IPv4 header of our own whose packet may be fragmented.
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
    capture::Witness& witness_;
    std::uint16_t identifications_ = 0;  // given so far
};

// The largest packet that fits the link to the server, in its tunnel if it has one.
std::size_t room_to(const exchange::Server& server, const exchange::Snapshot& snapshot);

}  // namespace warren::datapath
