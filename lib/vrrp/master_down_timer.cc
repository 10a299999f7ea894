// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/master_down_timer.h"

#include <algorithm>

namespace warren::vrrp {

void MasterDownTimer::arm(std::uint64_t now_ns, std::uint64_t wait_ns) {
    due_ns_ = now_ns + wait_ns;
    waiting_ = false;
}

void MasterDownTimer::hasten(std::uint64_t now_ns, std::uint64_t wait_ns) {
    if (now_ns + wait_ns < due_ns_) arm(now_ns, wait_ns);
}

void MasterDownTimer::shift(std::uint64_t old_skew_ns, std::uint64_t new_skew_ns) {
    due_ns_ += new_skew_ns - old_skew_ns;
    waiting_ = false;
}

Silence MasterDownTimer::judge(std::uint64_t rx_seen_ns, std::uint64_t now_ns) {
    if (rx_seen_ns >= due_ns_) return Silence::proven;
    if (!waiting_) {
        waiting_ = true;
        waited_ns_ = 0;
    } else {
        // This machine may have been away, and its workers with us.
        waited_ns_ += std::min(now_ns - asked_ns_, 2 * longest_evidence_poll_ns);
    }
    asked_ns_ = now_ns;
    if (waited_ns_ >= longest_wait_for_workers_ns) return Silence::unproven;
    // As long again as it has taken so far: quick for a busy worker, gentle to one that needs our
    // CPU.
    const std::uint64_t late_ns = now_ns - due_ns_;
    ask_ns_ = now_ns + std::min(longest_wait_for_workers_ns - waited_ns_,
                                std::clamp(late_ns, evidence_poll_ns, longest_evidence_poll_ns));
    return Silence::open;
}

}  // namespace warren::vrrp
