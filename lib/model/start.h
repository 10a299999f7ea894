// SPDX-License-Identifier: BSD-3-Clause
// What the manager knows at first.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/state.h"

namespace warren::model {

// Everything as at start: servers up (or down with `alpha`), no next hop known. `ports` are those
// of port_names().
std::unique_ptr<State> make_state(config::Config config, std::vector<PortState> ports,
                                  std::uint64_t now_ns);

}  // namespace warren::model
