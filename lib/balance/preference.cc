// SPDX-License-Identifier: BSD-3-Clause
#include "balance/preference.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace warren::balance {
namespace {

auto rank_of(const Contender& c) {
    return std::tuple(c.is_leaving, c.is_in_minority, c.tier, !c.is_preferred, c.is_blocked);
}

}  // namespace

std::vector<bool> eligible(std::span<const Contender> pool) {
    const Contender* best = nullptr;
    for (const Contender& c : pool)
        if (c.is_usable && (best == nullptr || rank_of(c) < rank_of(*best))) best = &c;
    std::vector<bool> all;
    for (const Contender& c : pool)
        all.push_back(c.is_usable && rank_of(c) == rank_of(*best));
    return all;
}

}  // namespace warren::balance
