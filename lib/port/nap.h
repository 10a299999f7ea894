// SPDX-License-Identifier: BSD-3-Clause
// The sleep of an idle thread, which a frame in one of its rx queues or another thread's bell ends
// early. For one thread.
#pragma once

#include <poll.h>

#include <cstdint>
#include <vector>

namespace warren::port {

class Nap {
  public:
    // -1 is no descriptor: then something that the thread waits for does not wake it.
    void wake_on(int descriptor);
    // Whether everything that was named wakes the sleeper.
    bool is_woken_by_all() const { return complete_; }

    // Sleeps `us` at most, below a second. After wakes without work in between it sleeps deaf once:
    // a descriptor may say that it is ready for ever, as that of an interface that is gone.
    void sleep(std::uint32_t us);
    void note_work() { idle_wakes_ = 0; }
    // The last sleep was ended for nothing: the next ones may be deaf.
    bool was_woken_in_vain() const { return idle_wakes_ != 0; }

  private:
    static constexpr unsigned most_idle_wakes = 8;

    std::vector<pollfd> descriptors_;
    bool complete_ = true;
    unsigned idle_wakes_ = 0;
};

}  // namespace warren::port
