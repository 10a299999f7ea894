// SPDX-License-Identifier: BSD-3-Clause
// The flows of a measurement and what their ends send, a burst at a time. Flows are opened in one
// order and visited in another; half of a burst is the servers', where the forwarder sees them.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <functional>
#include <random>
#include <vector>

#include "load.h"

namespace warren::bench {

using Burst = std::array<rte_mbuf*, burst>;

inline constexpr unsigned segments_per_connection = 8;  // of modes syn and mixed

class Flows {
  public:
    // `own`: the forwarder's MAC.
    Flows(const Load& load, const net::MacAddress& own);

    // Sends the first so many and puts what became of them, in their order, where they were.
    // Throws when one is missing.
    using Carry = std::function<void(Burst&, unsigned)>;
    // The handshakes, as both ends make them. In mode syn they end, too, so that each may be
    // opened again.
    void open_all(Burst& frames, const Carry& carry);

    // What established flows send is written ahead, where that fits, so that write() mostly copies.
    void prepare(rte_mbuf& scratch);

    // Who is in burst number `round`. Then what they send, and what came of it, which whole
    // connections learn their server's end from.
    void choose(unsigned round);
    void write(Burst& frames);
    void learn(const Burst& frames);

  private:
    // A part of a connection.
    struct Phase {
        flow::Side from;
        std::uint8_t flags;
    };
    static const std::array<Phase, segments_per_connection> connection;

    std::uint32_t any_flow();
    flow::Side side_at(unsigned place) const;
    std::uint8_t* prepared_at(std::uint32_t flow, flow::Side from) {
        const std::size_t slot = std::size_t{flow} * 2 + (from == flow::Side::server ? 1 : 0);
        return &prepared_[slot * prepared_bytes_];
    }
    void copy_prepared(rte_mbuf& mbuf, std::uint32_t flow, flow::Side from);
    bool is_connecting(unsigned place) const;
    void write_one(rte_mbuf& mbuf, unsigned place);
    void write_phase(rte_mbuf& mbuf, std::uint32_t flow, const Phase& phase);
    void run_phase(Burst& frames, std::uint32_t first, unsigned count, const Phase& phase,
                   const Carry& carry);
    void open(Burst& frames, std::uint32_t first, unsigned count, const Carry& carry);
    void close(Burst& frames, std::uint32_t first, unsigned count, const Carry& carry);
    net::Bytes room(rte_mbuf& mbuf) const;
    void finish(rte_mbuf& mbuf, std::size_t bytes) const;

    const Load load_;
    const bool both_sides_;
    const std::uint32_t steady_flows_;  // the first; the others come and go
    Traffic traffic_;
    std::vector<ServerEnd> ends_;
    std::vector<std::uint8_t> prepared_;  // empty: none are
    std::size_t prepared_bytes_ = 0;      // of each place, the frame's or some more
    std::size_t prepared_length_ = 0;     // of each frame
    std::minstd_rand random_{1};
    std::array<std::uint32_t, burst> flows_{};  // of the burst
    unsigned phase_ = 0;                        // of connections that come and go
};

}  // namespace warren::bench
