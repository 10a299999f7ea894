// SPDX-License-Identifier: BSD-3-Clause
#include "model/start.h"

#include <algorithm>
#include <utility>

#include "config/sync_groups.h"
#include "exchange/worker_link.h"
#include "model/reload.h"
#include "model/vrrp_plan.h"

namespace warren::model {
namespace {

void add_routers(State& state) {
    static_assert(config::no_sync_group == election::no_group);
    const std::vector<std::uint16_t> groups = config::sync_groups(state.config);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const config::VrrpInstance& instance = state.config.vrrp_instances[i];
        const auto port = std::find_if(
            state.ports.begin(), state.ports.end(),
            [&](const PortState& candidate) { return candidate.name == instance.interface; });
        if (port == state.ports.end()) continue;
        RouterState router;
        router.config = std::make_shared<const config::VrrpInstance>(instance);
        router.port = static_cast<std::uint8_t>(port - state.ports.begin());
        router.plan = std::make_unique<election::RouterPlan>(
            make_plan(instance, *port, router.port, groups[i]));
        router.tracking.total = {instance.priority};
        router.no_address = router.plan->settings.primary_address.is_unspecified();
        state.routers.push_back(std::move(router));
    }
}

}  // namespace

static_assert(config::max_interfaces <= exchange::max_ports);

std::vector<std::string> port_names(const config::Config& config) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const config::VrrpInstance& instance : config.vrrp_instances)
        add(instance.interface);
    for (const config::VrrpInstance& instance : config.vrrp_instances)
        for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
            for (const config::VirtualAddress& address : *list)
                add(instance.interface_of(address));
    return names;
}

std::unique_ptr<State> make_state(config::Config config, std::vector<PortState> ports,
                                  std::uint64_t now_ns) {
    auto state = std::make_unique<State>();
    state->config = std::move(config);
    state->ports = std::move(ports);
    add_routers(*state);
    index_vips(*state);
    // A start is a reload of nothing.
    const ReloadPlan plan = plan_reload(*state, state->config, {});
    carry_out(*state, state->config, plan, now_ns);
    return state;
}

}  // namespace warren::model
