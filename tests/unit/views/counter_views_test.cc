// SPDX-License-Identifier: BSD-3-Clause
// `show counters` leaves no counter out: whatever a thread counts has exactly one row.
#include "views/counter_views.h"
#include "views/view_context.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>

#include "unit/model/sample_state.h"

namespace warren::views {
namespace {

using namespace model;  // the words of its fixture

using exchange::Counter;
using exchange::Drop;

// The counters that a block of nothing but counters consists of.
template <typename Block>
std::span<Counter> counters_of(Block& block) {
    static_assert(sizeof(Block) % sizeof(Counter) == 0);
    return {reinterpret_cast<Counter*>(&block), sizeof(Block) / sizeof(Counter)};
}

class CounterRows : public testing::Test {
  protected:
    std::vector<Json> rows() const {
        ViewContext context{*state_,  exchange_,    vrrp_, netlink_,
                            process_, port_totals_, busy_, start_ns};
        context.turns = turns_;
        return counter_rows(context);
    }
    std::uint64_t total(const std::string& group, const std::string& name) const {
        for (const Json& row : rows())
            if (row["group"] == group && row["name"] == name)
                return row["total"].get<std::uint64_t>();
        ADD_FAILURE() << "no row " << group << " " << name;
        return 0;
    }

    std::unique_ptr<model::State> state_ = state_of(router("A", "eth0", 51, "192.168.8.100/24"));
    mutable exchange::Exchange exchange_{2};
    election::VrrpLink vrrp_;
    kernel::NetlinkStatistics netlink_;
    ProcessFacts process_;
    journal::TurnTimes turns_;
    std::vector<PortTotals> port_totals_;
    std::vector<double> busy_;
};

TEST_F(CounterRows, SayHowFastAndWhenLast) {
    constexpr std::uint64_t second = 1'000'000'000;
    CounterHistory history;
    for (std::uint64_t s = 1; s <= 30; ++s) {
        exchange_.workers[0]->counters.rx.set(s <= 20 ? 100 * s : 2'000);
        history.sample(rows(), s * second);
    }
    exchange_.workers[0]->counters.tx.set(7);
    for (Json row : rows()) {
        history.add_to(row, 30 * second + second / 2);
        if (row["group"] != "worker") continue;
        if (row["name"] == "rx") {
            EXPECT_EQ(row["moved_ms"], 10'500);
            EXPECT_EQ(row["per_s"], 0.0);
        }
        if (row["name"] == "tx") {
            EXPECT_EQ(row["moved_ms"], 0) << "since the last sample";
        }
        if (row["name"] == "kernel") {
            EXPECT_TRUE(row["moved_ms"].is_null());
        }
    }
    exchange_.workers[0]->counters.rx.set(2'500);
    history.sample(rows(), 31 * second);
    for (Json row : rows()) {
        history.add_to(row, 31 * second);
        if (row["group"] == "worker" && row["name"] == "rx") {
            EXPECT_EQ(row["per_s"], 50.0);
        }
    }
}

TEST_F(CounterRows, AGaugeHasNoRate) {
    CounterHistory history;
    history.sample(rows(), 1);
    for (Json row : rows()) {
        history.add_to(row, 2);
        const std::string name = row["name"];
        const bool is_gauge = name == "longest_oversleep_ns" || name == "scheduling_errno" ||
                              name == "longest_turn_us";
        EXPECT_EQ(row["per_s"].is_null(), is_gauge) << name;
    }
}

TEST_F(CounterRows, EachCounterOfAWorkerHasOneRow) {
    // Padding at the block's end may be counted too: it is never shown and never asked for.
    const std::size_t named = exchange::worker_counters.size() + 2 * exchange::drop_count;
    std::uint64_t next = 1'000;
    const std::uint64_t first = next;
    for (Counter& counter : counters_of(exchange_.workers[0]->counters).first(named))
        counter.set(next++);
    std::multiset<std::uint64_t> shown;
    for (const Json& row : rows())
        if (const auto total = row["total"].get<std::uint64_t>(); total != 0) shown.insert(total);
    for (std::uint64_t value = first; value < next; ++value)
        EXPECT_EQ(shown.count(value), 1U) << "counter number " << value - first;
    EXPECT_EQ(shown.size(), named);
    EXPECT_LT(sizeof(exchange::WorkerCounters), (named + 8) * sizeof(Counter));
}

TEST_F(CounterRows, EachCounterOfTheControlLcoreHasOneRow) {
    std::uint64_t next = 1'000;
    for (const auto& [name, counter] : election::vrrp_counters)
        (vrrp_.counters.*counter).set(next++);
    vrrp_.counters.tried[0].set(next++);
    vrrp_.counters.taken[0].set(next++);
    std::multiset<std::uint64_t> shown;
    for (const Json& row : rows())
        shown.insert(row["total"].get<std::uint64_t>());
    for (std::uint64_t value = 1'000; value < next; ++value)
        EXPECT_EQ(shown.count(value), 1U) << value;
    EXPECT_EQ(total("control", "frames_tried_eth0"), next - 2);
    EXPECT_EQ(total("control", "frames_taken_eth0"), next - 1);
}

TEST_F(CounterRows, RefusalsAreNoDrops) {
    exchange_.workers[0]->counters.refusal(Drop::no_server).add(3);
    exchange_.workers[1]->counters.refusal(Drop::no_server).add(4);
    exchange_.workers[1]->counters.drop(Drop::no_server).add(1);
    EXPECT_EQ(total("refusal", "no_server"), 7U);
    EXPECT_EQ(total("drop", "no_server"), 1U);
    EXPECT_EQ(total("refusal", "no_local_port"), 0U);
}

TEST_F(CounterRows, TheKernelsTroubleIsShown) {
    netlink_ = {1, 2, 3, 4};
    EXPECT_EQ(total("netlink", "overruns"), 1U);
    EXPECT_EQ(total("netlink", "request_errors"), 2U);
    EXPECT_EQ(total("netlink", "table_full"), 3U);
    EXPECT_EQ(total("netlink", "managed_refused"), 4U);
}

TEST_F(CounterRows, TheManagersTurnsAreShown) {
    for (const std::uint64_t ns : {1'000'000U, 5'000'000U, 5'000'001U})
        turns_.note(ns);
    EXPECT_EQ(total("manager", "turns"), 3U);
    EXPECT_EQ(total("manager", "long_turns"), 1U);
    EXPECT_EQ(total("manager", "longest_turn_us"), 5'000U);
}

TEST_F(CounterRows, NoTwoRowsAreCalledTheSame) {
    std::set<std::string> names;
    for (const Json& row : rows())
        EXPECT_TRUE(
            names.insert(row["group"].get<std::string>() + " " + row["name"].get<std::string>())
                .second)
            << row;
}

TEST_F(CounterRows, FlowSyncHasItsOwnWhereThereIsOne) {
    const auto count = [this](const char* group) {
        const std::vector<Json> all = rows();
        return std::count_if(all.begin(), all.end(),
                             [&](const Json& row) { return row["group"] == group; });
    };
    EXPECT_EQ(count("sync"), 0);
    for (const auto& worker : exchange_.workers)
        worker->sync = std::make_unique<exchange::SyncLink>();
    EXPECT_EQ(count("sync"), static_cast<std::ptrdiff_t>(exchange::sync_counters.size() +
                                                         exchange::sync_link_counters.size()));
    EXPECT_EQ(count("sync_refused"),
              static_cast<std::ptrdiff_t>(exchange::sync_refusal_names.size()));
    exchange_.sync_reports.counters.resent.add(3);
    exchange_.workers[1]->sync->installed.add(4);
    exchange_.workers[0]->sync->refused[7].add(5);
    EXPECT_EQ(total("sync", "resent"), 3U);
    EXPECT_EQ(total("sync", "installed"), 4U);
    EXPECT_EQ(total("sync_refused", "table_full"), 5U);
}

}  // namespace
}  // namespace warren::views
