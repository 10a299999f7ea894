// SPDX-License-Identifier: BSD-3-Clause
// How long an idle worker sleeps. `idle busy` polls on; `idle adaptive` first yields the CPU, then
// sleeps: 1 ms where frames wake it, else from 50 us doubling up to 1 ms. A worker that everything
// wakes sleeps 10 ms after 0.1 s idle: a wake costs some 20 us, a thousand a second 2 % of a CPU.
#pragma once

#include <rte_pause.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>

namespace warren::port {

class IdleBackoff {
  public:
    enum class Woken : std::uint8_t { by_time, by_frames, by_all };

    IdleBackoff(bool adaptive, Woken woken)
        : adaptive_(adaptive),
          sleeps_long_(woken == Woken::by_all),
          first_sleep_us_(woken == Woken::by_time ? 50 : longest_sleep_us) {}

    // A frame was handled.
    void reset() {
        last_work_ns_ = 0;
        sleep_us_ = first_sleep_us_;
    }

    // How long to sleep now; 0: not at all (it may have yielded). `hears`: descriptors will wake it
    // from the next sleep.
    std::uint32_t next_sleep_us(std::uint64_t now_ns, bool hears) {
        if (!adaptive_) {
            rte_pause();
            return 0;
        }
        if (last_work_ns_ == 0) last_work_ns_ = now_ns;
        const std::uint64_t idle_ns = now_ns - last_work_ns_;
        if (idle_ns < yield_ns) {
            sched_yield();
            return 0;
        }
        if (sleeps_long_ && hears && idle_ns >= long_after_ns) return long_sleep_us;
        const std::uint32_t now_us = sleep_us_;
        sleep_us_ = std::min(sleep_us_ * 2, longest_sleep_us);
        return now_us;
    }

  private:
    static constexpr std::uint64_t yield_ns = 100'000;
    static constexpr std::uint32_t longest_sleep_us = 1000;
    static constexpr std::uint64_t long_after_ns = 100'000'000;
    static constexpr std::uint32_t long_sleep_us = 10'000;

    bool adaptive_;
    bool sleeps_long_;
    std::uint32_t first_sleep_us_;
    std::uint64_t last_work_ns_ = 0;
    std::uint32_t sleep_us_ = first_sleep_us_;
};

}  // namespace warren::port
