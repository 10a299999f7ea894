// SPDX-License-Identifier: BSD-3-Clause
#include "statistics.h"

#include <rte_cycles.h>

#include <cstdio>

namespace warren::bench {
namespace {

constexpr const char* port_frame = "  ########################";
constexpr const char* all_frame = "  +++++++++++++++";

// So many a second.
std::uint64_t rate_of(std::uint64_t count, std::uint64_t cycles) {
    return cycles == 0 ? 0
                       : static_cast<std::uint64_t>(double(count) * double(rte_get_tsc_hz()) /
                                                    double(cycles));
}

void print_accumulated(const rte_eth_stats& stats) {
    std::printf("\n%s Accumulated forward statistics for all ports+++++++++++++++\n", all_frame);
    std::printf("  RX-packets: %-14lu RX-dropped: %-13lu RX-total: %lu\n", stats.ipackets,
                stats.imissed, stats.ipackets + stats.imissed);
    std::printf("  TX-packets: %-14lu TX-dropped: %-13lu TX-total: %lu\n", stats.opackets,
                stats.oerrors, stats.opackets + stats.oerrors);
    std::printf(
        "  ++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++\n\n");
}

}  // namespace

Statistics::Statistics(const port::Port& port, double period_s)
    : port_(port),
      period_(static_cast<std::uint64_t>(period_s * double(rte_get_tsc_hz()))),
      first_(port.stats()),
      start_(rte_rdtsc()),
      last_(first_),
      last_at_(start_) {}

void Statistics::tick() {
    if (period_ == 0) return;
    const std::uint64_t now = rte_rdtsc();
    if (now - last_at_ < period_) return;
    print(last_, now - last_at_, "since last show");
    last_ = port_.stats();
    last_at_ = now;
    std::fflush(stdout);
}

void Statistics::print_last() {
    print(first_, rte_rdtsc() - start_, "of the whole");
    print_accumulated(port_.stats());
}

// The layout of testpmd's "show port stats".
void Statistics::print(const rte_eth_stats& since, std::uint64_t cycles,
                       const char* of_what) const {
    const rte_eth_stats now = port_.stats();
    std::printf("\n%s NIC statistics for port %-2u ########################\n", port_frame, 0U);
    std::printf("  RX-packets: %-10lu RX-missed: %-10lu RX-bytes:  %lu\n", now.ipackets,
                now.imissed, now.ibytes);
    std::printf("  RX-errors: %lu\n", now.ierrors);
    std::printf("  RX-nombuf:  %-10lu\n", now.rx_nombuf);
    std::printf("  TX-packets: %-10lu TX-errors: %-10lu TX-bytes:  %lu\n\n", now.opackets,
                now.oerrors, now.obytes);
    std::printf("  Throughput (%s)\n", of_what);
    std::printf("  Rx-pps: %12lu          Rx-bps: %12lu\n",
                rate_of(now.ipackets - since.ipackets, cycles),
                8 * rate_of(now.ibytes - since.ibytes, cycles));
    std::printf("  Tx-pps: %12lu          Tx-bps: %12lu\n",
                rate_of(now.opackets - since.opackets, cycles),
                8 * rate_of(now.obytes - since.obytes, cycles));
    std::printf("  ############################################################################\n");
}

}  // namespace warren::bench
