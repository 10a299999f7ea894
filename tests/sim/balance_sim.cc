// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of weights: each seed is a pool of 3 to 6 nodes with faults of its own.
//   balance_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its trace as CSV
// Seed 0 is the course that lib/balance/README.md shows (tools/plot-weights). Invariants: factors
// are within their bounds and move no faster than they may; no node ever holds more than twice an
// even share; a node that has come back gets no more than its slow start allows; a lasting fault's
// factor settles, and goes back to 1.0 when the fault is over.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "balance_world.h"
#include "seeds.h"

namespace warren::sim {
namespace {

constexpr unsigned warm_up_s = 120;  // until there are as many flows as there will be
constexpr unsigned settle_s = 60;    // a factor needs 32 s from end to end, an EWMA some more
constexpr unsigned end_s = 600;

class Course {
  public:
    Course(std::uint64_t seed, bool tracing)
        : random_(seed), world_(seed == 0 ? 3 : 3 + random_.below(4), seed), tracing_(tracing) {
        if (seed == 0)
            world_.faults = shown_faults();
        else
            draw_faults();
    }

    Outcome run() {
        note("second,node,flows,factor,up");
        std::vector<Node> before = world_.nodes();
        while (world_.now_s() < end_s && outcome_.failure.empty()) {
            world_.step();
            for (std::size_t i = 0; i < before.size(); ++i)
                watch(i, before[i]);
            before = world_.nodes();
        }
        if (outcome_.failure.empty()) settles();
        return outcome_;
    }

  private:
    using Kind = Fault::Kind;

    static std::vector<Fault> shown_faults() {
        std::vector<Fault> all{{Kind::slow, 0, 150, 240, 4},
                               {Kind::memory, 1, 270, 360, 0.9},
                               {Kind::down, 2, 390, 400, 1}};
        for (unsigned at = 480; at < 500; at += 4)
            all.push_back({Kind::down, 2, at, at + 2, 1});
        return all;
    }

    // One lasting fault that the factor must settle under, and others that come and go.
    void draw_faults() {
        const std::size_t n = world_.nodes().size();
        lasting_ = {random_.percent(50) ? Kind::slow : Kind::memory, random_.below(n), 150,
                    350 + static_cast<unsigned>(random_.below(50)), 0};
        lasting_.strength = lasting_.kind == Kind::slow
                                ? 1.5 + static_cast<double>(random_.below(80)) / 10
                                : 0.5 + static_cast<double>(random_.below(50)) / 100;
        world_.faults.push_back(lasting_);
        for (std::uint64_t more = random_.below(8); more != 0; --more) {
            const auto from = warm_up_s + static_cast<unsigned>(random_.below(300));
            const auto length = 1 + static_cast<unsigned>(random_.below(20));
            const std::size_t node = (lasting_.node + 1) % n;
            world_.faults.push_back({Kind::down, node, from, from + length, 1});
        }
    }

    void note(const std::string& line) {
        if (tracing_) outcome_.trace.push_back(line);
    }
    void fail(std::size_t node, const std::string& what) {
        outcome_.failure = "node " + std::to_string(node) + " at " +
                           std::to_string(world_.now_s()) + " s: " + what;
    }

    void watch(std::size_t i, const Node& before) {
        const Node& now = world_.nodes()[i];
        note(std::to_string(world_.now_s()) + "," + std::to_string(i) + "," +
             std::to_string(now.flows) + "," +
             std::to_string(static_cast<double>(now.factor) / balance::factor_one) + "," +
             (now.up ? "1" : "0"));
        if (now.factor < balance::product_min || now.factor > balance::factor_one)
            return fail(i, "a factor out of its bounds");
        const bool starts =
            !now.up || !before.up || world_.now_s() - now.up_since_s <= PoolWorld::slow_start_s + 1;
        const double moved = std::abs(double{static_cast<double>(now.factor)} - before.factor);
        if (!starts && moved > 3 * balance::FactorRules{}.step_max)
            return fail(i, "a factor jumps");
        if (world_.now_s() < warm_up_s || world_.up() < 2) return;
        check_herd(i, now);
    }

    void check_herd(std::size_t i, const Node& now) {
        const double share = static_cast<double>(world_.flows()) / static_cast<double>(fit());
        if (now.flows > 2 * share + 10) return fail(i, "a herd: twice its share");
        if (now.up_since_s == 0) return;
        const double up_s = world_.now_s() - now.up_since_s;
        const double allowed = std::max(0.1, std::min(1.0, up_s / PoolWorld::slow_start_s));
        if (now.flows > allowed * 1.6 * share + 10) fail(i, "more than its slow start allows");
    }

    // Who serves with at least half of his weight; the others' clients are theirs to take.
    std::size_t fit() const {
        const auto& nodes = world_.nodes();
        const auto count = std::count_if(nodes.begin(), nodes.end(), [](const Node& n) {
            return n.up && n.factor >= balance::factor_one / 2;
        });
        return std::max<std::size_t>(1, static_cast<std::size_t>(count));
    }

    // The same pool with the lasting fault alone: its factor comes to rest, and back.
    void settles() {
        if (lasting_.to_s == 0) return;
        PoolWorld alone(world_.nodes().size(), random_.next());
        alone.faults.push_back(lasting_);
        std::uint32_t least = balance::factor_one, most = 0;
        while (alone.now_s() < end_s) {
            alone.step();
            const std::uint32_t factor = alone.nodes()[lasting_.node].factor;
            const unsigned from = lasting_.from_s + settle_s;
            // A leak fills for half of its time, so it rests in the other half.
            const unsigned rest = lasting_.kind == Kind::memory
                                      ? std::max(from, (lasting_.from_s + lasting_.to_s) / 2 + 35)
                                      : from;
            if (alone.now_s() < rest || alone.now_s() >= lasting_.to_s) continue;
            least = std::min(least, factor);
            most = std::max(most, factor);
        }
        if (most > least + balance::factor_one / 8)
            fail(lasting_.node, "its factor swings from " + std::to_string(least) + " to " +
                                    std::to_string(most) + " under a lasting fault");
        if (alone.nodes()[lasting_.node].factor < balance::factor_one * 9 / 10)
            fail(lasting_.node, "its factor does not come back");
    }

    Random random_;
    PoolWorld world_;
    const bool tracing_;
    Fault lasting_{};
    Outcome outcome_;
};

}  // namespace
}  // namespace warren::sim

int main(int argc, char** argv) {
    return warren::sim::run_seeds(argc, argv, [](std::uint64_t seed, bool tracing) {
        return warren::sim::Course(seed, tracing).run();
    });
}
