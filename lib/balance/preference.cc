// SPDX-License-Identifier: BSD-3-Clause
#include "balance/preference.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace warren::balance {
namespace {

auto rank_of(const Contender& c) {
    return std::tuple(c.is_in_minority, c.tier, !c.is_preferred, c.is_blocked);
}

}  // namespace

std::vector<bool> in_front(std::span<const Contender> pool) {
    const Contender* best = nullptr;
    for (const Contender& c : pool)
        if (c.is_usable && (best == nullptr || rank_of(c) < rank_of(*best))) best = &c;
    std::vector<bool> front;
    for (const Contender& c : pool)
        front.push_back(c.is_usable && rank_of(c) == rank_of(*best));
    return front;
}

}  // namespace warren::balance
