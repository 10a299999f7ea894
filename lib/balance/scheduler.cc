// SPDX-License-Identifier: BSD-3-Clause
#include "balance/scheduler.h"

#include <algorithm>
#include <limits>

namespace warren::balance {

std::optional<std::size_t> Scheduler::pick(std::span<const Candidate> candidates) {
    candidates = candidates.first(std::min(candidates.size(), candidates_max));
    switch (algorithm_) {
        case Algorithm::rr:
            return round_robin(candidates);
        case Algorithm::wrr:
            return weighted_round_robin(candidates);
        case Algorithm::wlc:
            return least_connections(candidates);
    }
    return std::nullopt;
}

std::optional<std::size_t> Scheduler::round_robin(std::span<const Candidate> candidates) {
    const std::size_t n = candidates.size();
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t turn = (next_ + i) % n;
        if (candidates[turn].weight == 0) continue;
        next_ = static_cast<std::uint32_t>((turn + 1) % n);
        return turn;
    }
    return std::nullopt;
}

// Smooth: each turn everybody earns his weight, the richest serves and pays the sum of all weights.
// Over as many turns as the sum each serves exactly as often as his weight, never in clumps.
// Credits stay below the sum by themselves; what is left from a time of other weights is cut down
// to it.
std::optional<std::size_t> Scheduler::weighted_round_robin(std::span<const Candidate> candidates) {
    std::int64_t total = 0;
    for (const Candidate& c : candidates)
        total += c.weight;
    if (total == 0) return std::nullopt;
    std::size_t richest = 0;
    for (std::size_t turns = warm_up_ % candidates.size() + 1; turns > 0; --turns) {
        std::int64_t most = std::numeric_limits<std::int64_t>::min();
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (candidates[i].weight == 0) continue;
            credit_[i] = std::clamp(credit_[i], -total, total) + candidates[i].weight;
            if (credit_[i] > most) most = credit_[richest = i];
        }
        credit_[richest] -= total;
    }
    warm_up_ = 0;
    return richest;
}

// Compares flows / weight crosswise: 32 + 32 bits fit. Ties go to the greater weight, then in turn.
std::optional<std::size_t> Scheduler::least_connections(std::span<const Candidate> candidates) {
    const std::size_t n = candidates.size();
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t at = (next_ + i) % n;
        const Candidate& c = candidates[at];
        if (c.weight == 0) continue;
        if (!best) {
            best = at;
            continue;
        }
        const Candidate& b = candidates[*best];
        const std::uint64_t load_c = std::uint64_t{c.active_flows} * b.weight;
        const std::uint64_t load_b = std::uint64_t{b.active_flows} * c.weight;
        if (load_c < load_b || (load_c == load_b && c.weight > b.weight)) best = at;
    }
    if (best) next_ = static_cast<std::uint32_t>((*best + 1) % n);
    return best;
}

}  // namespace warren::balance
