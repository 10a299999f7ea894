// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment, once per process: memory, lcores, telemetry socket.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace warren::port {

enum class Hugepages { automatic, yes, no };

struct EalOptions {
    std::string instance;  // file prefix, and so the telemetry socket's folder
    Hugepages hugepages = Hugepages::automatic;
    unsigned packets = 0;     // mbufs of all pools that will be made
    unsigned memory_mb = 64;  // for all else
    unsigned workers = 1;
    std::vector<unsigned> worker_cpus;     // empty: any CPU of the process
    std::optional<unsigned> control_cpu;   // absent: any CPU of the process
    std::vector<std::string> pci_devices;  // addresses to probe; none: PCI stays untouched
    std::vector<std::string> extra;        // the operator's own, after "--"
};

// lcore 0 is the manager (the main thread), 1 the control lcore, 2 and up the workers.
inline constexpr unsigned control_lcore = 1;
inline constexpr unsigned first_worker_lcore = 2;

// The argument vector for rte_eal_init, program name first. `huge`: whether to use hugepages;
// `cpus`: the CPUs of the process.
std::vector<std::string> eal_arguments(const EalOptions& options, bool huge,
                                       const std::vector<unsigned>& cpus);

class Eal {
  public:
    // Throws std::runtime_error with the reason in one line.
    explicit Eal(const EalOptions& options);
    ~Eal();
    Eal(const Eal&) = delete;
    Eal& operator=(const Eal&) = delete;

    bool uses_hugepages() const { return huge_; }

  private:
    bool huge_ = false;
};

// Whether this user can make files in each hugetlbfs of these (/proc/mounts), and there is one:
// DPDK takes the one that it likes.
bool has_usable_hugetlbfs(std::istream& mounts);

// Hugepages of the default size that nobody has and nobody was promised (a PostgreSQL that touches
// its own later), of a /proc/meminfo.
struct HugepageCount {
    unsigned long pages = 0;
    unsigned long page_kb = 0;
};
HugepageCount count_hugepages(std::istream& meminfo);

}  // namespace warren::port
