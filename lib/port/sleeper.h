// SPDX-License-Identifier: BSD-3-Clause
// An idle thread's poll(2) on its rx queues' descriptors and its doorbell. For one thread.
#pragma once

#include <poll.h>

#include <cstdint>
#include <vector>

namespace warren::port {

class Sleeper {
  public:
    // -1: the driver has no descriptor, so frames of that queue wake nobody.
    void wake_on(int descriptor);
    // No wake_on() was called with -1.
    bool wakes_on_everything() const { return complete_; }

    // Sleeps up to `us` microseconds, below a second. After several wakes without work it ignores
    // the descriptors once: one may stay ready for ever, as that of an interface that is gone.
    void sleep(std::uint32_t us);
    void note_work() { spurious_wakes_ = 0; }
    // The last wake was spurious: the next sleeps may ignore descriptors.
    bool was_spurious() const { return spurious_wakes_ != 0; }

  private:
    static constexpr unsigned spurious_wakes_max = 8;

    std::vector<pollfd> descriptors_;
    bool complete_ = true;
    unsigned spurious_wakes_ = 0;
};

}  // namespace warren::port
