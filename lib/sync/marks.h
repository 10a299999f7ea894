// SPDX-License-Identifier: BSD-3-Clause
// One mark at a time: which one is out, and what for.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sync/sink.h"

namespace warren::sync {

class Marks {
  public:
    enum class Purpose : std::uint8_t {
        resolve,  // lost flows have been asked for
        digest,   // to be sent, and the same
        compare,  // with the peer's digest
    };

    // One that has not been answered for two seconds is given up.
    bool is_free(std::uint64_t now_us) const { return ticket_ == 0 || now_us >= patience_us_; }
    Ticket order(Purpose purpose, std::uint64_t now_us) {
        ticket_ = ++last_ == 0 ? ++last_ : last_;
        purpose_ = purpose;
        patience_us_ = now_us + 2'000'000;
        return ticket_;
    }
    // Whether it is the one that is out; then it is no more.
    bool answer(Ticket ticket) {
        if (ticket_ == 0 || ticket != ticket_) return false;
        ticket_ = 0;
        return true;
    }
    Purpose purpose() const { return purpose_; }
    // Nobody is interested any more, but it is still out.
    void forget_purpose() { purpose_ = Purpose::resolve; }
    // When one may be ordered that is due then.
    std::uint64_t not_before(std::uint64_t due_us) const {
        return ticket_ == 0 ? due_us : std::max(due_us, patience_us_);
    }

  private:
    Ticket ticket_ = 0;
    Ticket last_ = 0;
    Purpose purpose_ = Purpose::resolve;
    std::uint64_t patience_us_ = 0;
};

}  // namespace warren::sync
