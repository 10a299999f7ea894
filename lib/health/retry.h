// SPDX-License-Identifier: BSD-3-Clause
// Counts an attempt's outcome and says what follows: the verdict and the delay to the next attempt
// (ns). Pure. The meaning is keepalived's: see Schedule in health/checker.h.
#pragma once

#include <cstdint>

#include "health/checker.h"

namespace warren::health {

class RetryCounter {
  public:
    struct Next {
        Verdict verdict;
        std::uint32_t attempt;  // CheckResult::attempt
        std::int64_t delay_ns;
    };

    explicit RetryCounter(const Schedule& schedule)
        : schedule_(schedule), up_(schedule.assume_up) {}

    Next record(Reason reason) {
        count(reason == Reason::none);
        if (reason == Reason::none) {
            up_ = true;
            counted_ = 0;
            return {Verdict::ok, in_a_row_, schedule_.delay_loop_ns};
        }
        if (reason == Reason::local)
            return {Verdict::failed_attempt, in_a_row_, schedule_.delay_loop_ns};
        if (up_ && counted_ < schedule_.retry) {
            ++counted_;
            return {Verdict::failed_attempt, in_a_row_, schedule_.delay_before_retry_ns};
        }
        up_ = false;
        counted_ = 0;
        return {Verdict::failed, in_a_row_, schedule_.delay_loop_ns};
    }

  private:
    void count(bool ok) {
        if (ok != last_ok_ || in_a_row_ == UINT32_MAX) in_a_row_ = 0;
        last_ok_ = ok;
        ++in_a_row_;
    }

    Schedule schedule_;
    bool up_;
    bool last_ok_ = true;
    std::uint32_t counted_ = 0;
    std::uint32_t in_a_row_ = 0;
};

}  // namespace warren::health
