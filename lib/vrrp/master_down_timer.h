// SPDX-License-Identifier: BSD-3-Clause
// A backup's Master_Down_Timer (RFC 3768 6.2; RFC 9568's Active_Down_Timer), and the evidence
// without which it does not fire: adverts may still wait in the workers' queues. Nanoseconds of one
// clock that never goes back. Pure.
#pragma once

#include <cstdint>

#include "vrrp/settings.h"
#include "vrrp/timers.h"

namespace warren::vrrp {

// What the workers' evidence says of a master that should have been heard.
enum class Silence : std::uint8_t {
    proven,    // all that had arrived by then has been seen
    open,      // not yet: to be asked again at deadline_ns()
    unproven,  // never, and it has been waited for long enough
};

class MasterDownTimer {
  public:
    // The workers are asked again at these distances; sooner when the evidence comes sooner.
    static constexpr std::uint64_t evidence_poll_ns = 250'000;
    static constexpr std::uint64_t longest_evidence_poll_ns = 10 * ns_per_ms;
    // So long at most: then the VIP matters more. A worker that does not poll has been reported as
    // a fault long before, so this one polls, and its rx mark does not move.
    static constexpr std::uint64_t longest_wait_for_workers_ns = 2 * ns_per_s;

    void arm(std::uint64_t now_ns, std::uint64_t wait_ns);
    // As arm(), but never later than it was: a flood of good-byes must not put it off.
    void hasten(std::uint64_t now_ns, std::uint64_t wait_ns);
    // Skew_Time has changed; it may be due later now, the next tick tells.
    void shift(std::uint64_t old_skew_ns, std::uint64_t new_skew_ns);
    // The election has been decided otherwise.
    void stop_waiting() { waiting_ = false; }

    bool is_due(std::uint64_t now_ns) const { return now_ns >= due_ns_; }
    // When it is due. `rx_seen_ns`: see Tick.
    Silence judge(std::uint64_t rx_seen_ns, std::uint64_t now_ns);
    // It is due, but judge() was open.
    bool is_waiting() const { return waiting_; }

    std::uint64_t deadline_ns() const { return waiting_ ? ask_ns_ : due_ns_; }

  private:
    std::uint64_t due_ns_ = no_deadline;
    bool waiting_ = false;
    std::uint64_t ask_ns_ = no_deadline;
    std::uint64_t asked_ns_ = 0;   // last
    std::uint64_t waited_ns_ = 0;  // so far
};

}  // namespace warren::vrrp
