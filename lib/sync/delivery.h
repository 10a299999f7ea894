// SPDX-License-Identifier: BSD-3-Clause
// Brings records to the peer: batches them, at a bounded pace, and repairs what is lost. A lost
// flow is asked of its worker anew, a lost end is said again, a lost control datagram is its
// owner's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sync/outbox.h"
#include "sync/sender.h"
#include "sync/token_bucket.h"
#include "sync/unresolved.h"

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
    // Behind all records offered until now. false: no room now.
    bool control(Kind kind, const Payload& payload, std::uint64_t now_us);

    // Calls acked(kind, payload) for each control datagram that the peer has.
    template <typename Acked>
    void acknowledge(const Ack& ack, Acked acked) {
        counters_.acked_late += unresolved_.acknowledge(ack);
        outbox_.acknowledge(ack, [&](const Parcel& parcel) {
            if (parcel.kind == Kind::records)
                note_acknowledged(parcel);
            else
                acked(parcel.kind, parcel.payload.view());
        });
    }
    // Calls lost(kind, payload) for each control datagram that has to be sent again.
    template <typename Lost>
    void find_losses(std::uint64_t now_us, Lost lost) {
        const std::uint64_t patience_us = sender_.round_trip().loss_us();
        const std::uint64_t before_us = now_us > patience_us ? now_us - patience_us : 0;
        while (const Parcel* parcel = outbox_.take_lost(before_us)) {
            ++counters_.lost;
            if (parcel->kind == Kind::records)
                repair(*parcel, now_us);
            else
                lost(parcel->kind, parcel->payload.view());
            outbox_.release(*parcel);
        }
    }

    Unresolved& unresolved() { return unresolved_; }
    const Unresolved& unresolved() const { return unresolved_; }
    // Below it, all that the peer must have is there or has been replaced.
    std::uint64_t oldest_unresolved() const;
    std::uint64_t deadline_us() const;
    std::uint64_t lag_us(std::uint64_t now_us) const;
    std::size_t under_way() const { return outbox_.under_way(); }
    bool is_settled() const {
        return outbox_.under_way() == 0 && !outbox_.has_batch() && unresolved_.size() == 0;
    }

  private:
    bool put(const Record& record, const Parcel::Note& note, std::uint64_t now_us);
    void send(Parcel& parcel, std::uint64_t now_us);
    void note_acknowledged(const Parcel& parcel);
    void repair(const Parcel& parcel, std::uint64_t now_us);
    void say_again(const EndRecord& end, Parcel::Note note, std::uint64_t now_us);

    const Handshake& handshake_;
    Sender& sender_;
    Sink& sink_;
    Counters& counters_;
    Outbox outbox_;
    Unresolved unresolved_;
    TokenBucket bucket_;
    bool starved_ = false;  // somebody waits for the bucket
};

}  // namespace warren::sync
