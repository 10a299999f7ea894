// SPDX-License-Identifier: BSD-3-Clause
// What has arrived in a session: no datagram twice, where there are holes, and what is owed to the
// peer by way of acknowledgements.
#pragma once

#include <cstdint>

#include "sync/message.h"
#include "sync/replay_window.h"
#include "sync/settings.h"

namespace warren::sync {

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

}  // namespace warren::sync
