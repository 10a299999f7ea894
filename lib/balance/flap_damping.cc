// SPDX-License-Identifier: BSD-3-Clause
#include "balance/flap_damping.h"

#include <algorithm>

namespace warren::balance {

void FlapDamping::note_fall(std::uint64_t now_ms) {
    const std::size_t count = falls_ms_.size();
    if (falls_ > 0) {
        const std::uint64_t last_ms = std::max(falls_ms_[(falls_ - 1) % count], held_until_ms_);
        const std::uint64_t quiet_ms = now_ms > last_ms ? now_ms - last_ms : 0;
        steps_ -= static_cast<unsigned>(std::min<std::uint64_t>(quiet_ms / forgiveness_ms, steps_));
    }
    falls_ms_[falls_++ % count] = now_ms;
    // Where it is known to flap one more fall is enough.
    const bool often = falls_ >= count && now_ms - falls_ms_[falls_ % count] <= window_ms;
    if (!often && steps_ == 0) return;
    steps_ = std::min(steps_ + 1, steps_max);
    held_until_ms_ = now_ms + std::min(first_hold_ms << (steps_ - 1), hold_max_ms);
}

std::uint64_t FlapDamping::hold_ms(std::uint64_t now_ms) const {
    return held_until_ms_ > now_ms ? held_until_ms_ - now_ms : 0;
}

}  // namespace warren::balance
