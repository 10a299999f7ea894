// SPDX-License-Identifier: BSD-3-Clause
// What the manager knows at first.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/state.h"

namespace warren::model {

// The interfaces that need a port, each once: the instances' in the configuration's order, then
// those that only addresses name.
std::vector<std::string> port_names(const config::Config& config);

// Everything as at start: servers up (or down with `alpha`), no next hop known. `ports` are those
// of port_names().
std::unique_ptr<State> make_state(config::Config config, std::vector<PortState> ports,
                                  std::uint64_t now_ns);

}  // namespace warren::model
