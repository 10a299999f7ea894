// SPDX-License-Identifier: BSD-3-Clause
// Nonces: a session is a pair of them, ours and the peer's, and each of ours is used with one of
// the peer's only. README.md shows how a pair is agreed on.
#pragma once

#include <cstdint>

#include "sync/datagram.h"

namespace warren::sync {

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

}  // namespace warren::sync
