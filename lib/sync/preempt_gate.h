// SPDX-License-Identifier: BSD-3-Clause
// Whether a virtual router may preempt a lower master: not before its flows are here. Starts held;
// once free it stays so until close(). Bounded: without progress for `wait`, or after `longest` in
// all, it opens all the same and says so. A Master_Down is never held by it.
#pragma once

#include <algorithm>
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
    void nobody_else_is_master();
    // Held again: the router starts anew, or its master is not heard any more.
    void close(std::uint64_t now_us);

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

inline PreemptGate::PreemptGate(const Bounds& bounds, std::uint64_t now_us)
    : bounds_(bounds), since_us_(now_us), progress_us_(now_us) {}

inline void PreemptGate::bulk_ended(std::uint64_t now_us) {
    bulk_ended_ = true;
    progress(now_us);
    free_if_synced();
}

inline void PreemptGate::compared(bool equal, std::uint64_t now_us) {
    equal_ = equal;
    if (equal) progress(now_us);
    free_if_synced();
}

inline void PreemptGate::progress(std::uint64_t now_us) {
    progress_us_ = now_us;
}

inline void PreemptGate::nobody_else_is_master() {
    if (state_ == State::held) state_ = State::free;
}

inline void PreemptGate::close(std::uint64_t now_us) {
    *this = PreemptGate(bounds_, now_us);
}

inline PreemptGate::State PreemptGate::state(std::uint64_t now_us) {
    if (state_ == State::held && now_us >= deadline_us()) state_ = State::free_unsynced;
    return state_;
}

inline std::uint64_t PreemptGate::deadline_us() const {
    if (state_ != State::held) return ~std::uint64_t{0};
    return std::min(progress_us_ + bounds_.wait_us, since_us_ + bounds_.longest_us);
}

// Late is better than never: the alarm of a gate that ran out of patience is over then.
inline void PreemptGate::free_if_synced() {
    if (bulk_ended_ && equal_) state_ = State::free;
}

}  // namespace warren::sync
