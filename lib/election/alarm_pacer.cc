// SPDX-License-Identifier: BSD-3-Clause
#include "election/alarm_pacer.h"

namespace warren::election {

bool AlarmPacer::see(const VrrpReport& report, std::uint64_t now_ns) {
    const bool is_alarm = report.kind == VrrpReport::Kind::alarm;
    const unsigned kind = is_alarm ? static_cast<unsigned>(report.alarm)
                                   : 256U + static_cast<unsigned>(report.reject);
    const auto [at, is_new] = kinds_.try_emplace(kind);
    Seen& seen = at->second;
    const bool first = is_new || now_ns - seen.last_ns >= forget_ns;
    seen.last = report;
    seen.last_ns = now_ns;
    if (!first) return false;
    seen.logged = report.total;
    seen.next_ns = now_ns + summary_ns;
    return true;
}

}  // namespace warren::election
