// SPDX-License-Identifier: BSD-3-Clause
#include "model/start.h"

#include <utility>

#include "exchange/worker_link.h"
#include "model/reload.h"

namespace warren::model {
static_assert(config::max_interfaces <= exchange::max_ports);

std::unique_ptr<State> make_state(config::Config config, std::vector<PortState> ports,
                                  std::uint64_t now_ns) {
    auto state = std::make_unique<State>();
    state->config = std::move(config);
    state->ports = std::move(ports);
    // A start is a reload of nothing.
    const ReloadPlan plan = plan_reload(*state, state->config, {});
    carry_out(*state, state->config, plan, now_ns);
    return state;
}

}  // namespace warren::model
