// SPDX-License-Identifier: BSD-3-Clause
// What is to happen in virtual time: by time, and at one time in the order it was asked for. A
// tree, for a heap would move every function some ten times.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <utility>

namespace warren::sim {

class EventQueue {
  public:
    static constexpr std::uint64_t never_ns = std::numeric_limits<std::uint64_t>::max();

    void at(std::uint64_t time_ns, std::function<void()> what) {
        events_.emplace(time_ns, std::move(what));
    }
    std::uint64_t next_ns() const { return events_.empty() ? never_ns : events_.begin()->first; }
    // Not empty.
    std::function<void()> take() { return std::move(events_.extract(events_.begin()).mapped()); }

  private:
    std::multimap<std::uint64_t, std::function<void()>> events_;
};

}  // namespace warren::sim
