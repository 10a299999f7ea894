// SPDX-License-Identifier: BSD-3-Clause
// Datagrams to be acknowledged: one that is being filled with records, and those under way until
// they are acknowledged or taken for lost. One allocation at construction.
#pragma once

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
        for (std::size_t i = 0; i < under_way_.size(); ++i) {
            const std::uint16_t index = under_way_[i];
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

}  // namespace warren::sync
