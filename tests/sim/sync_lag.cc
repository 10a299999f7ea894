// SPDX-License-Identifier: BSD-3-Clause
// How far behind a backup is on a link that loses: 10,000 changes at 2,000 a second, over 0.5 ms.
//   sync_lag [SEEDS]
// Demands, at 1, 10 and 30 % loss: 99 % of the changes are there within 30, 100 and 400 ms, and
// the tables are equal and said to be so within 2, 3 and 10 s after the last one.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "sync_world.h"

namespace warren::sim {
namespace {

using sync::Role;

struct Demand {
    std::uint64_t loss_percent;
    std::uint64_t lag_us;
    std::uint64_t equal_us;
};
constexpr std::array<Demand, 3> demands{
    {{1, 30 * ms, 2 * s}, {10, 100 * ms, 3 * s}, {30, 400 * ms, 10 * s}}};

struct Result {
    std::uint64_t p50_us = 0;
    std::uint64_t p99_us = 0;
    std::uint64_t equal_us = 0;  // after the last change
    bool same = false;
};

class Run {
  public:
    Run(std::uint64_t seed, std::uint64_t loss_percent)
        : world_(seed, false, {Sizes{2, 8'000, 4'096, 4'096}, Sizes{2, 8'000, 4'096, 4'096}}) {
        world_.link.loss_percent = loss_percent;
        world_.link.delay_us = 500;
        world_.clients = 60'000;
        world_.ports = 30'000;
        for (std::size_t i = 0; i < 2; ++i)
            world_.start(i);
        world_.set_role(0, 0, Role::master);
        world_.run_until(world_.now_us + 5 * s);
    }

    Result measure() {
        SyncNode& backup = world_.node(1);
        backup.on_install = [this](const sync::FlowRecord& record) { arrived(record); };
        for (int change = 0; change < 10'000; ++change) {
            world_.run_until(world_.now_us + 500);
            const std::uint32_t delta = world_.open_some(0, 0);
            if (delta != 0) opened_us_[delta] = world_.now_us;
        }
        const std::uint64_t last_us = world_.now_us;
        const std::uint64_t before = backup.seen.equal[0];
        world_.run_until(last_us + 30 * s, [&] { return backup.seen.equal[0] == before; });
        std::ranges::sort(lags_us_);
        Result result;
        result.same = backup.flows(0).size() == world_.node(0).flows(0).size();
        if (lags_us_.empty() || !opened_us_.empty()) return result;
        result.p50_us = lags_us_[lags_us_.size() / 2];
        result.p99_us = lags_us_[lags_us_.size() * 99 / 100];
        result.equal_us = world_.now_us - last_us;
        return result;
    }

  private:
    void arrived(const sync::FlowRecord& record) {
        const auto opened = opened_us_.find(record.seq_delta);
        if (opened == opened_us_.end()) return;
        lags_us_.push_back(world_.now_us - opened->second);
        opened_us_.erase(opened);
    }

    SyncWorld world_;
    std::map<std::uint32_t, std::uint64_t> opened_us_;  // and not there yet
    std::vector<std::uint64_t> lags_us_;
};

bool holds(std::uint64_t seed, const Demand& demand) {
    const Result result = Run(seed, demand.loss_percent).measure();
    std::printf("loss %2llu %%: lag p50 %6.2f ms, p99 %6.2f ms; equal %5.2f s after the last\n",
                static_cast<unsigned long long>(demand.loss_percent),
                static_cast<double>(result.p50_us) / ms, static_cast<double>(result.p99_us) / ms,
                static_cast<double>(result.equal_us) / s);
    return result.same && result.p99_us != 0 && result.p99_us <= demand.lag_us &&
           result.equal_us <= demand.equal_us;
}

}  // namespace
}  // namespace warren::sim

int main(int argc, char** argv) {
    const std::uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    bool all = true;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
        for (const auto& demand : warren::sim::demands)
            all = warren::sim::holds(seed, demand) && all;
    return all ? 0 : 1;
}
