// SPDX-License-Identifier: BSD-3-Clause
// Sequences that are lost and whose flows have been asked of the workers. The first mark that was
// ordered behind the questions says that all answers are on their way; when the peer has those,
// too, the sequence is resolved. Bounded: beyond it the oldest counts as resolved.
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
    bool add(std::uint64_t sequence, std::uint64_t sent_us) {
        const bool full = lost_.size() == capacity;
        if (full) erase_oldest();
        lost_.push({sequence, sent_us, 0, 0});
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
    // The answers have left, the last of them with that sequence.
    void answered(Ticket mark, std::uint64_t last_sequence) {
        for (Lost& l : lost_)
            if (l.mark == mark) l.until = last_sequence;
    }
    // What is below `oldest_under_way` has been acknowledged, or is lost and in here: an answer
    // may be lost, too. Answers have higher sequences, and losses come in their order.
    void settle(std::uint64_t oldest_under_way) {
        std::uint64_t oldest_open = oldest_under_way;
        for (Lost* l = lost_.end(); l-- != lost_.begin();) {
            l->settled = l->until != 0 && l->until < oldest_open;
            if (!l->settled) oldest_open = std::min(oldest_open, l->sequence);
        }
        lost_.erase_if([](const Lost& l) { return l.settled; });
    }
    // Its answer will not come.
    void forget_orders() {
        for (Lost& l : lost_)
            if (l.until == 0) l.mark = 0;
    }
    // Calls late(sent_us) for each that the peer has after all.
    template <typename Late>
    void acknowledge(const Ack& ack, Late late) {
        for (const Lost& l : lost_)
            if (ack.has(l.sequence)) late(l.sent_us);
        lost_.erase_if([&ack](const Lost& l) { return ack.has(l.sequence); });
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
        std::uint64_t sent_us = 0;
        Ticket mark = 0;          // 0: not ordered yet
        std::uint64_t until = 0;  // 0: not answered yet
        bool settled = false;
    };

    void erase_oldest() {
        const std::uint64_t oldest = oldest_or(~std::uint64_t{0});
        lost_.erase_if([oldest](const Lost& l) { return l.sequence == oldest; });
    }

    BoundedList<Lost, capacity> lost_;
};

}  // namespace warren::sync
