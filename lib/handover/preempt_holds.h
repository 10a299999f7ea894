// SPDX-License-Identifier: BSD-3-Clause
// Which virtual routers do not preempt, and why: their flows are not known here yet, or they have
// been handed over on purpose. A master that falls silent is replaced all the same.
#pragma once

#include <array>
#include <cstdint>

#include "exchange/ownership.h"
#include "handover/outputs.h"

namespace warren::handover {

enum class Hold : std::uint8_t { unsynced = 1, handed_over = 2 };

class PreemptHolds {
  public:
    explicit PreemptHolds(const Outputs& outputs) : outputs_(outputs) {}

    // The control lcore is told when that changes whether the router preempts.
    void set(std::uint16_t router, Hold why, bool holds);
    bool has(std::uint16_t router, Hold why) const {
        return (causes_[router] & static_cast<std::uint8_t>(why)) != 0;
    }
    bool is_held(std::uint16_t router) const { return causes_[router] != 0; }
    // The index is another's now, and what the control lcore had is gone.
    void forget(std::uint16_t router) { causes_[router] = 0; }

  private:
    const Outputs& outputs_;
    std::array<std::uint8_t, exchange::max_virtual_routers> causes_{};
};

}  // namespace warren::handover
