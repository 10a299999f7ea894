// SPDX-License-Identifier: BSD-3-Clause
// What all simulations do with their arguments: NAME [SEEDS [FIRST]] runs seeds until one fails and
// then that one again with its whole trace; WARREN_SIM_SEED=N runs one seed so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace warren::sim {

struct Outcome {
    std::string failure;             // empty: all invariants hold
    std::vector<std::string> trace;  // if it was asked for
};

// The exit status of the program.
int run_seeds(int argc, char** argv,
              const std::function<Outcome(std::uint64_t seed, bool tracing)>& run);

}  // namespace warren::sim
