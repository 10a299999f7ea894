// SPDX-License-Identifier: BSD-3-Clause
#include "dpdk_log.h"

#include <rte_log.h>
#include <spdlog/spdlog.h>
#include <sys/types.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace warren::app {
namespace {

// Said at each start as a warning: there is nothing that would want that socket.
constexpr std::string_view matter_of_course = "No legacy callbacks, legacy socket not created";

spdlog::level::level_enum level_of(int dpdk_level, std::string_view text) {
    if (text.find(matter_of_course) != std::string_view::npos) return spdlog::level::debug;
    if (dpdk_level <= static_cast<int>(RTE_LOG_ERR)) return spdlog::level::err;
    if (dpdk_level == static_cast<int>(RTE_LOG_WARNING)) return spdlog::level::warn;
    return dpdk_level == static_cast<int>(RTE_LOG_DEBUG) ? spdlog::level::debug
                                                         : spdlog::level::info;
}

// DPDK flushes each message, in the thread that says it, whose level it knows.
ssize_t take(void*, const char* text, std::size_t size) {
    std::string_view rest(text, size);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        if (end != 0) spdlog::log(level_of(rte_log_cur_msg_loglevel(), line), "DPDK: {}", line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return static_cast<ssize_t>(size);
}

}  // namespace

void take_dpdk_log() {
    cookie_io_functions_t functions{};
    functions.write = take;
    FILE* const stream = fopencookie(nullptr, "w", functions);
    if (stream == nullptr) return;  // it goes on to standard error
    setvbuf(stream, nullptr, _IOLBF, BUFSIZ);
    rte_openlog_stream(stream);
}

}  // namespace warren::app
