// SPDX-License-Identifier: BSD-3-Clause
#include "balance/health_factor.h"

#include <algorithm>
#include <cmath>

namespace warren::balance {

PoolFactors::PoolFactors(std::size_t servers, const FactorRules& rules)
    : rules_(rules), servers_(servers) {}

void PoolFactors::add(Signal& signal, double us) const {
    if (!std::isfinite(us) || us < 0) return;
    signal.mean_us = signal.known ? signal.mean_us + rules_.smoothing * (us - signal.mean_us) : us;
    signal.known = true;
    signal.age = 0;
}

// A server with a low factor gets few flows: without this an old bad mean would never be corrected.
void PoolFactors::grow_older(Signal& signal) const {
    if (signal.known && ++signal.age > rules_.stale_updates) signal = {};
}

// The lower one of an even number: of two servers the quicker sets the measure. 0: nothing known.
double PoolFactors::median(Signal Server::*signal) const {
    std::vector<double> means;
    for (const Server& s : servers_)
        if ((s.*signal).known) means.push_back(std::max((s.*signal).mean_us, rules_.floor_us));
    if (means.empty()) return 0;
    const auto middle = means.begin() + static_cast<std::ptrdiff_t>((means.size() - 1) / 2);
    std::nth_element(means.begin(), middle, means.end());
    return *middle;
}

double PoolFactors::target(const Signal& signal, double median_us) const {
    if (!signal.known) return 1;
    const double ratio = std::max(signal.mean_us, rules_.floor_us) / median_us;
    return std::min(1.0, rules_.dead_band / ratio);
}

void PoolFactors::update() {
    const double check_median = median(&Server::check);
    const double handshake_median = median(&Server::handshake);
    for (Server& s : servers_) {
        const double worst =
            std::min(target(s.check, check_median), target(s.handshake, handshake_median));
        const auto wanted = std::clamp(static_cast<std::uint32_t>(std::lround(worst * factor_one)),
                                       factor_min, factor_one);
        s.factor = wanted > s.factor
                       ? std::min(wanted, s.factor + rules_.step_max)
                       : std::max(wanted, s.factor - std::min(s.factor, rules_.step_max));
        grow_older(s.check);
        grow_older(s.handshake);
    }
}

std::uint32_t effective_weight(std::uint32_t weight, std::uint32_t factor) {
    return weight * std::clamp(factor, factor_min, factor_one);
}

}  // namespace warren::balance
