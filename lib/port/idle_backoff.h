// SPDX-License-Identifier: BSD-3-Clause
// What a worker does when there is nothing to do. `idle busy` polls on; `idle adaptive` gives the
// CPU away at once (yield), and after a while without a frame sleeps: 1 ms where frames end the
// sleep, else in steps that double up to that.
#pragma once

#include <rte_pause.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>

namespace warren::port {

class IdleBackoff {
  public:
    IdleBackoff(bool adaptive, bool is_woken)
        : adaptive_(adaptive), first_sleep_us_(is_woken ? longest_sleep_us : 50) {}

    // A frame was handled.
    void reset() {
        last_work_ns_ = 0;
        sleep_us_ = first_sleep_us_;
    }

    // How long to sleep now, 0 for not at all (it may yield instead).
    std::uint32_t next_sleep_us(std::uint64_t now_ns) {
        if (!adaptive_) {
            rte_pause();
            return 0;
        }
        if (last_work_ns_ == 0) last_work_ns_ = now_ns;
        if (now_ns - last_work_ns_ < yield_ns) {
            sched_yield();
            return 0;
        }
        const std::uint32_t now_us = sleep_us_;
        sleep_us_ = std::min(sleep_us_ * 2, longest_sleep_us);
        return now_us;
    }

  private:
    static constexpr std::uint64_t yield_ns = 100'000;
    static constexpr std::uint32_t longest_sleep_us = 1000;

    bool adaptive_;
    std::uint32_t first_sleep_us_;
    std::uint64_t last_work_ns_ = 0;
    std::uint32_t sleep_us_ = first_sleep_us_;
};

}  // namespace warren::port
