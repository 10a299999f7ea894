// SPDX-License-Identifier: BSD-3-Clause
// What other stations say of themselves in ARP and neighbour messages, thinned out for the manager,
// who knows what all workers have heard (control/station_moves.h): each is passed on when its MAC
// is new, and once a second while it speaks. Bounded: stations that share an entry are passed on
// more often.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "exchange/records.h"
#include "flow/tcp.h"

namespace warren::datapath {

class StationWatch {
  public:
    static constexpr std::size_t entries = 1024;

    bool is_news(const exchange::StationSeen& seen, flow::Tick now) {
        constexpr flow::Tick a_second = 8;
        Entry& entry = entries_[index_of(seen)];
        if (entry.seen == seen && now - entry.passed_on < a_second) return false;
        entry = {seen, now};
        return true;
    }

  private:
    struct Entry {
        exchange::StationSeen seen;
        flow::Tick passed_on = 0;
    };

    static std::size_t index_of(const exchange::StationSeen& seen) {
        std::uint64_t words[2];
        std::memcpy(words, seen.address.bytes().data(), sizeof(words));
        return ((words[0] ^ words[1] ^ seen.port) * 0x9e3779b97f4a7c15ULL) >> 54;
    }

    std::array<Entry, entries> entries_{};
};

}  // namespace warren::datapath
