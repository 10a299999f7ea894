// SPDX-License-Identifier: BSD-3-Clause
// Log lines about servers whose health factor takes much of their weight: once when that begins and
// once when they have recovered. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/state.h"

namespace warren::server_pools {

// Shares of the configured weight; the gap is the hysteresis.
inline constexpr double slow_share = 0.8;
inline constexpr double recovered_share = 0.9;

class SlowServers {
  public:
    std::vector<journal::Notice> look(const model::State& state);

  private:
    std::vector<bool> slow_;  // by server
};

}  // namespace warren::server_pools
