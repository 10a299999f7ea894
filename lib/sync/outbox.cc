// SPDX-License-Identifier: BSD-3-Clause
#include "sync/outbox.h"

#include <cassert>

namespace warren::sync {

Outbox::Outbox(std::size_t payload_bytes) : payload_bytes_(payload_bytes) {
    free_.reserve(max_pending);
    unacknowledged_.reserve(max_pending);
    clear();
}

void Outbox::clear() {
    batch_.reset();
    unacknowledged_.clear();
    free_.clear();
    for (std::size_t i = max_pending; i-- > 0;)
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

void Outbox::add(const Record& record, const PendingDatagram::Note& note, std::uint64_t now_us) {
    if (!batch_) {
        batch_ = take_free();
        datagrams_[*batch_].first_us = now_us;
    }
    PendingDatagram& datagram = datagrams_[*batch_];
    Payload& payload = datagram.payload;
    payload.size += encode(record, net::Bytes(payload.bytes).subspan(payload.size));
    datagram.notes.push(note);
    if (note.urgent) datagram.flags |= datagram_flag::urgent;
}

PendingDatagram& Outbox::take_batch() {
    assert(batch_);
    const std::uint16_t index = *batch_;
    batch_.reset();
    unacknowledged_.push_back(index);
    return datagrams_[index];
}

PendingDatagram* Outbox::take_control(Kind kind, const Payload& payload, std::uint64_t now_us) {
    if (free_.empty()) return nullptr;
    const std::uint16_t index = take_free();
    unacknowledged_.push_back(index);
    PendingDatagram& datagram = datagrams_[index];
    datagram.kind = kind;
    datagram.flags = datagram_flag::urgent;
    datagram.first_us = now_us;
    datagram.payload = payload;
    return &datagram;
}

// Sequences and times grow together, so only the oldest has to be looked at.
PendingDatagram* Outbox::take_lost(std::uint64_t before_us, std::uint64_t long_before_us) {
    if (unacknowledged_.empty()) return nullptr;
    PendingDatagram& datagram = datagrams_[unacknowledged_.front()];
    const bool overtaken = datagram.sequence < overtaken_ && datagram.sent_us <= before_us;
    if (!overtaken && datagram.sent_us >= long_before_us) return nullptr;
    unacknowledged_.erase(unacknowledged_.begin());
    return &datagram;
}

void Outbox::release(const PendingDatagram& datagram) {
    free_.push_back(static_cast<std::uint16_t>(&datagram - datagrams_.data()));
}

std::uint16_t Outbox::take_free() {
    const std::uint16_t index = free_.back();
    free_.pop_back();
    PendingDatagram& datagram = datagrams_[index];
    datagram.kind = Kind::records;
    datagram.flags = 0;
    datagram.notes.clear();
    datagram.payload.size = 0;
    return index;
}

}  // namespace warren::sync
