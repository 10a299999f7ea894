// SPDX-License-Identifier: BSD-3-Clause
// Gives each datagram its header and its sequence, and the times that round trips are measured by.
#pragma once

#include <cstdint>

#include "sync/handshake.h"
#include "sync/message.h"
#include "sync/round_trip.h"
#include "sync/settings.h"
#include "sync/sink.h"

namespace warren::sync {

class Sender {
  public:
    Sender(const Settings& settings, Sink& sink, Counters& counters)
        : settings_(settings), sink_(sink), counters_(counters) {}

    struct Contents {
        Kind kind = Kind::hello;
        std::uint8_t flags = 0;
        std::uint8_t records = 0;
        net::ConstBytes payload;
    };

    // A hello that begins no session yet; `receiver`: who greeted us, or 0.
    void greet(const Handshake& handshake, std::uint64_t receiver, const Payload& hello,
               std::uint64_t now_us);
    // The session's: sequences go on where the greetings of the same nonce ended.
    void begin(std::uint8_t version);
    std::uint64_t send(const Handshake& handshake, const Contents& contents,
                       std::uint64_t oldest_unresolved, std::uint64_t now_us);
    std::uint64_t next_sequence() const { return sequence_ + 1; }

    RoundTrip& round_trip() { return round_trip_; }
    const RoundTrip& round_trip() const { return round_trip_; }

  private:
    void emit(Header header, const Contents& contents, std::uint64_t now_us);

    const Settings& settings_;
    Sink& sink_;
    Counters& counters_;
    RoundTrip round_trip_;
    std::uint8_t version_ = 0;
    std::uint64_t sequence_ = 0;
    std::uint64_t greetings_ = 0;  // with the nonce of the session to come
};

}  // namespace warren::sync
