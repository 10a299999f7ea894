// SPDX-License-Identifier: BSD-3-Clause
#include "environment.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_version.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace warren::bench {
namespace {

std::string own_prefix() {
    return "warren-bench-" + std::to_string(getpid());
}

// The generator has the others.
std::vector<unsigned> last_cpus(unsigned count) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof(cpus), &cpus);
    std::vector<unsigned> last;
    for (unsigned cpu = CPU_SETSIZE; cpu-- > 0 && last.size() < count;)
        if (CPU_ISSET(cpu, &cpus)) last.push_back(cpu);
    return last;
}

port::EalOptions usual(const Request& request) {
    port::EalOptions options;
    options.instance = own_prefix();
    options.memory_mb = 64;
    options.extra = {"--no-telemetry"};
    options.workers = request.engine == "parts" ? 2 : request.load.cores;
    if (request.engine == "ring" || request.engine == "parts")
        options.worker_cpus = last_cpus(options.workers);
    return options;
}

// Nothing is added but a file prefix: without one it would meet another program of DPDK's.
void start_as_told(std::vector<std::string> words) {
    words.insert(words.begin(), "warren-bench");
    const auto names_files = [](std::string_view word) {
        return word.starts_with("--file-prefix");
    };
    if (std::none_of(words.begin(), words.end(), names_files))
        words.push_back("--file-prefix=" + own_prefix());
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
        throw std::runtime_error(std::string("DPDK did not start: ") + rte_strerror(rte_errno));
}

std::string processor() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown";
}

}  // namespace

Environment::Environment(const Request& request) {
    if (request.is_eal_given)
        start_as_told(request.eal);
    else
        made_.emplace(usual(request));
}

Environment::~Environment() {
    if (made_) return;
    const std::string folder = rte_eal_get_runtime_dir();
    rte_eal_cleanup();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

std::vector<unsigned> forwarding_lcores(unsigned count) {
    std::vector<unsigned> lcores;
    unsigned lcore = 0;
    RTE_LCORE_FOREACH_WORKER(lcore) {
        lcores.push_back(lcore);
    }
    if (lcores.size() < count)
        throw std::runtime_error("engines ring and parts need an lcore for the generator and " +
                                 std::to_string(count) + " to forward (EAL option -l)");
    lcores.erase(lcores.begin(), lcores.end() - count);
    return lcores;
}

std::vector<std::pair<std::string, std::string>> machine() {
    char ghz[16];
    std::snprintf(ghz, sizeof(ghz), "%.2f", double(rte_get_tsc_hz()) / 1e9);
    return {{"cpu", processor()},
            {"cpus", std::to_string(sysconf(_SC_NPROCESSORS_ONLN))},
            {"tsc_ghz", ghz},
            {"dpdk", rte_version()},
            {"hugepages", rte_eal_has_hugepages() != 0 ? "yes" : "no"}};
}

}  // namespace warren::bench
