// SPDX-License-Identifier: BSD-3-Clause
// What an engine has found out, in words and as one line of JSON.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "load.h"

namespace warren::bench {

struct Result {
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;   // packets that did not come out
    double cycles = 0;        // per packet, TSC: median of windows
    double quiet_cycles = 0;  // lowest decile
    double mpps = 0;
    double bytes_per_flow = 0;           // of the worker's tables; 0: it has none, or not seen
    std::array<double, 3> latency_ns{};  // 50, 99 and 99.9 %
    std::vector<std::pair<std::string, double>> stages;  // quiet cycles per packet
    std::vector<std::pair<std::string, double>> more;    // the engine's own
    std::string driver;                                  // of the port
};

inline constexpr double quiet_part = 0.1;  // the lowest decile, of windows

// Of any values, in any order; 0 for none. `part`: 0 to 1.
double part_of(std::vector<double> values, double part);
std::array<double, 3> percentiles_of(const std::vector<double>& values);

struct Run {
    std::string engine;
    std::string mode;
    Load load;
    std::vector<std::pair<std::string, std::string>> machine;  // what it ran on
};
void print(const Run& run, const Result& result);
void print_json(const Run& run, const Result& result);

}  // namespace warren::bench
