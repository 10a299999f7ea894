// SPDX-License-Identifier: BSD-3-Clause
// A plan carried out, and the indices that it leaves behind.
#include "model/reload.h"

#include <algorithm>
#include <utility>

#include "model/reload_routers.h"

namespace warren::model {
namespace {

template <typename Record>
void put(std::vector<Record>& records, std::uint16_t index, Record record) {
    if (index == records.size())
        records.push_back(std::move(record));
    else
        records[index] = std::move(record);
}

// It keeps what is needed to tell both ends of its flows.
void remove(ServerRecord& server, std::uint64_t now_ns) {
    server.presence = Presence::removed;
    server.quiet_since_ns = now_ns;
}

void remove(ServiceRecord& service) {
    service.presence = Presence::removed;
    service.servers.clear();
    service.sorry_server.reset();
}

bool are_checked_alike(const config::VirtualServer& service) {
    const auto is_same_kind = [](const config::Checker& a, const config::Checker& b) {
        return a.index() == b.index();
    };
    const auto& servers = service.real_servers;
    return std::all_of(servers.begin(), servers.end(), [&](const config::RealServer& server) {
        const auto& first = servers.front().checkers;
        return std::equal(first.begin(), first.end(), server.checkers.begin(),
                          server.checkers.end(), is_same_kind);
    });
}

bool has_tiers(const config::VirtualServer& service) {
    const auto& servers = service.real_servers;
    return std::any_of(servers.begin(), servers.end(), [&](const config::RealServer& server) {
        return server.tier != servers.front().tier;
    });
}

class Change {
  public:
    Change(State& state, std::uint64_t now_ns, const TotalsOf& totals)
        : state_(state), now_ns_(now_ns), totals_(totals) {}

    ReloadChanges run(const ReloadPlan& plan) {
        reload_routers(state_, plan, changes_, now_ns_);
        for (ServiceRecord& service : state_.services)
            if (service.presence != Presence::free)
                service.router = router_of(state_, service.config->address);
        changes_.removed_services = plan.removed_services;
        for (const std::uint16_t index : plan.removed_services)
            remove(state_.services[index]);
        for (const std::uint16_t index : plan.removed_servers) {
            ServerRecord& server = state_.servers[index];
            remove(server, now_ns_);
            if (is_served(state_.services[server.service]))
                changes_.removed_servers.push_back(index);
        }
        for (const ReloadPlan::Service& service : plan.services)
            apply(service);
        return std::move(changes_);
    }

  private:
    void apply(const ReloadPlan::Service& planned) {
        if (planned.is_new) {
            changes_.added_services.push_back(planned.index);
            put(state_.services, planned.index, make_service(state_, *planned.config));
        }
        ServiceRecord& service = state_.services[planned.index];
        service.local_addresses = planned.local_addresses;
        // Most are as they were, and copies of thousands take the manager's time.
        if (!planned.is_new && *service.config == *planned.config) return;
        const auto old_config = std::exchange(
            service.config, std::make_shared<const config::VirtualServer>(*planned.config));
        if (old_config->lb_algo != planned.config->lb_algo) service.slots = nullptr;
        service.is_checked_alike = are_checked_alike(*planned.config);
        service.has_tiers = has_tiers(*planned.config);
        service.servers.clear();
        service.sorry_server.reset();
        balance::PoolFactors factors(planned.config->real_servers.size());
        for (const ReloadPlan::Server& server : planned.servers)
            apply(planned, service, server, factors);
        service.factors = std::move(factors);
        if (!planned.is_new && has_changed(*old_config, *planned.config))
            changes_.changed_services.push_back(planned.index);
    }

    void apply(const ReloadPlan::Service& service, ServiceRecord& record,
               const ReloadPlan::Server& planned, balance::PoolFactors& factors) {
        const auto position = static_cast<std::uint16_t>(record.servers.size());
        if (planned.is_new)
            start(service, planned);
        else
            go_on(*service.config, record, planned, factors, position);
        ServerRecord& server = state_.servers[planned.index];
        server.service = service.index;
        server.position = position;
        server.is_full = server.is_full && record.has_tiers;
        // As service_state.h has it while the quorum is what it is.
        const bool sorry_serves = !record.has_quorum && record.quorum_known;
        server.replaced =
            planned.is_sorry ? !sorry_serves : sorry_serves && service.config->sorry_server;
        if (planned.is_sorry)
            record.sorry_server = planned.index;
        else
            record.servers.push_back(planned.index);
    }

    void start(const ReloadPlan::Service& service, const ReloadPlan::Server& planned) {
        ServerRecord server =
            make_server(*service.config, *planned.config, planned.is_sorry, now_ns_);
        if (planned.index < state_.servers.size() && totals_)
            server.before = totals_(planned.index);
        put(state_.servers, planned.index, std::move(server));
        if (!service.is_new) changes_.added_servers.push_back(planned.index);
    }

    void go_on(const config::VirtualServer& service, const ServiceRecord& record,
               const ReloadPlan::Server& planned, balance::PoolFactors& factors,
               std::uint16_t position) {
        ServerRecord& server = state_.servers[planned.index];
        const balance::Standing before = server.health.standing();
        if (*server.config != *planned.config) changes_.changed_servers.push_back(planned.index);
        change_server(server, service, *planned.config);
        if (server.health.standing() != before) {
            note_change(server, "reload", now_ns_);
            changes_.standing_changed.push_back(planned.index);
        }
        if (planned.is_sorry) return;
        factors.continue_from(position, record.factors, server.position);
        if (service.lb_algo == config::LbAlgo::fo) server.factor = balance::factor_one;
    }

    // Apart from its servers, which are told about one by one.
    static bool has_changed(config::VirtualServer old, const config::VirtualServer& wanted) {
        old.real_servers = wanted.real_servers;
        old.sorry_server = wanted.sorry_server;
        return old != wanted;
    }

    State& state_;
    const std::uint64_t now_ns_;
    const TotalsOf& totals_;
    ReloadChanges changes_;
};

bool has_rested(ServerRecord& server, const ServerTotals& totals, std::uint64_t now_ns) {
    if (totals.active != 0) server.quiet_since_ns = now_ns;
    return now_ns - server.quiet_since_ns >= index_rest_ns;
}

}  // namespace

bool ReloadChanges::none() const {
    return added_routers.empty() && replanned_routers.empty() && removed_routers.empty() &&
           added_services.empty() && changed_services.empty() && removed_services.empty() &&
           added_servers.empty() && changed_servers.empty() && removed_servers.empty();
}

ReloadChanges carry_out(State& state, config::Config& wanted, const ReloadPlan& plan,
                        std::uint64_t now_ns, const TotalsOf& totals) {
    ReloadChanges changes = Change(state, now_ns, totals).run(plan);
    if (&state.config != &wanted) std::swap(state.config, wanted);
    return changes;
}

bool release_indices(State& state, const TotalsOf& totals, std::uint64_t now_ns) {
    for (RouterState& router : state.routers)
        if (router.presence == Presence::removed && !router.leaving)
            router.presence = Presence::free;
    bool any = false;
    std::vector<bool> needed(state.services.size());
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        ServerRecord& server = state.servers[i];
        if (server.presence == Presence::removed) {
            const ServerTotals now = totals(static_cast<std::uint16_t>(i));
            if (has_rested(server, now, now_ns)) {
                server.presence = Presence::free;
                any = true;
            }
        }
        if (server.presence != Presence::free) needed[server.service] = true;
    }
    for (std::size_t i = 0; i < state.services.size(); ++i) {
        if (needed[i] || state.services[i].presence != Presence::removed) continue;
        state.services[i].presence = Presence::free;
        any = true;
    }
    return any;
}

}  // namespace warren::model
