// SPDX-License-Identifier: BSD-3-Clause
// What the manager pays for a new slot table, by the number of servers, and a worker for a pick.
#include <benchmark/benchmark.h>

#include <vector>

#include "balance/client_key.h"
#include "balance/slot_table.h"

namespace {

using warren::balance::Candidate;
using warren::balance::SlotOwner;
using warren::balance::SlotTable;

std::vector<SlotOwner> owners(std::size_t count) {
    std::vector<SlotOwner> all;
    for (std::size_t i = 0; i < count; ++i) {
        const auto weight = static_cast<std::uint32_t>(1 + i % 3) * warren::balance::weight_one;
        all.push_back({warren::balance::mix(i), weight, weight});
    }
    return all;
}

void build_maglev(benchmark::State& state) {
    const auto all = owners(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        benchmark::DoNotOptimize(SlotTable::maglev(all));
}

void build_source_hash(benchmark::State& state) {
    const auto all = owners(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        benchmark::DoNotOptimize(SlotTable::source_hash(all));
}

void pick_by_maglev(benchmark::State& state) {
    const auto all = owners(static_cast<std::size_t>(state.range(0)));
    const SlotTable table = SlotTable::maglev(all);
    std::vector<Candidate> candidates;
    for (const SlotOwner& owner : all)
        candidates.push_back({0, owner.weight, 0});
    std::uint64_t client = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(table.pick(candidates, warren::balance::mix(++client), true));
}

BENCHMARK(build_maglev)->Arg(3)->Arg(32)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK(build_source_hash)->Arg(3)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK(pick_by_maglev)->Arg(3)->Arg(256);

}  // namespace

BENCHMARK_MAIN();
