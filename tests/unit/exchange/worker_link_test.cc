// SPDX-License-Identifier: BSD-3-Clause
// No two writers share a cache line: else each of a worker's rounds would take lines from another
// thread.
#include "exchange/worker_link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace warren::exchange {
namespace {

// The cache lines of one writer, first to last.
using Lines = std::pair<std::uintptr_t, std::uintptr_t>;

template <typename First, typename Last>
Lines lines(const First& first, const Last& last) {
    const auto begin = reinterpret_cast<std::uintptr_t>(&first);
    const auto end = reinterpret_cast<std::uintptr_t>(&last) + sizeof(Last);
    EXPECT_EQ(begin % 64, 0U);
    return {begin / 64, (end - 1) / 64};
}

void expect_apart(const std::vector<Lines>& writers) {
    for (std::size_t i = 1; i < writers.size(); ++i)
        EXPECT_LT(writers[i - 1].second, writers[i].first) << "group " << i;
}

TEST(WorkerLink, EachWriterHasCacheLinesOfItsOwn) {
    const Exchange exchange(2);
    const WorkerLink& link = *exchange.workers[0];
    expect_apart({lines(link.counters, link.stations), lines(link.seen_ns, link.claims),
                  lines(link.commands, link.sheds), lines(link.control_tx, link.control_tx),
                  lines(link.doorbell, link.doorbell)});
}

TEST(Exchange, EachWriterHasCacheLinesOfItsOwn) {
    const Exchange exchange(2);
    expect_apart({lines(exchange.publisher, exchange.stop),
                  lines(exchange.ownership, exchange.ownership),
                  lines(exchange.reached_limits, exchange.handoffs)});
}

}  // namespace
}  // namespace warren::exchange
