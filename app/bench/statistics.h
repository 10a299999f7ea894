// SPDX-License-Identifier: BSD-3-Clause
// A port's counters as testpmd prints them: one block for each port, with what passed since the
// last, and at the end what all ports have seen.
#pragma once

#include <rte_ethdev.h>

#include <cstdint>

#include "port/port.h"

namespace warren::bench {

class Statistics {
  public:
    // `period_s`: seconds between two blocks; 0: none before the end. The port must outlive it.
    Statistics(const port::Port& port, double period_s);

    // Often enough to be on time, and not for each packet: reads the TSC.
    void tick();
    // Of all that has passed since it was made.
    void print_last();

  private:
    void print(const rte_eth_stats& since, std::uint64_t cycles, const char* of_what) const;

    const port::Port& port_;
    const std::uint64_t period_;  // cycles
    const rte_eth_stats first_;
    const std::uint64_t start_;
    rte_eth_stats last_;
    std::uint64_t last_at_;
};

}  // namespace warren::bench
