// SPDX-License-Identifier: BSD-3-Clause
#include "balance/health_factor.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace warren::balance {
namespace {

constexpr double least = double{factor_min} / factor_one;

// 1.0 up to `from`, then straight down to the least at `to`.
double falling(double value, double from, double to) {
    if (!std::isfinite(value)) return 1;
    return std::clamp(1 - (1 - least) * (value - from) / (to - from), least, 1.0);
}

constexpr std::size_t at(Factor factor) {
    return static_cast<std::size_t>(factor);
}

}  // namespace

std::uint32_t product(const Factors& factors) {
    double all = factor_one;
    for (const std::uint32_t factor : factors)
        all *= static_cast<double>(factor) / factor_one;
    return std::max(static_cast<std::uint32_t>(std::lround(all)), product_min);
}

PoolFactors::PoolFactors(std::size_t servers, const FactorRules& rules)
    : rules_(rules), servers_(servers) {}

void PoolFactors::latency(std::size_t server, Latency what, double us) {
    if (!std::isfinite(us) || us < 0) return;
    Signal& signal = servers_[server].signals[static_cast<std::size_t>(what)];
    signal.age = 0;
    const double quicker = std::min(us, std::exchange(signal.last_us, us));
    if (signal.is_known())
        signal.mean_us += rules_.smoothing * (quicker - signal.mean_us);
    else if (++signal.samples == 2)
        signal.mean_us = quicker;
}

void PoolFactors::load(std::size_t server, const Load& load) {
    Server& s = servers_[server];
    s.load = load;
    add(s.syns, load.syns, load.unanswered);
    add(s.segments, load.segments, load.repeated);
}

void PoolFactors::add(Losses& losses, std::uint64_t all, std::uint64_t lost) const {
    losses.all = losses.all * rules_.losses_memory + static_cast<double>(all);
    losses.lost = losses.lost * rules_.losses_memory + static_cast<double>(std::min(lost, all));
}

// A server with a low factor gets few flows: without this an old bad mean would never be corrected.
void PoolFactors::grow_older(Signal& signal) const {
    if (signal.samples != 0 && ++signal.age > rules_.stale_updates) signal = {};
}

// The lower one of an even number: of two servers the quicker sets the measure. 0: nothing known.
double PoolFactors::median(Latency what) const {
    std::vector<double> means;
    for (const Server& s : servers_)
        if (const Signal& signal = s.signals[static_cast<std::size_t>(what)]; signal.is_known())
            means.push_back(std::max(signal.mean_us, rules_.floor_us));
    if (means.empty()) return 0;
    const auto middle = means.begin() + static_cast<std::ptrdiff_t>((means.size() - 1) / 2);
    std::nth_element(means.begin(), middle, means.end());
    return *middle;
}

double PoolFactors::slowness(const Server& server, Latency what, double median_us) const {
    const Signal& signal = server.signals[static_cast<std::size_t>(what)];
    if (!signal.is_known()) return 1;
    const double ratio = std::max(signal.mean_us, rules_.floor_us) / median_us;
    return std::min(1.0, rules_.dead_band / ratio);
}

double PoolFactors::of_losses(const Losses& losses) const {
    return falling(losses.lost / (losses.all + rules_.losses_prior), rules_.losses_from,
                   rules_.losses_to);
}

// One that has just come up is not due its share yet.
double PoolFactors::due_weight(const Server& server) {
    return static_cast<double>(server.load.weight) * server.factors[at(Factor::slow_start)] /
           factor_one;
}

// 0: fewer than two tell, so there is nothing to compare.
double PoolFactors::connections_per_weight() const {
    double connections = 0, weight = 0;
    std::size_t known = 0;
    for (const Server& s : servers_) {
        if (!s.load.connections || s.load.weight == 0) continue;
        connections += *s.load.connections;
        weight += due_weight(s);
        ++known;
    }
    return known < 2 ? 0 : connections / weight;
}

double PoolFactors::of_connections(const Server& server, double per_weight) const {
    const Load& load = server.load;
    const double full = load.fill ? falling(*load.fill, rules_.fill_from, 1) : 1;
    if (!load.connections || per_weight == 0 || load.weight == 0) return full;
    const double crowd = *load.connections / (per_weight * due_weight(server));
    return std::min(full, std::min(1.0, rules_.crowd_from / std::max(crowd, 1e-9)));
}

std::uint32_t PoolFactors::approach(std::uint32_t factor, double target) const {
    const auto wanted = std::clamp(static_cast<std::uint32_t>(std::lround(target * factor_one)),
                                   factor_min, factor_one);
    return wanted > factor ? std::min(wanted, factor + rules_.step_max)
                           : std::max(wanted, factor - std::min(factor, rules_.step_max));
}

void PoolFactors::update() {
    const double check = median(Latency::check);
    const double handshake = median(Latency::handshake);
    const double confirm = median(Latency::confirm);
    const double per_weight = connections_per_weight();
    for (Server& s : servers_) {
        const auto move = [&](Factor factor, double target) {
            s.factors[at(factor)] = approach(s.factors[at(factor)], target);
        };
        move(Factor::handshake, std::min(slowness(s, Latency::check, check),
                                         slowness(s, Latency::handshake, handshake)));
        move(Factor::confirm, slowness(s, Latency::confirm, confirm));
        move(Factor::memory, s.load.memory ? falling(*s.load.memory, rules_.memory_from, 1) : 1);
        move(Factor::syns, of_losses(s.syns));
        move(Factor::stalls, of_losses(s.segments));
        move(Factor::connections, of_connections(s, per_weight));
        move(Factor::checks, s.load.is_busy ? least : 1);
        for (Signal& signal : s.signals)
            grow_older(signal);
    }
}

std::uint32_t slow_start_factor(std::uint64_t up_for_ms, std::uint64_t slow_start_ms) {
    if (up_for_ms >= slow_start_ms) return factor_one;
    return std::max(static_cast<std::uint32_t>(up_for_ms * factor_one / slow_start_ms), factor_min);
}

std::uint32_t effective_weight(std::uint32_t weight, std::uint32_t factor) {
    return weight * std::clamp(factor, product_min, factor_one);
}

}  // namespace warren::balance
