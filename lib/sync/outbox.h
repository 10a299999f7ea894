// SPDX-License-Identifier: BSD-3-Clause
// Datagrams to be acknowledged: one that is being filled with records, those under way until they
// are acknowledged or taken for lost, and those lost. One allocation at construction.
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

inline constexpr std::size_t max_parcels = 256;
inline constexpr std::size_t max_records = max_payload_bytes / shortest_record_bytes;

// A datagram with what must be known of it when it is lost.
struct Parcel {
    struct Note {
        Source source;
        std::uint8_t tries = 0;  // how often an end has been said before
        bool urgent = false;
    };

    Kind kind = Kind::records;
    std::uint8_t flags = 0;
    std::uint64_t sequence = 0;
    std::uint64_t first_us = 0;  // when its oldest record came
    std::uint64_t sent_us = 0;
    BoundedList<Note, max_records> notes;  // one for each record
    Payload payload;
};

class Outbox {
  public:
    explicit Outbox(std::size_t payload_bytes);

    void clear();

    // ---- filling

    // Records of any kind that surely have room in the batch and in datagrams to come. A few of
    // those are kept back for what must be said again.
    std::size_t room() const;
    bool has_batch() const { return batch_.has_value(); }
    const Parcel& batch() const { return parcels_[*batch_]; }
    // Whether the record fits into the batch, or a new one.
    bool fits(std::size_t bytes) const;
    void add(const Record& record, const Parcel::Note& note, std::uint64_t now_us);

    // ---- sending: the caller fills in sequence and sent_us, growing from one to the next

    Parcel& take_batch();
    // nullptr: there is no room now.
    Parcel* take_control(Kind kind, const Payload& payload, std::uint64_t now_us);

    // ---- what becomes of it

    // Calls acked(parcel) for each that the peer has; afterwards it is gone.
    template <typename Acked>
    void acknowledge(const Ack& ack, Acked acked) {
        overtaken_ = std::max(overtaken_, ack.third());
        std::size_t kept = 0;
        for (const std::uint16_t index : under_way_) {
            if (!ack.has(parcels_[index].sequence)) {
                under_way_[kept++] = index;
                continue;
            }
            acked(parcels_[index]);
            free_.push_back(index);
        }
        under_way_.resize(kept);
    }
    // The next one that three later ones have overtaken and that was sent before `before_us`, or
    // long before. It is not under way any more, and must be released.
    Parcel* take_lost(std::uint64_t before_us, std::uint64_t long_before_us);
    void release(const Parcel& parcel);

    std::size_t under_way() const { return under_way_.size(); }
    // Of the oldest under way; nothing is: nullptr.
    const Parcel* oldest() const { return under_way_.empty() ? nullptr : &parcels_[under_way_[0]]; }

  private:
    static constexpr std::size_t reserve = 8;

    std::uint16_t take_free();

    std::size_t payload_bytes_;
    std::vector<Parcel> parcels_{max_parcels};
    std::vector<std::uint16_t> free_;
    std::vector<std::uint16_t> under_way_;  // in the order of their sequences
    std::optional<std::uint16_t> batch_;
    std::uint64_t overtaken_ = 0;  // what is below has been overtaken
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
