// SPDX-License-Identifier: BSD-3-Clause
#include "model/reload_routers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "config/same_routers.h"
#include "config/sync_groups.h"
#include "exchange/ownership.h"
#include "exchange/snapshot.h"
#include "model/vrrp_plan.h"

namespace warren::model {
namespace {

std::string refusal_of_port(const config::Config& wanted, const std::string& interface,
                            std::size_t index) {
    if (const auto* found = wanted.dataplane.find_interface(interface);
        found != nullptr && !found->device.empty())
        return "interface " + interface + " has a device of its own: that needs a restart";
    if (index < exchange::max_ports) return {};
    return "interface " + interface + ": all " + std::to_string(exchange::max_ports) +
           " places are taken, by interfaces that were used since the start: that needs a restart";
}

// By interface: the ports that there are, then those that are wanted too.
std::map<std::string, std::uint8_t> plan_ports(const State& state, const config::Config& wanted,
                                               ReloadPlan& plan) {
    std::map<std::string, std::uint8_t> ports;
    for (std::size_t i = 0; i < state.ports.size(); ++i)
        ports.emplace(state.ports[i].name, static_cast<std::uint8_t>(i));
    for (const std::string& interface : config::port_names(wanted)) {
        const std::size_t index = ports.size();
        if (!ports.emplace(interface, static_cast<std::uint8_t>(index)).second) continue;
        plan.refusal = refusal_of_port(wanted, interface, index);
        if (!plan.refusal.empty()) break;
        plan.new_ports.push_back(interface);
    }
    return ports;
}

// Of each instance that is wanted the router that it is now, or nothing.
std::vector<std::optional<std::uint16_t>> find_served(const State& state,
                                                      const config::Config& wanted) {
    std::vector<config::RouterName> names;
    std::vector<std::uint16_t> indices;
    for (std::size_t i = 0; i < state.routers.size(); ++i) {
        if (!is_served(state.routers[i])) continue;
        names.push_back(config::router_name(*state.routers[i].config));
        indices.push_back(static_cast<std::uint16_t>(i));
    }
    std::vector<std::optional<std::uint16_t>> found;
    for (const auto& position :
         config::find_same_routers(names, config::router_names(wanted.vrrp_instances)))
        found.push_back(position ? std::optional(indices[*position]) : std::nullopt);
    return found;
}

// A group's number is its first member's index: it stays when others come and go.
void number_groups(const config::Config& wanted, ReloadPlan& plan) {
    static_assert(config::no_sync_group == election::no_group);
    const std::vector<std::uint16_t> groups = config::sync_groups(wanted);
    std::map<std::uint16_t, std::uint16_t> numbers;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::uint16_t index = plan.routers[i].index;
        const auto [at, is_first] = numbers.emplace(groups[i], index);
        if (!is_first) at->second = std::min(at->second, index);
    }
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (groups[i] != config::no_sync_group) plan.routers[i].group = numbers[groups[i]];
}

std::vector<net::IpAddress> addresses_of(const config::VrrpInstance& instance) {
    std::vector<net::IpAddress> all;
    for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
        for (const config::VirtualAddress& vip : *list)
            all.push_back(vip.prefix.address);
    return all;
}

bool contains(const std::vector<net::IpAddress>& all, const net::IpAddress& address) {
    return std::find(all.begin(), all.end(), address) != all.end();
}

bool has_all_results(const RouterState& router) {
    return router.tracking.items.size() == router.config->tracked.size() &&
           router.tracking.settled();
}

class RouterReload {
  public:
    RouterReload(State& state, ReloadChanges& changes, std::uint64_t now_ns)
        : state_(state), changes_(changes), now_ns_(now_ns) {}

    void remove(std::uint16_t index) {
        RouterState& router = state_.routers[index];
        router.presence = Presence::removed;
        router.leaving = true;
        router.status.state = vrrp::State::initialize;
        changes_.removed_routers.push_back(index);
    }

    void apply(const ReloadPlan::Router& planned) {
        if (planned.is_new)
            add(planned);
        else
            change(planned);
    }

  private:
    void add(const ReloadPlan::Router& planned) {
        RouterState router =
            make_router(*planned.config, state_.ports[planned.port], planned.port, planned.group);
        changes_.added_routers.push_back(planned.index);
        if (planned.index == state_.routers.size())
            return state_.routers.push_back(std::move(router));
        RouterState& place = state_.routers[planned.index];
        changes_.retired_plans.push_back(std::move(place.plan));
        place = std::move(router);
    }

    void change(const ReloadPlan::Router& planned) {
        RouterState& router = state_.routers[planned.index];
        const bool has_changed = *router.config != *planned.config;
        router.has_begun = router.has_begun || has_all_results(router);
        if (has_changed) changes_.changed_routers.push_back(planned.index);
        auto plan = std::make_unique<election::RouterPlan>(
            make_plan(*planned.config, state_.ports[planned.port], planned.port, planned.group));
        if (!has_changed && router.plan->group == planned.group &&
            router.plan->settings.advert_addresses == plan->settings.advert_addresses)
            return;
        router.no_address = plan->settings.primary_address.is_unspecified();
        keep_source(*plan, *router.plan);
        const bool brings_some = add_addresses(*plan, router, *planned.config);
        changes_.replanned_routers.push_back(
            {planned.index, plan->source_mac != router.plan->source_mac ? vrrp::AnnouncedSet::all
                            : brings_some                               ? vrrp::AnnouncedSet::added
                                          : vrrp::AnnouncedSet::nothing});
        changes_.retired_plans.push_back(std::exchange(router.plan, std::move(plan)));
        router.config = std::make_shared<const config::VrrpInstance>(*planned.config);
        router.tracking.items.clear();  // they point into what was
    }

    // Those that came a moment ago are still being announced. True: there are new ones.
    bool add_addresses(election::RouterPlan& plan, RouterState& router,
                       const config::VrrpInstance& wanted) {
        const std::vector<net::IpAddress> before = addresses_of(*router.config);
        const bool recent = now_ns_ - router.added_ns < added_addresses_ns;
        bool brings_some = false;
        for (const net::IpAddress& address : addresses_of(wanted)) {
            const bool is_new = !contains(before, address);
            brings_some = brings_some || is_new;
            if (is_new || (recent && contains(router.plan->added, address)))
                plan.added.push_back(address);
        }
        if (brings_some) router.added_ns = now_ns_;
        return brings_some;
    }

    // Without an address a router is in fault and says good-bye from the one that it had.
    void keep_source(election::RouterPlan& plan, const election::RouterPlan& old) {
        if (plan.settings.primary_address.is_unspecified())
            plan.settings.primary_address = old.settings.primary_address;
    }

    State& state_;
    ReloadChanges& changes_;
    const std::uint64_t now_ns_;
};

election::RouterChange change_of(const RouterState& router, std::uint16_t index,
                                 election::RouterChange::Kind kind) {
    constexpr auto tracked =
        static_cast<std::uint16_t>(1U << static_cast<unsigned>(vrrp::FaultCause::tracked));
    election::RouterChange change{.kind = kind, .router = index, .plan = router.plan.get()};
    change.priority = router.tracking.total.priority;
    change.faults = router.plan->faults;
    if (router.tracking.total.fault) change.faults |= tracked;
    return change;
}

}  // namespace

void plan_routers(const State& state, const config::Config& wanted, ReloadPlan& plan) {
    FreeIndices<RouterState> indices(state.routers, exchange::max_virtual_routers);
    std::vector<bool> kept(state.routers.size());
    const std::map<std::string, std::uint8_t> ports = plan_ports(state, wanted, plan);
    if (!plan.refusal.empty()) return;
    const std::vector<std::optional<std::uint16_t>> served = find_served(state, wanted);
    for (std::size_t i = 0; i < served.size(); ++i) {
        const config::VrrpInstance& instance = wanted.vrrp_instances[i];
        std::optional<std::uint16_t> index = served[i];
        const bool is_new = !index;
        if (is_new) index = indices.take();
        if (!index) {
            plan.refusal = instance.where.to_string() + ": vrrp_instance " + instance.name +
                           ": no room: those that were removed keep their places for a "
                           "moment";
            return;
        }
        if (!is_new) kept[*index] = true;
        plan.routers.push_back({.config = &instance,
                                .index = *index,
                                .port = ports.at(instance.interface),
                                .is_new = is_new});
    }
    number_groups(wanted, plan);
    for (std::size_t i = 0; i < kept.size(); ++i)
        if (!kept[i] && is_served(state.routers[i]))
            plan.removed_routers.push_back(static_cast<std::uint16_t>(i));
}

void reload_routers(State& state, const ReloadPlan& plan, ReloadChanges& changes,
                    std::uint64_t now_ns) {
    RouterReload reload(state, changes, now_ns);
    for (const std::uint16_t index : plan.removed_routers)
        reload.remove(index);
    for (const ReloadPlan::Router& planned : plan.routers)
        reload.apply(planned);
    index_vips(state);
}

void forget_removed_routers(State& state) {
    for (RouterState& router : state.routers)
        router.leaving = false;
}

election::RouterChanges router_changes(const State& state, const ReloadChanges& changes) {
    using Kind = election::RouterChange::Kind;
    election::RouterChanges all;
    for (const std::uint16_t index : changes.removed_routers)
        all.push_back({.kind = Kind::remove, .router = index});
    for (const auto& [index, announced] : changes.replanned_routers) {
        all.push_back(change_of(state.routers[index], index, Kind::change));
        all.back().announced = announced;
    }
    for (const std::uint16_t index : changes.added_routers)
        all.push_back(change_of(state.routers[index], index, Kind::add));
    return all;
}

}  // namespace warren::model
