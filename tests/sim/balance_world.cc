// SPDX-License-Identifier: BSD-3-Clause
#include "balance_world.h"

#include <algorithm>
#include <utility>

namespace warren::sim {
namespace {

constexpr double idle_latency_us = 2'000;
// A node with so many flows is at its limit: latency goes as 1 / (1 - load).
constexpr double flows_max = 2'000;
constexpr double idle_memory = 0.3, memory_per_flow = 0.0002;

}  // namespace

PoolWorld::PoolWorld(std::size_t nodes, std::uint64_t seed)
    : random_(seed), nodes_(nodes), factors_(nodes) {}

std::size_t PoolWorld::up() const {
    return static_cast<std::size_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [](const Node& n) { return n.up; }));
}

std::uint32_t PoolWorld::flows() const {
    std::uint32_t sum = 0;
    for (const Node& node : nodes_)
        sum += node.flows;
    return sum;
}

void PoolWorld::step() {
    ++now_s_;
    follow_faults();
    end_flows();
    admit();
    measure();
}

bool PoolWorld::is_faulty(std::size_t node, Fault::Kind kind, double& strength) const {
    for (const Fault& fault : faults) {
        if (fault.node != node || fault.kind != kind || now_s_ < fault.from_s ||
            now_s_ >= fault.to_s)
            continue;
        // Memory fills over half of the time.
        const double passed = (now_s_ - fault.from_s) * 2.0 / (fault.to_s - fault.from_s);
        strength =
            kind == Fault::Kind::memory ? std::min(1.0, passed) * fault.strength : fault.strength;
        return true;
    }
    return false;
}

void PoolWorld::follow_faults() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        double strength = 1;
        const bool dead = is_faulty(i, Fault::Kind::down, strength);
        if (dead && nodes_[i].up) fall(i);
        if (!dead && !nodes_[i].up && nodes_[i].damping.hold_ms(now_s_ * 1'000ULL) == 0)
            come_back(i);
    }
}

void PoolWorld::fall(std::size_t node) {
    Node& n = nodes_[node];
    n.up = false;
    n.damping.note_fall(now_s_ * 1'000ULL);
    waiting_ += std::exchange(n.flows, 0);
    factors_.forget(node);
}

void PoolWorld::come_back(std::size_t node) {
    nodes_[node].up = true;
    nodes_[node].up_since_s = now_s_;
    factors_.forget(node);
}

void PoolWorld::end_flows() {
    for (Node& node : nodes_)
        for (std::uint32_t left = node.flows; left != 0; --left)
            node.flows -= random_.below(lifetime_s) == 0 ? 1 : 0;
}

void PoolWorld::admit() {
    for (Node& node : nodes_)
        node.admitted = 0;
    for (unsigned n = arrivals_per_s + std::exchange(waiting_, 0); n != 0; --n) {
        std::vector<balance::Candidate> all;
        for (const Node& node : nodes_)
            all.push_back({static_cast<std::uint16_t>(all.size()),
                           node.up ? balance::effective_weight(1, node.factor) : 0, node.flows});
        const auto chosen = scheduler_.pick(all);
        if (!chosen) continue;
        ++nodes_[*chosen].flows;
        ++nodes_[*chosen].admitted;
    }
}

// What checks and the management API would say, with a tenth of noise.
void PoolWorld::measure() {
    const auto noise = [&] { return 0.9 + static_cast<double>(random_.below(200)) / 1'000; };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& n = nodes_[i];
        double slow = 1, leak = 0;
        is_faulty(i, Fault::Kind::slow, slow);
        is_faulty(i, Fault::Kind::memory, leak);
        n.latency_us = idle_latency_us * slow / std::max(0.05, 1 - n.flows / flows_max);
        n.memory = std::max(leak, idle_memory) + n.flows * memory_per_flow;
        if (!n.up) continue;
        for (int check = 0; check < 5; ++check)
            factors_.latency(i, balance::Latency::check, n.latency_us * noise());
        balance::Load load;
        load.memory = n.memory;
        load.connections = n.flows;
        factors_.load(i, load);
        const std::uint64_t up_ms =
            n.up_since_s == 0 ? slow_start_s * 1'000ULL : (now_s_ - n.up_since_s) * 1'000ULL;
        factors_.slow_start(i, balance::slow_start_factor(up_ms, slow_start_s * 1'000ULL));
    }
    factors_.update();
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        nodes_[i].factor = factors_.factor(i);
}

}  // namespace warren::sim
