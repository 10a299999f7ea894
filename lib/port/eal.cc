// SPDX-License-Identifier: BSD-3-Clause
#include "port/eal.h"

#include <fcntl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <sched.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace warren::port {
namespace {

std::vector<unsigned> process_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

std::string join(const std::vector<unsigned>& cpus) {
    std::string list;
    for (const unsigned cpu : cpus)
        list += (list.empty() ? "" : ",") + std::to_string(cpu);
    return list;
}

// "lcore@(cpu,cpu)" for every thread: with no CPU named a thread may run on all of them.
std::string lcore_map(const EalOptions& options, const std::vector<unsigned>& cpus) {
    const std::string any = "(" + join(cpus) + ")";
    std::string map = "0@" + any + "," + std::to_string(control_lcore) + "@" +
                      (options.control_cpu ? std::to_string(*options.control_cpu) : any);
    for (unsigned i = 0; i < options.workers; ++i) {
        map += "," + std::to_string(first_worker_lcore + i) + "@";
        map += i < options.worker_cpus.size() ? std::to_string(options.worker_cpus[i]) : any;
    }
    return map;
}

bool is_locked(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool locked = fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(file);
    return locked;
}

// EAL keeps a write lock on its folder's file and does not say so by an error number. Root's
// folder, the unit's and this user's.
bool is_running(const std::string& instance) {
    const char* own = std::getenv("XDG_RUNTIME_DIR");
    const std::array<std::string, 3> folders{"/var/run", "/run/warren",
                                             own != nullptr ? own : "/tmp"};
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        return is_locked(folder + "/dpdk/" + instance + "/config");
    });
}

// As EAL chooses it: the unit's, root's, this user's.
std::string runtime_folder() {
    if (const char* unit = std::getenv("RUNTIME_DIRECTORY")) return unit;
    if (getuid() == 0) return "/var/run";
    const char* own = std::getenv("XDG_RUNTIME_DIR");
    return own != nullptr ? own : "/tmp";
}

// EAL maps its files there: on a full file system the first write into one is a SIGBUS.
void require_runtime_room(const std::string& instance) {
    constexpr std::uintmax_t wanted_kb = 3 << 10;
    const std::string folder = runtime_folder();
    std::error_code ignored;
    if (std::filesystem::exists(folder + "/dpdk/" + instance, ignored)) return;  // killed: reused
    const std::filesystem::space_info room = std::filesystem::space(folder, ignored);
    if (!ignored && room.available >> 10U < wanted_kb)
        throw std::runtime_error("DPDK did not start: " + folder +
                                 " is full: " + std::to_string(room.available >> 10U) +
                                 " kB are free, " + std::to_string(wanted_kb) + " wanted");
}

unsigned total_mb(const EalOptions& options) {
    constexpr std::size_t mbuf_bytes =
        RTE_ALIGN_CEIL(sizeof(rte_mempool_objhdr), RTE_CACHE_LINE_SIZE) + sizeof(rte_mbuf) +
        RTE_MBUF_DEFAULT_BUF_SIZE;
    return options.memory_mb + static_cast<unsigned>(options.packets * mbuf_bytes >> 20U) + 1;
}

std::string failure(const EalOptions& options, bool huge) {
    std::string reason = "DPDK did not start";
    if (rte_errno != 0) reason += ": " + std::string(rte_strerror(rte_errno));
    if (rte_errno == EACCES || rte_errno == EPERM) reason += " (run as root)";
    if (rte_errno == ENOMEM || rte_errno == EALREADY || rte_errno == EINVAL)
        reason += " (" + std::to_string(total_mb(options)) + " MB of " +
                  (huge ? "hugepages" : "memory") + " wanted)";
    return reason;
}

// Who counts and takes hugepages goes one at a time: of two that counted the same ones the second
// would not start. /proc/meminfo is one file to all network and mount namespaces.
class HugepageTurn {
  public:
    HugepageTurn() : file_(open("/proc/meminfo", O_RDONLY | O_CLOEXEC)) { flock(file_, LOCK_EX); }
    ~HugepageTurn() { close(file_); }
    HugepageTurn(const HugepageTurn&) = delete;
    HugepageTurn& operator=(const HugepageTurn&) = delete;

  private:
    int file_;
};

// EAL takes them on the first node, of which each node of a machine has its part.
unsigned long free_on_first_node(unsigned long page_kb, unsigned long otherwise) {
    std::ifstream node("/sys/devices/system/node/node0/hugepages/hugepages-" +
                       std::to_string(page_kb) + "kB/free_hugepages");
    unsigned long pages = 0;
    return node >> pages ? pages : otherwise;
}

bool hugepages_available(unsigned memory_mb) {
    std::ifstream mounts("/proc/mounts");
    std::ifstream meminfo("/proc/meminfo");
    const HugepageCount free = count_hugepages(meminfo);
    const unsigned long pages = std::min(free.pages, free_on_first_node(free.page_kb, free.pages));
    return has_usable_hugetlbfs(mounts) && pages * free.page_kb >= memory_mb * 1024UL;
}

}  // namespace

bool has_usable_hugetlbfs(std::istream& mounts) {
    bool is_there = false;
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string device, folder, type;
        words >> device >> folder >> type;
        if (type != "hugetlbfs") continue;
        if (access(folder.c_str(), W_OK | X_OK) != 0) return false;
        is_there = true;
    }
    return is_there;
}

HugepageCount count_hugepages(std::istream& meminfo) {
    HugepageCount count;
    unsigned long reserved = 0;
    for (std::string line; std::getline(meminfo, line);) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        if (key == "HugePages_Free:") words >> count.pages;
        if (key == "HugePages_Rsvd:") words >> reserved;
        if (key == "Hugepagesize:") words >> count.page_kb;
    }
    count.pages -= std::min(reserved, count.pages);
    return count;
}

std::vector<std::string> eal_arguments(const EalOptions& options, bool huge,
                                       const std::vector<unsigned>& cpus) {
    std::vector<std::string> arguments{"warren",
                                       "--file-prefix",
                                       options.instance,
                                       "--lcores",
                                       lcore_map(options, cpus),
                                       "--main-lcore",
                                       "0",
                                       "--log-level",
                                       "*:warning",
                                       "--log-level",
                                       "lib.telemetry:error"};
    const std::string memory = std::to_string(total_mb(options));
    if (huge) {
        arguments.insert(arguments.end(), {"--huge-unlink", "--socket-mem", memory});
    } else {
        arguments.insert(arguments.end(), {"--no-huge", "-m", memory});
    }
    if (options.pci_devices.empty()) arguments.emplace_back("--no-pci");
    for (const std::string& device : options.pci_devices)
        arguments.insert(arguments.end(), {"-a", device});
    arguments.insert(arguments.end(), options.extra.begin(), options.extra.end());
    return arguments;
}

Eal::Eal(const EalOptions& options) {
    if (is_running(options.instance))
        throw std::runtime_error("another warren is running as instance \"" + options.instance +
                                 "\" (choose another with --instance)");
    require_runtime_room(options.instance);
    const HugepageTurn turn;
    huge_ = options.hugepages == Hugepages::yes ||
            (options.hugepages == Hugepages::automatic && hugepages_available(total_mb(options)));
    std::vector<std::string> arguments = eal_arguments(options, huge_, process_cpus());
    std::vector<char*> argv;
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0)
        throw std::runtime_error(failure(options, huge_));
}

Eal::~Eal() {
    // DPDK leaves its files behind; an instance that runs no more shall not look as if it did.
    const std::string folder = rte_eal_get_runtime_dir();
    rte_eal_cleanup();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

}  // namespace warren::port
