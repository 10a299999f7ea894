// SPDX-License-Identifier: BSD-3-Clause
// Log lines about services that refuse clients, and servers that refuse though they are up: when it
// begins, once a minute while it goes on, and when it is over. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/state.h"

namespace warren::history {

class RefusalWatch {
  public:
    static constexpr unsigned summary_seconds = 60;

    // Once a second. Also moves the ten-second windows of the counts in `state` on.
    std::vector<journal::Notice> look(model::State& state);

  private:
    struct Reported {
        std::uint64_t total = 0;   // at the last line
        std::uint64_t before = 0;  // when it began
        unsigned seconds = 0;      // since the last line
    };
    // Whether a service or a server, its index, and the cause.
    using Key = std::pair<bool, std::pair<std::size_t, std::size_t>>;

    // What there is to tell of it, in words that follow who refuses what. Nearly always nothing.
    std::optional<journal::Notice> look_at(const Key& key, const balance::RecentCount& count);

    std::map<Key, Reported> standing_;
};

}  // namespace warren::history
