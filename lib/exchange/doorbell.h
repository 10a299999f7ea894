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

    // The sleeper's: what to poll() for reading between falling asleep and waking up.
    int descriptor() const { return descriptor_; }
    void fall_asleep() { sleep_.store(Sleep::deep, std::memory_order_relaxed); }
    // It will look by itself, soon: only what is urgent wakes it.
    void doze() { sleep_.store(Sleep::light, std::memory_order_relaxed); }
    // `rung`: poll() says so, or nobody has asked it.
    void wake_up(bool rung = true) {
        sleep_.store(Sleep::none, std::memory_order_relaxed);
        std::uint64_t rings = 0;
        if (rung) static_cast<void>(!read(descriptor_, &rings, sizeof rings));
    }

    // Anybody's.
    void ring_if_asleep() {
        if (sleep_.load(std::memory_order_relaxed) == Sleep::deep) ring();
    }
    void ring_urgently() {
        if (sleep_.load(std::memory_order_relaxed) != Sleep::none) ring();
    }

  private:
    enum class Sleep : std::uint8_t { none, light, deep };

    void ring() {
        const std::uint64_t one = 1;
        static_cast<void>(!write(descriptor_, &one, sizeof one));
    }

    int descriptor_;
    alignas(64) std::atomic<Sleep> sleep_{Sleep::none};
};

}  // namespace warren::exchange
