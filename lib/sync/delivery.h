// SPDX-License-Identifier: BSD-3-Clause
// Brings records to the peer: batches them, at a bounded pace, and repairs what is lost. A lost
// flow is asked of its worker anew, a lost end or binding is said again, a lost control datagram is
// its owner's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sync/outbox.h"
#include "sync/pace.h"
#include "sync/sender.h"

namespace warren::sync {

class Delivery {
  public:
    Delivery(const Settings& settings, const Handshake& handshake, Sender& sender, Sink& sink,
             Counters& counters);

    void clear();
    std::size_t room(std::uint64_t now_us);
    void offer(const Record& record, const Source& source, bool urgent, std::uint64_t now_us);
    // Sends the batch, whatever is in it.
    void flush(std::uint64_t now_us);
    void flush_due(std::uint64_t now_us);
    // What is neither urgent nor an answer waits until then, so that the peer catches up.
    void hold_until(std::uint64_t time_us) { held_until_us_ = time_us; }
    // Behind all records offered until now. false: no room now.
    bool control(Kind kind, const Payload& payload, std::uint64_t now_us);

    // Calls acked(kind, payload) for each control datagram that the peer has.
    template <typename Acked>
    void acknowledge(const Ack& ack, std::uint64_t now_us, Acked acked) {
        unresolved_.acknowledge(ack, [&](std::uint64_t sent_us) {
            ++counters_.acked_late;
            late_acks_.note(now_us - sent_us, now_us);
        });
        outbox_.acknowledge(ack, [&](const PendingDatagram& datagram) {
            if (datagram.kind == Kind::records)
                note_acknowledged(datagram);
            else
                acked(datagram.kind, datagram.payload.view());
        });
        settle();
    }
    // Calls lost(kind, payload) for each control datagram that has to be sent again.
    template <typename Lost>
    void find_losses(std::uint64_t now_us, Lost lost) {
        late_acks_.decay(now_us);
        while (const PendingDatagram* datagram =
                   outbox_.take_lost(now_us - late_acks_.patience_us(), now_us - loss_us())) {
            ++counters_.lost;
            if (datagram->kind == Kind::records)
                repair(*datagram, now_us);
            else
                lost(datagram->kind, datagram->payload.view());
            outbox_.release(*datagram);
        }
    }

    // Lost flows that have been asked for, and the mark that says that they have been answered.
    const Unresolved& unresolved() const { return unresolved_; }
    void ordered(Ticket mark);
    void answered(Ticket mark, std::uint64_t now_us);

    // Below it, all that the peer must have is there or has been replaced.
    std::uint64_t oldest_unresolved() const;
    std::uint64_t deadline_us() const;
    std::uint64_t lag_us(std::uint64_t now_us) const;
    std::size_t unacknowledged() const { return outbox_.unacknowledged(); }
    bool has_batch() const { return outbox_.has_batch(); }
    bool is_settled() const {
        return outbox_.unacknowledged() == 0 && !outbox_.has_batch() && unresolved_.size() == 0;
    }

  private:
    std::uint64_t batch_due_us() const {
        return std::max(outbox_.batch().first_us + batch_us, held_until_us_);
    }
    bool put(const Record& record, const PendingDatagram::Note& note, std::uint64_t now_us);
    void send(PendingDatagram& datagram, std::uint64_t now_us);
    std::uint64_t loss_us() const {
        return std::max(sender_.round_trip().loss_us(), late_acks_.patience_us());
    }
    void settle();
    void note_acknowledged(const PendingDatagram& datagram);
    void repair(const PendingDatagram& datagram, std::uint64_t now_us);
    void say_again(const Record& record, PendingDatagram::Note note, std::uint64_t now_us);

    const Handshake& handshake_;
    Sender& sender_;
    Sink& sink_;
    Counters& counters_;
    Outbox outbox_;
    Unresolved unresolved_;
    TokenBucket bucket_;
    LateAcks late_acks_;
    std::uint64_t held_until_us_ = 0;
    bool starved_ = false;  // somebody waits for the bucket
};

}  // namespace warren::sync
