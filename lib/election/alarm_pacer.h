// SPDX-License-Identifier: BSD-3-Clause
// How often the log speaks of a peer's adverts that are not as ours: at first sight, then one
// summary a minute for as long as it goes on. Pure.
#pragma once

#include <cstdint>
#include <map>

#include "election/vrrp_link.h"

namespace warren::election {

// The alarms of one virtual router. Bounded: there are so many kinds of them, and no more.
class AlarmPacer {
  public:
    static constexpr std::uint64_t summary_ns = 60'000'000'000;
    static constexpr std::uint64_t forget_ns = 10 * summary_ns;  // then it is first sight again

    // Whether this one is to be told now, with all it says.
    bool see(const VrrpReport& report, std::uint64_t now_ns);

    // tell(last report, how many since the line before) for each kind whose minute is over.
    template <typename Tell>
    void summarise(std::uint64_t now_ns, Tell tell) {
        for (auto& [kind, seen] : kinds_) {
            if (seen.told == seen.last.total || now_ns < seen.next_ns) continue;
            tell(seen.last, seen.last.total - seen.told);
            seen.told = seen.last.total;
            seen.next_ns = now_ns + summary_ns;
        }
    }

    // tell(last report) for each kind that has been seen within that time.
    template <typename Tell>
    void recent(std::uint64_t now_ns, std::uint64_t within_ns, Tell tell) const {
        for (const auto& [kind, seen] : kinds_)
            if (now_ns - seen.last_ns < within_ns) tell(seen.last);
    }

  private:
    struct Seen {
        VrrpReport last;
        std::uint64_t told = 0;  // of last.total
        std::uint64_t next_ns = 0;
        std::uint64_t last_ns = 0;
    };
    std::map<unsigned, Seen> kinds_;
};

}  // namespace warren::election
