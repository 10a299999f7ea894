// SPDX-License-Identifier: BSD-3-Clause
// Faults of the machine's own that only who drives the card can notice: it sends nothing any more,
// packet buffers have run out. The virtual routers give up; what still works says good-bye.
#pragma once

#include <array>
#include <cstdint>

#include "control/publication.h"
#include "port/port_table.h"
#include "port/stall.h"

struct rte_mempool;

namespace warren::control {

class Faults {
  public:
    // `pool`: of all received frames; null: not looked at.
    Faults(const Context& context, const port::PortTable& ports, const rte_mempool* pool,
           const election::VrrpCounters& counters);

    // As often as one likes: it looks ten times a second.
    void look(std::uint64_t now_ns);

    // Bit n: FaultCause n. Of all routers on that port, as last told.
    std::uint16_t of(std::uint8_t port) const;

  private:
    struct PortStall {
        port::TransmitWatch watch;
        bool stalled = false;
        std::uint64_t next_probe_ns = 0;
    };

    void look_at_port(std::uint8_t port, std::uint64_t now_ns);
    void look_at_buffers(std::uint64_t now_ns);
    void probe(std::uint8_t port);

    Context context_;
    const port::PortTable& ports_;  // as in State
    const rte_mempool* pool_;
    const election::VrrpCounters& counters_;
    std::array<PortStall, exchange::max_ports> stalls_{};  // by port
    port::BufferWatch buffers_;
    bool no_buffers_ = false;
    std::uint64_t next_look_ns_ = 0;
};

}  // namespace warren::control
