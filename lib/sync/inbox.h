// SPDX-License-Identifier: BSD-3-Clause
// What has arrived in a session: no datagram twice, where there are holes, and what is owed to the
// peer by way of acknowledgements.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sync/message.h"
#include "sync/replay_window.h"
#include "sync/settings.h"

namespace warren::sync {

// How much of what the peer sends gets lost, by the gaps in its sequences. Said of a while in which
// it has sent so much that a lost datagram or two make no difference.
class IncomingLoss {
  public:
    void begin(std::uint64_t sequence, std::uint64_t now_us) {
        *this = IncomingLoss{};
        first_ = highest_ = sequence;
        since_us_ = now_us;
    }
    void hear(std::uint64_t sequence, std::uint64_t now_us) {
        highest_ = std::max(highest_, sequence);
        ++heard_;
        const std::uint64_t sent = highest_ - first_;
        if (sent < enough || now_us - since_us_ < while_us) return;
        permille_ = static_cast<std::uint32_t>((sent - std::min(sent, heard_)) * 1000 / sent);
        first_ = highest_;
        heard_ = 0;
        since_us_ = now_us;
    }
    std::uint32_t permille() const { return permille_; }

  private:
    static constexpr std::uint64_t enough = 100;  // datagrams; of a peer with no news 20 s
    static constexpr std::uint64_t while_us = 5'000'000;

    std::uint64_t first_ = 0;
    std::uint64_t highest_ = 0;
    std::uint64_t heard_ = 0;
    std::uint64_t since_us_ = 0;
    std::uint32_t permille_ = 0;
};

class Inbox {
  public:
    // A new session, whose first datagram this is.
    void begin(std::uint64_t sequence, std::uint64_t oldest_unresolved);

    bool is_new(std::uint64_t sequence) const { return window_.is_new(sequence); }
    // Something newer has been sent instead of it.
    bool is_outdated(std::uint64_t sequence) const { return sequence < floor_; }
    bool is_latest(std::uint64_t sequence) const { return sequence >= window_.highest(); }

    void resolve_below(std::uint64_t oldest_unresolved);
    void take(std::uint64_t sequence);
    // All that the peer has sent before it is here, or void.
    bool is_complete_below(std::uint64_t sequence) const { return complete_ >= sequence; }

    void owe_ack(bool urgent, std::uint64_t now_us);
    std::uint64_t ack_deadline_us() const { return ack_us_; }
    Ack take_ack();  // owed no longer

  private:
    void advance();

    ReplayWindow window_;
    std::uint64_t floor_ = 0;
    std::uint64_t complete_ = 0;  // the first that is missing
    std::uint64_t ack_us_ = no_deadline;
    unsigned owed_ = 0;
};

inline void Inbox::begin(std::uint64_t sequence, std::uint64_t oldest_unresolved) {
    *this = Inbox{};
    resolve_below(oldest_unresolved);
    take(sequence);
}

inline void Inbox::resolve_below(std::uint64_t oldest_unresolved) {
    floor_ = std::max(floor_, oldest_unresolved);
    complete_ = std::max(complete_, floor_);
    advance();
}

inline void Inbox::take(std::uint64_t sequence) {
    window_.mark(sequence);
    advance();
}

inline void Inbox::advance() {
    while (window_.has(complete_))
        ++complete_;
}

inline void Inbox::owe_ack(bool urgent, std::uint64_t now_us) {
    const bool at_once = urgent || ++owed_ >= ack_every;
    ack_us_ = std::min(ack_us_, at_once ? now_us : now_us + ack_delay_us);
}

inline Ack Inbox::take_ack() {
    owed_ = 0;
    ack_us_ = no_deadline;
    Ack ack;
    ack.highest = window_.highest();
    for (std::uint64_t below = 1; below <= Ack::reach && below < ack.highest; ++below)
        if (window_.has(ack.highest - below)) ack.add(ack.highest - below);
    return ack;
}

}  // namespace warren::sync
