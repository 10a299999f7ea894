// SPDX-License-Identifier: BSD-3-Clause
// A master's Adver_Timer (RFC 3768 6.2, RFC 9568 6.2): the regular adverts, drift free, and the
// answers outside that rhythm. Nanoseconds of one clock that never goes back. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "vrrp/timers.h"

namespace warren::vrrp {

class AdvertTimer {
  public:
    // The next regular advert is one interval away.
    void restart(std::uint64_t now_ns, std::uint64_t interval_ns) {
        due_ns_ = now_ns + interval_ns;
    }
    // One interval at most.
    void hasten(std::uint64_t now_ns, std::uint64_t interval_ns) {
        due_ns_ = std::min(due_ns_, now_ns + interval_ns);
    }

    // Any advert has left. It is an answer too.
    void note_sent(std::uint64_t now_ns) {
        last_sent_ns_ = now_ns;
        answer_ns_ = no_deadline;
    }
    // An answer is owed, a tenth of an interval after the last advert at the earliest: later then,
    // never lost, so no peer can make us storm.
    void request_answer(std::uint64_t now_ns, std::uint64_t interval_ns) {
        answer_ns_ = std::max(now_ns, last_sent_ns_ + interval_ns / 10);
    }

    bool is_due(std::uint64_t now_ns) const { return now_ns >= due_ns_; }
    bool is_answer_due(std::uint64_t now_ns) const { return now_ns >= answer_ns_; }
    std::uint64_t silent_ns(std::uint64_t now_ns) const { return now_ns - last_sent_ns_; }

    // When it is due: on to the next, one interval after this deadline. false: a whole interval has
    // been missed, so the rhythm begins anew.
    bool advance(std::uint64_t now_ns, std::uint64_t interval_ns) {
        const bool missed = now_ns - due_ns_ >= interval_ns;
        due_ns_ = (missed ? now_ns : due_ns_) + interval_ns;
        return !missed;
    }

    std::uint64_t deadline_ns() const { return std::min(due_ns_, answer_ns_); }

  private:
    std::uint64_t due_ns_ = no_deadline;
    std::uint64_t answer_ns_ = no_deadline;
    std::uint64_t last_sent_ns_ = 0;
};

}  // namespace warren::vrrp
