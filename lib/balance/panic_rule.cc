// SPDX-License-Identifier: BSD-3-Clause
#include "balance/panic_rule.h"

#include <algorithm>

namespace warren::balance {

bool failures_are_suspect(std::span<const Evidence> pool) {
    constexpr std::ptrdiff_t small_pool = 3;
    const auto failing = std::count_if(pool.begin(), pool.end(), [](Evidence e) {
        return e == Evidence::silent || e == Evidence::failed;
    });
    const auto known = static_cast<std::ptrdiff_t>(pool.size()) -
                       std::count(pool.begin(), pool.end(), Evidence::already_down);
    if (failing < 2) return false;
    return known <= small_pool ? failing == known : failing * 2 > known;
}

bool PanicGuard::believes(std::span<const Evidence> pool, std::uint64_t now_ms) {
    if (!failures_are_suspect(pool)) {
        since_ms_.reset();
        return true;
    }
    if (!since_ms_) since_ms_ = now_ms;
    return now_ms - *since_ms_ >= hold_ms_;
}

}  // namespace warren::balance
