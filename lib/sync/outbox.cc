// SPDX-License-Identifier: BSD-3-Clause
#include "sync/outbox.h"

#include <cassert>

namespace warren::sync {

Outbox::Outbox(std::size_t payload_bytes) : payload_bytes_(payload_bytes) {
    free_.reserve(max_parcels);
    under_way_.reserve(max_parcels);
    clear();
}

void Outbox::clear() {
    batch_.reset();
    under_way_.clear();
    free_.clear();
    for (std::size_t i = max_parcels; i-- > 0;)
        free_.push_back(static_cast<std::uint16_t>(i));
    overtaken_ = 0;
}

std::size_t Outbox::room() const {
    const std::size_t in_batch =
        batch_ ? (payload_bytes_ - batch().payload.size) / longest_record_bytes : 0;
    const std::size_t spare = free_.size() > reserve ? free_.size() - reserve : 0;
    return in_batch + spare * (payload_bytes_ / longest_record_bytes);
}

bool Outbox::fits(std::size_t bytes) const {
    if (!batch_) return !free_.empty();
    return batch().payload.size + bytes <= payload_bytes_;
}

void Outbox::add(const Record& record, const Parcel::Note& note, std::uint64_t now_us) {
    if (!batch_) {
        batch_ = take_free();
        parcels_[*batch_].first_us = now_us;
    }
    Parcel& parcel = parcels_[*batch_];
    Payload& payload = parcel.payload;
    payload.size += encode(record, net::Bytes(payload.bytes).subspan(payload.size));
    parcel.notes.push(note);
    if (note.urgent) parcel.flags |= datagram_flag::urgent;
}

Parcel& Outbox::take_batch() {
    assert(batch_);
    const std::uint16_t index = *batch_;
    batch_.reset();
    under_way_.push_back(index);
    return parcels_[index];
}

Parcel* Outbox::take_control(Kind kind, const Payload& payload, std::uint64_t now_us) {
    if (free_.empty()) return nullptr;
    const std::uint16_t index = take_free();
    under_way_.push_back(index);
    Parcel& parcel = parcels_[index];
    parcel.kind = kind;
    parcel.flags = datagram_flag::urgent;
    parcel.first_us = now_us;
    parcel.payload = payload;
    return &parcel;
}

// Sequences and times grow together, so only the oldest has to be looked at.
Parcel* Outbox::take_lost(std::uint64_t before_us, std::uint64_t long_before_us) {
    if (under_way_.empty()) return nullptr;
    Parcel& parcel = parcels_[under_way_.front()];
    const bool overtaken = parcel.sequence < overtaken_ && parcel.sent_us <= before_us;
    if (!overtaken && parcel.sent_us >= long_before_us) return nullptr;
    under_way_.erase(under_way_.begin());
    return &parcel;
}

void Outbox::release(const Parcel& parcel) {
    free_.push_back(static_cast<std::uint16_t>(&parcel - parcels_.data()));
}

std::uint16_t Outbox::take_free() {
    const std::uint16_t index = free_.back();
    free_.pop_back();
    Parcel& parcel = parcels_[index];
    parcel.kind = Kind::records;
    parcel.flags = 0;
    parcel.notes.clear();
    parcel.payload.size = 0;
    return index;
}

}  // namespace warren::sync
