// SPDX-License-Identifier: BSD-3-Clause
#include "http/process_usage.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace warren::http {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t resident_bytes() {
    std::uint64_t all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t count_fds() {
    std::error_code ignored;
    std::uint64_t count = 0;
    for (auto at = std::filesystem::directory_iterator("/proc/self/fd", ignored);
         at != std::filesystem::directory_iterator(); at.increment(ignored))
        ++count;
    return count;
}

// Its age by the monotonic clock, from field 22 of proc(5)'s stat, in ticks since boot.
double start_s() {
    std::ifstream file("/proc/self/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::size_t at = text.rfind(')');
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = text.find(' ', at + 1);
    if (at == std::string::npos) return 0;
    const double ticks = std::strtod(text.c_str() + at, nullptr);
    timespec up{};
    ::clock_gettime(CLOCK_BOOTTIME, &up);
    const double age = static_cast<double>(up.tv_sec) + static_cast<double>(up.tv_nsec) / 1e9 -
                       ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count() - age;
}

}  // namespace

metrics::ProcessUsage process_usage() {
    static const double started_s = start_s();
    metrics::ProcessUsage usage;
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0)
        usage.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
    usage.start_s = started_s;
    usage.resident_bytes = resident_bytes();
    usage.open_fds = count_fds();
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_fds = limit.rlim_cur;
    return usage;
}

}  // namespace warren::http
