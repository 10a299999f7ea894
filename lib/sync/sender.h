// SPDX-License-Identifier: BSD-3-Clause
// Who talks to whom: nonces, and the header of each datagram with its sequence and the times that
// round trips are measured by.
#pragma once

#include <cstdint>

#include "sync/datagram.h"
#include "sync/message.h"
#include "sync/pace.h"
#include "sync/settings.h"
#include "sync/sink.h"

namespace warren::sync {

// Nonces: a session is a pair of them, ours and the peer's, and each of ours is used with one of
// the peer's only. README.md shows how a pair is agreed on.
class Handshake {
  public:
    explicit Handshake(std::uint64_t nonce) : next_(nonce) {}

    enum class Sender : std::uint8_t {
        peer,      // of this session
        answerer,  // knows our next nonce: it hears us now
        greeter,   // knows nothing of us: may be old
        stranger,  // talks to an earlier life of ours, or to somebody else
    };
    Sender sender_of(const Header& header) const {
        if (header.receiver_nonce == 0) return Sender::greeter;
        if (own_ != 0 && header.receiver_nonce == own_)
            return header.sender_nonce == peer_ ? Sender::peer : Sender::stranger;
        if (header.receiver_nonce != next_ || header.kind != Kind::hello) return Sender::stranger;
        return header.sender_nonce == next_ ? Sender::stranger : Sender::answerer;
    }

    void begin(std::uint64_t peer_nonce, std::uint64_t fresh_nonce) {
        own_ = next_;
        peer_ = peer_nonce;
        next_ = fresh_nonce;
    }
    void end() { own_ = peer_ = 0; }

    bool in_session() const { return own_ != 0; }
    std::uint64_t own() const { return own_; }
    std::uint64_t peer() const { return peer_; }
    std::uint64_t next() const { return next_; }

  private:
    std::uint64_t own_ = 0;
    std::uint64_t peer_ = 0;
    std::uint64_t next_;  // of the session to come
};

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
