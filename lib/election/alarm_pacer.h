// SPDX-License-Identifier: BSD-3-Clause
// Rate-limits the log of a peer's adverts that differ from ours: the first one at once, then a
// summary each minute while they come. Pure.
#pragma once

#include <cstdint>
#include <map>

#include "election/vrrp_link.h"

namespace warren::election {

// Of one virtual router; bounded by the number of kinds of alarms.
class AlarmPacer {
  public:
    static constexpr std::uint64_t summary_ns = 60'000'000'000;
    static constexpr std::uint64_t forget_ns =
        10 * summary_ns;  // after so long it is a first one again

    // Whether to log this one now.
    bool see(const VrrpReport& report, std::uint64_t now_ns);

    // Calls log(last report, how many since the last line) for each kind whose minute is over.
    template <typename Log>
    void summarise(std::uint64_t now_ns, Log log) {
        for (auto& [kind, seen] : kinds_) {
            if (seen.logged == seen.last.total || now_ns < seen.next_ns) continue;
            log(seen.last, seen.last.total - seen.logged);
            seen.logged = seen.last.total;
            seen.next_ns = now_ns + summary_ns;
        }
    }

    // Calls use(last report) for each kind seen within that time.
    template <typename Use>
    void recent(std::uint64_t now_ns, std::uint64_t within_ns, Use use) const {
        for (const auto& [kind, seen] : kinds_)
            if (now_ns - seen.last_ns < within_ns) use(seen.last);
    }

  private:
    struct Seen {
        VrrpReport last;
        std::uint64_t logged = 0;  // of last.total
        std::uint64_t next_ns = 0;
        std::uint64_t last_ns = 0;
    };
    std::map<unsigned, Seen> kinds_;
};

}  // namespace warren::election
