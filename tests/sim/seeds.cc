// SPDX-License-Identifier: BSD-3-Clause
#include "seeds.h"

#include <cstdio>
#include <cstdlib>

namespace warren::sim {
namespace {

using Run = std::function<Outcome(std::uint64_t seed, bool tracing)>;

bool run_seed(const Run& run, std::uint64_t seed, bool tracing) {
    const Outcome outcome = run(seed, tracing);
    for (const std::string& line : outcome.trace)
        std::printf("%s\n", line.c_str());
    if (outcome.failure.empty()) return true;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.failure.c_str());
    return false;
}

int simulate(const Run& run, std::uint64_t first, std::uint64_t seeds) {
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        if (run_seed(run, seed, false)) continue;
        run_seed(run, seed, true);
        std::printf("again with: WARREN_SIM_SEED=%llu\n", static_cast<unsigned long long>(seed));
        return 1;
    }
    std::printf("%llu seeds from %llu: all invariants hold\n",
                static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first));
    return 0;
}

}  // namespace

int run_seeds(int argc, char** argv, const Run& run) {
    if (const char* seed = std::getenv("WARREN_SIM_SEED"))
        return run_seed(run, std::strtoull(seed, nullptr, 10), true) ? 0 : 1;
    const std::uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
    const std::uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    return simulate(run, first, seeds);
}

}  // namespace warren::sim
