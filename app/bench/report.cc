// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace warren::bench {
namespace {

nlohmann::ordered_json object_of(const std::vector<std::pair<std::string, double>>& named) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [name, value] : named)
        object[name] = value;
    return object;
}

void print_named(const char* title, const std::vector<std::pair<std::string, double>>& named) {
    if (named.empty()) return;
    std::printf("%s:", title);
    for (const auto& [name, value] : named)
        std::printf("  %s %.2f", name.c_str(), value);
    std::printf("\n");
}

}  // namespace

double part_of(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(part * double(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

std::array<double, 3> percentiles_of(const std::vector<double>& values) {
    return {part_of(values, 0.5), part_of(values, 0.99), part_of(values, 0.999)};
}

void print(const Run& run, const Result& result) {
    const Load& load = run.load;
    std::printf("%s %s  flows %u  IPv%u to IPv%u  %zu-byte frames  checksums by %s\n",
                run.engine.c_str(), run.mode.c_str(), load.flows, load.sides.clients,
                load.sides.servers, load.frame_bytes, load.verify ? "software" : "the NIC");
    std::printf("ran on: port %s", result.driver.c_str());
    for (const auto& [name, value] : run.machine)
        std::printf("  %s %s", name.c_str(), value.c_str());
    std::printf("\n");
    std::printf("packets %lu  lost %lu  %.0f bytes/flow\n", result.packets, result.lost,
                result.bytes_per_flow);
    std::printf("%.1f cycles/packet, %.1f in the lowest decile: %.3f Mpps\n", result.cycles,
                result.quiet_cycles, result.mpps);
    std::printf("latency: %.0f ns, 99 %% %.0f ns, 99.9 %% %.0f ns\n", result.latency_ns[0],
                result.latency_ns[1], result.latency_ns[2]);
    print_named("cycles/packet by stage", result.stages);
    print_named("beside it", result.more);
}

void print_json(const Run& run, const Result& result) {
    nlohmann::ordered_json line{{"engine", run.engine},
                                {"forward_mode", run.mode},
                                {"flows", run.load.flows},
                                {"clients", run.load.sides.clients},
                                {"servers", run.load.sides.servers},
                                {"frame_bytes", run.load.frame_bytes},
                                {"verify", run.load.verify},
                                {"packets", result.packets},
                                {"lost", result.lost},
                                {"cycles_per_packet", result.cycles},
                                {"quiet_cycles_per_packet", result.quiet_cycles},
                                {"mpps", result.mpps},
                                {"bytes_per_flow", result.bytes_per_flow},
                                {"latency_ns",
                                 {{"p50", result.latency_ns[0]},
                                  {"p99", result.latency_ns[1]},
                                  {"p999", result.latency_ns[2]}}},
                                {"stages", object_of(result.stages)}};
    line.update(object_of(result.more));
    nlohmann::ordered_json ran_on{{"driver", result.driver}};
    for (const auto& [name, value] : run.machine)
        ran_on[name] = value;
    line["ran_on"] = ran_on;
    std::puts(line.dump().c_str());
}

}  // namespace warren::bench
