// SPDX-License-Identifier: BSD-3-Clause
#include "balance/scheduler.h"

#include <algorithm>
#include <compare>
#include <limits>

namespace warren::balance {
namespace {

// A server's load is flows / per.
struct Burden {
    std::uint64_t flows;
    std::uint32_t per;
};

Burden load_of(Algorithm algorithm, const Candidate& c) {
    const std::uint64_t flows = c.active_flows;
    switch (algorithm) {
        case Algorithm::lc:
            return {flows, 1};
        case Algorithm::sed:
            return {flows + 1, c.weight};
        case Algorithm::nq:
            return {flows == 0 ? 0 : flows + 1, c.weight};
        default:
            return {flows, c.weight};
    }
}

// Crosswise: 33 + 24 bits fit.
std::weak_ordering compare(const Burden& a, const Burden& b) {
    return a.flows * b.per <=> b.flows * a.per;
}

// What a turn costs a server of that weight, in the time of wlc's turns.
std::int64_t cost_of_turn(std::uint32_t weight) {
    return (std::int64_t{1} << 32) / weight;
}

}  // namespace

std::optional<std::size_t> Scheduler::pick(std::span<const Candidate> candidates) {
    candidates = candidates.first(std::min(candidates.size(), candidates_max));
    switch (algorithm_) {
        case Algorithm::rr:
            return round_robin(candidates);
        case Algorithm::wrr:
            return weighted_round_robin(candidates);
        case Algorithm::lc:
        case Algorithm::wlc:
        case Algorithm::sed:
        case Algorithm::nq:
            return least_loaded(candidates);
        case Algorithm::fo:
            return failover(candidates);
        case Algorithm::sh:
        case Algorithm::mh:
            break;
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

// Those who have had many turns for their weight wait; who had none for long has saved none up.
std::int64_t Scheduler::turn_of(std::size_t candidate) const {
    return std::max(credit_[candidate], now_);
}

// Short flows are gone when the next comes and leave only ties. IPVS counts the flows that have
// ended for wlc, so that each server gets its share of them; for sed and nq it does not.
std::optional<std::size_t> Scheduler::least_loaded(std::span<const Candidate> candidates) {
    const std::size_t n = candidates.size();
    std::optional<std::size_t> best;
    Burden least{};
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t at = (next_ + i) % n;
        if (candidates[at].weight == 0) continue;
        const Burden load = load_of(algorithm_, candidates[at]);
        if (best) {
            const auto order = compare(load, least);
            const auto turns = turn_of(at) <=> turn_of(*best);
            const bool wins_tie = turns < 0 || (turns == 0 && load.per > least.per);
            if (order > 0 || (order == 0 && !wins_tie)) continue;
        }
        best = at;
        least = load;
    }
    if (!best) return best;
    next_ = static_cast<std::uint32_t>((*best + 1) % n);
    if (algorithm_ == Algorithm::wlc) {
        now_ = turn_of(*best);
        credit_[*best] = now_ + cost_of_turn(candidates[*best].weight);
    }
    return best;
}

// Of equal weights the first.
std::optional<std::size_t> Scheduler::failover(std::span<const Candidate> candidates) {
    const auto best = std::max_element(
        candidates.begin(), candidates.end(),
        [](const Candidate& a, const Candidate& b) { return a.weight < b.weight; });
    if (best == candidates.end() || best->weight == 0) return std::nullopt;
    return static_cast<std::size_t>(best - candidates.begin());
}

}  // namespace warren::balance
