// SPDX-License-Identifier: BSD-3-Clause
// Whether a virtual router may preempt a lower master: not before its flows are here. Starts held;
// once free it stays so until close(). Bounded: without progress for `wait`, or after `longest` in
// all, it opens all the same and says so. A Master_Down is never held by it.
#pragma once

#include <cstdint>

namespace warren::sync {

class PreemptGate {
  public:
    struct Bounds {
        std::uint64_t wait_us = 60'000'000;
        std::uint64_t longest_us = 300'000'000;
    };
    enum class State : std::uint8_t {
        held,
        free,
        free_unsynced,  // out of patience: connections will break
    };

    PreemptGate(const Bounds& bounds, std::uint64_t now_us);

    // ---- what happens; each may free the gate

    void bulk_ended(std::uint64_t now_us);
    void compared(bool equal, std::uint64_t now_us);
    void progress(std::uint64_t now_us);  // records come in
    void session_down();                  // what was equal may not be so any more
    void nobody_else_is_master();
    void close(std::uint64_t now_us);  // held again: the router starts anew

    State state(std::uint64_t now_us);  // asks the clock's bounds, too
    std::uint64_t deadline_us() const;  // when the state may change by time alone

  private:
    void free_if_synced();

    Bounds bounds_;
    State state_ = State::held;
    bool bulk_ended_ = false;
    bool equal_ = false;
    std::uint64_t since_us_;
    std::uint64_t progress_us_;
};

}  // namespace warren::sync
