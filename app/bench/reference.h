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
    Reference(Mode mode, port::Port& port) : mode_(mode), port_(port) {}

    // One burst, received, changed and sent back. Returns how many.
    unsigned poll_once();

  private:
    void change(rte_mbuf& mbuf) const;

    const Mode mode_;
    port::Port& port_;
};

}  // namespace warren::bench
