// SPDX-License-Identifier: BSD-3-Clause
// Sequences that are lost and whose flows have been asked of the workers: resolved by the first
// mark that was ordered behind the questions. Bounded: beyond it the oldest counts as resolved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sync/bounded_list.h"
#include "sync/message.h"
#include "sync/sink.h"

namespace warren::sync {

class Unresolved {
  public:
    static constexpr std::size_t capacity = 256;

    void clear() { lost_.clear(); }
    // false: an older one had to give way.
    bool add(std::uint64_t sequence) {
        const bool full = lost_.size() == capacity;
        if (full) erase_oldest();
        lost_.push({sequence, 0});
        return !full;
    }
    // Whether there is one that no mark has been ordered for.
    bool wants_mark() const {
        return std::any_of(lost_.begin(), lost_.end(), [](const Lost& l) { return l.mark == 0; });
    }
    void ordered(Ticket mark) {
        for (Lost& l : lost_)
            if (l.mark == 0) l.mark = mark;
    }
    void answered(Ticket mark) {
        lost_.erase_if([mark](const Lost& l) { return l.mark == mark; });
    }
    // Its answer will not come.
    void forget_orders() {
        for (Lost& l : lost_)
            l.mark = 0;
    }
    // How many had only been late.
    std::size_t acknowledge(const Ack& ack) {
        const std::size_t before = lost_.size();
        lost_.erase_if([&ack](const Lost& l) { return ack.has(l.sequence); });
        return before - lost_.size();
    }

    std::size_t size() const { return lost_.size(); }
    std::uint64_t oldest_or(std::uint64_t otherwise) const {
        for (const Lost& l : lost_)
            otherwise = std::min(otherwise, l.sequence);
        return otherwise;
    }

  private:
    struct Lost {
        std::uint64_t sequence = 0;
        Ticket mark = 0;  // 0: not ordered yet
    };

    void erase_oldest() {
        const std::uint64_t oldest = oldest_or(~std::uint64_t{0});
        lost_.erase_if([oldest](const Lost& l) { return l.sequence == oldest; });
    }

    BoundedList<Lost, capacity> lost_;
};

}  // namespace warren::sync
