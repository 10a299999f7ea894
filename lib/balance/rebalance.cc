// SPDX-License-Identifier: BSD-3-Clause
#include "balance/rebalance.h"

#include <algorithm>
#include <numeric>

namespace warren::balance {
namespace {

struct Sums {
    double weight = 0;
    double flows = 0;

    double share_of(const Holder& h) const { return weight == 0 ? 0 : flows * h.weight / weight; }
};

Sums sums_of(std::span<const Holder> pool) {
    Sums sums;
    for (const Holder& h : pool) {
        if (h.weight == 0) continue;
        sums.weight += h.weight;
        sums.flows += static_cast<double>(h.flows);
    }
    return sums;
}

}  // namespace

double shortage_percent(std::span<const Holder> pool, std::uint32_t grain) {
    const Sums sums = sums_of(pool);
    double worst = 0;
    for (const Holder& h : pool) {
        const double share = sums.share_of(h);
        const double missing = share - static_cast<double>(h.flows);
        if (h.weight != 0 && missing >= grain) worst = std::max(worst, missing / share * 100);
    }
    return worst;
}

std::vector<std::uint32_t> surplus_to_move(std::span<const Holder> pool, std::uint32_t rate,
                                           std::uint64_t absent) {
    Sums sums = sums_of(pool);
    sums.flows += static_cast<double>(absent);
    std::vector<double> surplus;
    for (const Holder& h : pool)
        surplus.push_back(h.weight == 0 ? 0 : static_cast<double>(h.flows) - sums.share_of(h));
    std::vector<std::uint32_t> given(pool.size());
    for (; rate != 0; --rate) {
        const auto most = std::max_element(surplus.begin(), surplus.end());
        if (most == surplus.end() || *most < 1) break;
        *most -= 1;
        ++given[static_cast<std::size_t>(most - surplus.begin())];
    }
    return given;
}

std::vector<std::uint32_t> Rebalance::step(std::span<const Holder> pool,
                                           const RebalanceRules& rules) {
    const double shortage = shortage_percent(pool, rules.grain);
    const bool was = moving_;
    moving_ = shortage > (was ? rules.threshold / 2.0 : rules.threshold);
    if (!moving_) return std::vector<std::uint32_t>(pool.size());
    if (!was) {
        moved_ = 0;
        flows_.fill(0);
    }
    const auto flows = static_cast<std::uint64_t>(sums_of(pool).flows);
    flows_[second_++ % flows_.size()] = flows;
    const std::uint64_t most = *std::max_element(flows_.begin(), flows_.end());
    std::vector<std::uint32_t> given = surplus_to_move(pool, rules.rate, most - flows);
    moved_ += std::accumulate(given.begin(), given.end(), std::uint64_t{0});
    return given;
}

}  // namespace warren::balance
