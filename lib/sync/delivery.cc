// SPDX-License-Identifier: BSD-3-Clause
#include "sync/delivery.h"

#include <algorithm>

namespace warren::sync {
namespace {

constexpr std::uint8_t end_tries = 5;

std::size_t payload_bytes(const Settings& settings) {
    return std::clamp(settings.datagram_bytes, min_datagram_bytes, max_datagram_bytes) -
           header_bytes - tag_bytes;
}

}  // namespace

Delivery::Delivery(const Settings& settings, const Handshake& handshake, Sender& sender, Sink& sink,
                   Counters& counters)
    : handshake_(handshake),
      sender_(sender),
      sink_(sink),
      counters_(counters),
      outbox_(payload_bytes(settings)),
      bucket_(settings.rate) {}

void Delivery::clear() {
    outbox_.clear();
    unresolved_.clear();
    late_acks_ = {};
    held_until_us_ = 0;
}

std::size_t Delivery::room(std::uint64_t now_us) {
    const std::size_t tokens = bucket_.tokens(now_us);
    starved_ = tokens == 0;
    return std::min(outbox_.room(), tokens);
}

void Delivery::offer(const Record& record, const Source& source, bool urgent,
                     std::uint64_t now_us) {
    if (!put(record, {source, 0, urgent}, now_us)) {
        ++counters_.refused_now;
        return;
    }
    bucket_.spend(now_us);
    if (urgent) flush(now_us);
}

bool Delivery::put(const Record& record, const PendingDatagram::Note& note, std::uint64_t now_us) {
    const std::size_t bytes = encoded_bytes(record);
    if (!outbox_.fits(bytes) && outbox_.has_batch()) flush(now_us);
    if (!outbox_.fits(bytes)) return false;
    outbox_.add(record, note, now_us);
    return true;
}

void Delivery::flush(std::uint64_t now_us) {
    if (outbox_.has_batch()) send(outbox_.take_batch(), now_us);
}

void Delivery::flush_due(std::uint64_t now_us) {
    if (outbox_.has_batch() && now_us >= batch_due_us()) flush(now_us);
}

bool Delivery::control(Kind kind, const Payload& payload, std::uint64_t now_us) {
    flush(now_us);
    PendingDatagram* datagram = outbox_.take_control(kind, payload, now_us);
    if (datagram == nullptr) return false;
    send(*datagram, now_us);
    return true;
}

// Its sequence is set first: it is the oldest unresolved one if there is no other.
void Delivery::send(PendingDatagram& datagram, std::uint64_t now_us) {
    datagram.sequence = sender_.next_sequence();
    datagram.sent_us = now_us;
    sender_.send(handshake_,
                 {datagram.kind, datagram.flags, static_cast<std::uint8_t>(datagram.notes.size()),
                  datagram.payload.view()},
                 oldest_unresolved(), now_us);
}

void Delivery::ordered(Ticket mark) {
    unresolved_.forget_orders();
    unresolved_.ordered(mark);
}

void Delivery::answered(Ticket mark, std::uint64_t now_us) {
    flush(now_us);
    unresolved_.answered(mark, sender_.next_sequence() - 1);
    settle();
}

void Delivery::settle() {
    const PendingDatagram* oldest = outbox_.oldest();
    unresolved_.settle(oldest == nullptr ? sender_.next_sequence() : oldest->sequence);
}

void Delivery::note_acknowledged(const PendingDatagram& datagram) {
    for (const PendingDatagram::Note& note : datagram.notes)
        if (note.urgent) sink_.acknowledged(note.source);
}

// Records have been encoded by us, so each has its note. Until the peer has what is sent instead,
// it lacks this.
void Delivery::repair(const PendingDatagram& datagram, std::uint64_t now_us) {
    RecordReader reader(datagram.payload.view());
    for (const PendingDatagram::Note& note : datagram.notes) {
        const auto record = reader.next();
        if (!record) break;
        if (const auto* flow = std::get_if<FlowRecord>(&*record))
            ++(sink_.again(note.source, flow->identity()) ? counters_.resent : counters_.given_up);
        else
            say_again(*record, note, now_us);
    }
    if (!unresolved_.add(datagram.sequence, datagram.sent_us)) ++counters_.given_up;
}

void Delivery::say_again(const Record& record, PendingDatagram::Note note, std::uint64_t now_us) {
    const bool more = ++note.tries <= end_tries;
    ++(more && put(record, note, now_us) ? counters_.resent : counters_.given_up);
}

std::uint64_t Delivery::oldest_unresolved() const {
    const PendingDatagram* oldest = outbox_.oldest();
    return unresolved_.oldest_or(oldest == nullptr ? sender_.next_sequence() : oldest->sequence);
}

std::uint64_t Delivery::deadline_us() const {
    std::uint64_t deadline = no_deadline;
    if (outbox_.has_batch()) deadline = batch_due_us();
    if (const PendingDatagram* oldest = outbox_.oldest())
        deadline = std::min(deadline, oldest->sent_us + loss_us() + 1);
    return starved_ ? std::min(deadline, bucket_.ready_us()) : deadline;
}

std::uint64_t Delivery::lag_us(std::uint64_t now_us) const {
    std::uint64_t first_us = outbox_.has_batch() ? outbox_.batch().first_us : now_us;
    if (const PendingDatagram* oldest = outbox_.oldest())
        first_us = std::min(first_us, oldest->first_us);
    return now_us - first_us;
}

}  // namespace warren::sync
