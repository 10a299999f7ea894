// SPDX-License-Identifier: BSD-3-Clause
// Datagrams that need acknowledgement: a batch being filled with records, those sent and not yet
// acknowledged, and those lost. One allocation at construction.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sync/datagram.h"
#include "sync/message.h"
#include "sync/record.h"
#include "sync/sink.h"

namespace warren::sync {

inline constexpr std::size_t max_pending = 256;
inline constexpr std::size_t max_records = max_payload_bytes / shortest_record_bytes;

// A datagram and what is needed to repair its loss.
struct PendingDatagram {
    struct Note {
        Source source;
        std::uint8_t tries = 0;  // of an end: how often it was sent
        bool urgent = false;
    };

    Kind kind = Kind::records;
    std::uint8_t flags = 0;
    std::uint64_t sequence = 0;
    std::uint64_t first_us = 0;  // when its oldest record came
    std::uint64_t sent_us = 0;
    BoundedList<Note, max_records> notes;  // by record
    Payload payload;
};

class Outbox {
  public:
    explicit Outbox(std::size_t payload_bytes);

    void clear();

    // ---- filling

    // How many records of any kind are sure to fit; a few datagrams are reserved for repairs.
    std::size_t room() const;
    bool has_batch() const { return batch_.has_value(); }
    const PendingDatagram& batch() const { return datagrams_[*batch_]; }
    // Whether the record fits into the batch, or a new one.
    bool fits(std::size_t bytes) const;
    void add(const Record& record, const PendingDatagram::Note& note, std::uint64_t now_us);

    // ---- sending: the caller fills in sequence and sent_us, growing from one to the next

    PendingDatagram& take_batch();
    // nullptr: no room now.
    PendingDatagram* take_control(Kind kind, const Payload& payload, std::uint64_t now_us);

    // ---- what becomes of it

    // Calls acked(datagram) for each that is acknowledged, then frees it.
    template <typename Acked>
    void acknowledge(const Ack& ack, Acked acked) {
        overtaken_ = std::max(overtaken_, ack.third());
        std::size_t kept = 0;
        for (const std::uint16_t index : unacknowledged_) {
            if (!ack.has(datagrams_[index].sequence)) {
                unacknowledged_[kept++] = index;
                continue;
            }
            acked(datagrams_[index]);
            free_.push_back(index);
        }
        unacknowledged_.resize(kept);
    }
    // The next one that is lost: three later ones are acknowledged and it was sent before
    // `before_us`; or it was sent before `long_before_us`. To be released by the caller.
    PendingDatagram* take_lost(std::uint64_t before_us, std::uint64_t long_before_us);
    void release(const PendingDatagram& datagram);

    std::size_t unacknowledged() const { return unacknowledged_.size(); }
    // nullptr: none.
    const PendingDatagram* oldest() const {
        return unacknowledged_.empty() ? nullptr : &datagrams_[unacknowledged_[0]];
    }

  private:
    static constexpr std::size_t reserve = 8;

    std::uint16_t take_free();

    std::size_t payload_bytes_;
    std::vector<PendingDatagram> datagrams_{max_pending};
    std::vector<std::uint16_t> free_;
    std::vector<std::uint16_t> unacknowledged_;  // in the order of their sequences
    std::optional<std::uint16_t> batch_;
    std::uint64_t overtaken_ = 0;  // below: three later ones are acknowledged
};

// Sequences that are lost and whose flows have been asked of the workers. The first mark that was
// ordered behind the questions says that all answers are on their way; when the peer has those,
// too, the sequence is resolved. Bounded: beyond it the oldest counts as resolved.
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
    // What is below `oldest_unacknowledged` has been acknowledged, or is lost and in here: an
    // answer may be lost, too. Answers have higher sequences, and losses come in their order.
    void settle(std::uint64_t oldest_unacknowledged) {
        std::uint64_t oldest_open = oldest_unacknowledged;
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
