// SPDX-License-Identifier: BSD-3-Clause
// What will change, and whether it may.
#include <algorithm>
#include <optional>

#include "config/local_addresses.h"
#include "exchange/snapshot.h"
#include "model/reload.h"
#include "model/reload_routers.h"

namespace warren::model {
namespace {

using config::LbKind;

// By what a service's flows find their worker (exchange::Service::goes_by_client()).
enum class Owner : std::uint8_t { by_tuple, by_client, by_group };

bool has_nat(const config::VirtualServer& v) {
    const auto is_nat = [&](const config::RealServer& r) { return r.kind_in(v) == LbKind::nat; };
    return std::any_of(v.real_servers.begin(), v.real_servers.end(), is_nat) ||
           (v.sorry_server && is_nat(*v.sorry_server));
}

Owner owner_rule(const config::VirtualServer& v) {
    return v.persistence_timeout_ns != 0 ? Owner::by_group
           : has_nat(v)                  ? Owner::by_client
                                         : Owner::by_tuple;
}

class Planner {
  public:
    Planner(const State& state, const config::Config& wanted, const LiveFlows& flows)
        : state_(state),
          wanted_(wanted),
          flows_(flows),
          local_addresses_(wanted),
          services_(state.services, exchange::max_services),
          servers_(state.servers, exchange::max_servers),
          servers_of_(state.services.size()) {
        for (std::size_t i = 0; i < state.servers.size(); ++i)
            if (state.servers[i].presence != Presence::free)
                servers_of_[state.servers[i].service].push_back(static_cast<std::uint16_t>(i));
    }

    ReloadPlan run() {
        plan_routers(state_, wanted_, plan_);
        for (const config::VirtualServer& v : wanted_.virtual_servers)
            if (plan_.refusal.empty()) add(v);
        if (plan_.refusal.empty()) find_removed();
        return std::move(plan_);
    }

  private:
    void add(const config::VirtualServer& wanted) {
        ReloadPlan::Service service{
            .config = &wanted, .servers = {}, .local_addresses = local_addresses_.of(wanted)};
        std::optional<std::uint16_t> index = find(service, Presence::served);
        if (index && strands(state_.services[*index], service)) {
            if (const std::uint64_t live = live_flows(*index); live != 0) {
                refuse(wanted.where, "virtual_server " + config::name_of(wanted), live,
                       "another lb_kind, persistence or local address");
                return;
            }
            index.reset();
        }
        service.is_new = !index;
        if (!index) index = find(service, Presence::removed);
        const bool has_servers = index.has_value();
        if (!index) index = services_.take();
        if (!index) return refuse_for_room(wanted.where, "virtual_server");
        service.index = *index;
        next_server_ = 0;
        for (const config::RealServer& server : wanted.real_servers)
            add(service, server, false, has_servers);
        if (wanted.sorry_server) add(service, *wanted.sorry_server, true, has_servers);
        plan_.services.push_back(std::move(service));
    }

    void add(ReloadPlan::Service& service, const config::RealServer& wanted, bool is_sorry,
             bool has_servers) {
        ReloadPlan::Server server{.config = &wanted, .is_sorry = is_sorry};
        std::optional<std::uint16_t> index;
        const auto look = [&](Presence presence, bool any_method) {
            if (!index && has_servers) index = find(service, server, presence, any_method);
        };
        look(Presence::served, true);
        if (index && !has_method(*index, service, wanted)) {
            if (const std::uint64_t live = flows_.of(*index); live != 0)
                return refuse(wanted.where, "real_server " + endpoint(wanted.address, wanted.port),
                              live, "another lb_kind");
            index.reset();
        }
        server.is_new = !index;
        look(Presence::removed, false);
        if (!index) index = servers_.take();
        if (!index) return refuse_for_room(wanted.where, "real_server");
        server.index = *index;
        service.servers.push_back(server);
    }

    // The service of this name; among the removed, one whose dead flows are not stranded either.
    std::optional<std::uint16_t> find(const ReloadPlan::Service& service, Presence presence) {
        const config::VirtualServer& wanted = *service.config;
        const std::size_t count = state_.services.size();
        for (std::size_t k = 0; k < count; ++k) {
            const std::size_t i = (next_ + k) % count;
            const ServiceRecord& s = state_.services[i];
            if (s.presence == presence && s.config->address == wanted.address &&
                s.config->port == wanted.port && s.config->protocol == wanted.protocol &&
                (presence == Presence::served || !strands(s, service))) {
                next_ = i + 1;
                return static_cast<std::uint16_t>(i);
            }
        }
        return std::nullopt;
    }

    std::optional<std::uint16_t> find(const ReloadPlan::Service& service,
                                      const ReloadPlan::Server& wanted, Presence presence,
                                      bool any_method) {
        const std::vector<std::uint16_t>& known = servers_of_[service.index];
        for (std::size_t k = 0; k < known.size(); ++k) {
            const std::size_t at = (next_server_ + k) % known.size();
            const std::uint16_t index = known[at];
            const ServerRecord& s = state_.servers[index];
            if (s.presence == presence && s.is_sorry == wanted.is_sorry &&
                s.config->address == wanted.config->address &&
                s.config->port == wanted.config->port &&
                (any_method || has_method(index, service, *wanted.config))) {
                next_server_ = at + 1;
                return index;
            }
        }
        return std::nullopt;
    }

    bool has_method(std::uint16_t index, const ReloadPlan::Service& service,
                    const config::RealServer& wanted) const {
        const ServerRecord& record = state_.servers[index];
        return record.config->kind_in(*state_.services[record.service].config) ==
               wanted.kind_in(*service.config);
    }

    bool strands(const ServiceRecord& record, const ReloadPlan::Service& service) const {
        const config::VirtualServer& old = *record.config;
        const config::VirtualServer& wanted = *service.config;
        if (old.persistence_granularity != wanted.persistence_granularity) return true;
        if (flows_.workers > 1 && owner_rule(old) != owner_rule(wanted)) return true;
        const std::vector<net::IpAddress>& locals = service.local_addresses;
        return std::any_of(record.local_addresses.begin(), record.local_addresses.end(),
                           [&](const net::IpAddress& a) {
                               return !router_of(state_, a) &&
                                      std::find(locals.begin(), locals.end(), a) == locals.end();
                           });
    }

    std::uint64_t live_flows(std::uint16_t service) const {
        std::uint64_t sum = 0;
        for (const std::uint16_t index : servers_of_[service])
            if (is_served(state_.servers[index])) sum += flows_.of(index);
        return sum;
    }

    void find_removed() {
        std::vector<bool> services(state_.services.size()), servers(state_.servers.size());
        const auto note = [](std::vector<bool>& kept, std::uint16_t index) {
            if (index < kept.size()) kept[index] = true;
        };
        for (const ReloadPlan::Service& service : plan_.services) {
            note(services, service.index);
            for (const ReloadPlan::Server& server : service.servers)
                note(servers, server.index);
        }
        for (std::size_t i = 0; i < services.size(); ++i)
            if (!services[i] && is_served(state_.services[i]))
                plan_.removed_services.push_back(static_cast<std::uint16_t>(i));
        for (std::size_t i = 0; i < servers.size(); ++i)
            if (!servers[i] && is_served(state_.servers[i]))
                plan_.removed_servers.push_back(static_cast<std::uint16_t>(i));
    }

    void refuse(const syntax::Location& where, const std::string& whose, std::uint64_t live,
                const char* change) {
        plan_.refusal = where.to_string() + ": " + whose + ": " + change + " would strand its " +
                        std::to_string(live) +
                        " connections: take it out and reload, which resets them, then put it back";
    }
    void refuse_for_room(const syntax::Location& where, const char* what) {
        plan_.refusal = where.to_string() + ": no room for another " + what +
                        ": those that were removed keep their places until " +
                        std::to_string(index_rest_ns / 1'000'000'000) +
                        " s after their last connection";
    }

    const State& state_;
    const config::Config& wanted_;
    const LiveFlows& flows_;
    config::LocalAddresses local_addresses_;
    FreeIndices<ServiceRecord> services_;
    FreeIndices<ServerRecord> servers_;
    std::vector<std::vector<std::uint16_t>> servers_of_;  // by service, the removed ones too
    // Where the next one is looked for first: most stay in their order.
    std::size_t next_ = 0, next_server_ = 0;
    ReloadPlan plan_;
};

}  // namespace

ReloadPlan plan_reload(const State& state, const config::Config& wanted, const LiveFlows& flows) {
    return Planner(state, wanted, flows).run();
}

}  // namespace warren::model
