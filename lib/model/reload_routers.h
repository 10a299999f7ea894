// SPDX-License-Identifier: BSD-3-Clause
// The virtual routers' part of a reload (reload.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/config.h"
#include "model/reload_records.h"
#include "model/state.h"

namespace warren::model {

// Gives out the indices of one kind of record: free ones, then the next.
template <typename Record>
class FreeIndices {
  public:
    FreeIndices(const std::vector<Record>& records, std::size_t most)
        : records_(records), most_(most) {}

    // Nothing: there are `most` already.
    std::optional<std::uint16_t> take() {
        while (next_ < records_.size() && records_[next_].presence != Presence::free)
            ++next_;
        if (next_ >= most_) return std::nullopt;
        return static_cast<std::uint16_t>(next_++);
    }

  private:
    const std::vector<Record>& records_;
    std::size_t most_;
    std::size_t next_ = 0;
};

// Added addresses are announced as long as a takeover would be.
inline constexpr std::uint64_t added_addresses_ns = 10'000'000'000;

// Fills the plan's routers, removed_routers and, if it may not be, refusal.
void plan_routers(const State& state, const config::Config& wanted, ReloadPlan& plan);

// Carries that out; router_of() is true again afterwards.
void reload_routers(State& state, const ReloadPlan& plan, ReloadChanges& changes,
                    std::uint64_t now_ns);

// The control lcore has carried out the removals so far.
void forget_removed_routers(State& state);

// What the control lcore is to make of it, with what tracking makes of priorities and faults now.
// Points into `state`.
election::RouterChanges router_changes(const State& state, const ReloadChanges& changes);

}  // namespace warren::model
