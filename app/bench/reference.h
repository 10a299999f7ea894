// SPDX-License-Identifier: BSD-3-Clause
// What testpmd does to frames, to compare a worker with: io passes them on, macswap turns the
// Ethernet addresses round, 5tswap the IP addresses and ports too. No checksum changes by that.
#pragma once

#include <rte_mbuf.h>

#include "load.h"
#include "port/port.h"

namespace warren::bench {

class Reference {
  public:
    // Of that queue of the port's.
    Reference(Mode mode, port::Port& port, std::uint16_t queue = 0)
        : mode_(mode), port_(port), queue_(queue) {}

    // One burst, received, changed and sent back. Returns how many.
    unsigned poll_once();

  private:
    void change(rte_mbuf& mbuf) const;

    const Mode mode_;
    port::Port& port_;
    const std::uint16_t queue_;
};

}  // namespace warren::bench
