// SPDX-License-Identifier: BSD-3-Clause
// Wakes a thread that sleeps although something has been left for it. Who rings asks a flag first,
// without a fence: a bell that comes in the instant of falling asleep may go unheard, and costs no
// more than the rest of that sleep.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace warren::exchange {

class Doorbell {
  public:
    // Throws std::system_error: no descriptor left.
    Doorbell() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Doorbell() { close(descriptor_); }
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    // The sleeper's: what to poll() for reading between the two.
    int descriptor() const { return descriptor_; }
    void fall_asleep() { asleep_.store(true, std::memory_order_relaxed); }
    void wake_up() {
        asleep_.store(false, std::memory_order_relaxed);
        std::uint64_t rings = 0;
        static_cast<void>(!read(descriptor_, &rings, sizeof rings));
    }

    // Anybody's.
    void ring_if_asleep() {
        if (!asleep_.load(std::memory_order_relaxed)) return;
        const std::uint64_t one = 1;
        static_cast<void>(!write(descriptor_, &one, sizeof one));
    }

  private:
    int descriptor_;
    alignas(64) std::atomic<bool> asleep_{false};
};

}  // namespace warren::exchange
