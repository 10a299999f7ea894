// SPDX-License-Identifier: BSD-3-Clause
#include "sync/preempt_gate.h"

#include <algorithm>

namespace warren::sync {

PreemptGate::PreemptGate(const Bounds& bounds, std::uint64_t now_us)
    : bounds_(bounds), since_us_(now_us), progress_us_(now_us) {}

void PreemptGate::bulk_ended(std::uint64_t now_us) {
    bulk_ended_ = true;
    progress(now_us);
    free_if_synced();
}

void PreemptGate::compared(bool equal, std::uint64_t now_us) {
    equal_ = equal;
    if (equal) progress(now_us);
    free_if_synced();
}

void PreemptGate::progress(std::uint64_t now_us) {
    progress_us_ = now_us;
}

// What has opened the gate remains true: the peer's flows of then are here.
void PreemptGate::session_down() {
    bulk_ended_ = equal_ = false;
}

void PreemptGate::nobody_else_is_master() {
    if (state_ == State::held) state_ = State::free;
}

void PreemptGate::close(std::uint64_t now_us) {
    *this = PreemptGate(bounds_, now_us);
}

PreemptGate::State PreemptGate::state(std::uint64_t now_us) {
    if (state_ == State::held && now_us >= deadline_us()) state_ = State::free_unsynced;
    return state_;
}

std::uint64_t PreemptGate::deadline_us() const {
    if (state_ != State::held) return ~std::uint64_t{0};
    return std::min(progress_us_ + bounds_.wait_us, since_us_ + bounds_.longest_us);
}

// Late is better than never: the alarm of a gate that ran out of patience is over then.
void PreemptGate::free_if_synced() {
    if (bulk_ended_ && equal_) state_ = State::free;
}

}  // namespace warren::sync
