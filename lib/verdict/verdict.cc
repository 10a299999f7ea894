// SPDX-License-Identifier: BSD-3-Clause
#include "verdict/verdict.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "balance/server_health.h"
#include "model/builder.h"
#include "model/port_use.h"
#include "model/server_state.h"
#include "model/service_state.h"
#include "vrrp/words.h"

namespace warren::verdict {

namespace {

constexpr double filling = 0.8;
constexpr double slow_share = 0.8;
constexpr double busy_share = 0.9;
constexpr std::uint64_t recent_ns = 10'000'000'000;
constexpr std::uint64_t flapping_ns = 300'000'000'000;
constexpr std::uint64_t late_ns = 1'000'000'000;      // the manager
constexpr std::uint64_t silence_ns = 75'000'000'000;  // over a heartbeat of RabbitMQ's default

class List {
  public:
    void add(const char* name, Level level, std::string text, std::string look) {
        if (reasons_.size() < most_reasons)
            reasons_.push_back({name, level, std::move(text), std::move(look)});
    }
    std::vector<Reason> take() {
        std::stable_sort(reasons_.begin(), reasons_.end(),
                         [](const Reason& a, const Reason& b) { return a.level > b.level; });
        return std::move(reasons_);
    }

  private:
    std::vector<Reason> reasons_;
};

std::string percent(double share) {
    return std::to_string(std::lround(std::min(share, 1.0) * 100)) + " %";
}

Level level_of_fill(double share) {
    return share >= 1 ? Level::down : Level::degraded;
}

// ---- virtual routers

// Who says it, and why it is not believed, as far as it is not.
std::string other_master(const election::VrrpReport& report) {
    std::string text = report.address.to_string() + " also says it is master";
    if (report.kind == election::VrrpReport::Kind::rejected)
        text += ", and is refused: " + std::string(vrrp::words(report.reject));
    return text;
}

std::string claim(const model::State& state, const election::VrrpReport& report) {
    const std::string station = model::station_of(state, report.claimant);
    return report.address.to_string() + " is claimed by " + report.claimant.to_string() +
           (station.empty() ? " too" : " too, " + station);
}

void look_at_alarms(const model::RouterState& router, const Facts& facts, List& list) {
    using Kind = election::VrrpReport::Kind;
    bool is_told = false;
    router.alarms.recent(facts.now_ns, recent_ns, [&](const election::VrrpReport& report) {
        const bool is_claim =
            report.kind == Kind::alarm && report.alarm == vrrp::AlarmKind::address_conflict;
        if (is_claim) {
            list.add("stranger", Level::degraded, claim(facts.state, report),
                     "warrenctl events conflict");
            return;
        }
        const bool is_master = report.kind == Kind::rejected ||
                               report.alarm == vrrp::AlarmKind::other_master ||
                               report.alarm == vrrp::AlarmKind::two_owners;
        if (!is_master || is_told) return;
        is_told = true;
        list.add("two_masters", Level::down, router.config->name + ": " + other_master(report),
                 "warrenctl show vrrp");
    });
}

void look_at_routers(const Facts& facts, List& list) {
    for (const model::RouterState& router : facts.state.routers) {
        if (!is_served(router)) continue;
        if (is_master(router)) look_at_alarms(router, facts, list);
        if (router.status.state == vrrp::State::fault)
            list.add(
                "fault", speaks_vrrp(router) ? Level::degraded : Level::down,
                router.config->name + " is in fault: " + vrrp::fault_words(router.status.faults),
                "warrenctl show vrrp");
    }
}

void look_at_links(const Facts& facts, List& list) {
    for (const model::PortState& port : facts.state.ports) {
        const std::uint64_t third_ns = port.went_down_ns.back();
        if (third_ns == 0 || facts.now_ns - third_ns > flapping_ns) continue;
        list.add("link_flaps", Level::degraded,
                 "the link of " + port.name + " has gone down " +
                     std::to_string(port.went_down_ns.size()) + " times in 5 min",
                 "warrenctl events link");
    }
}

// ---- services and servers

// By an interface without Ethernet, and the kernel does not lead there in our stead.
void look_at_way(const model::State& state, const model::ServerRecord& server, List& list) {
    if (!is_served(server) || !server.next_hop || !server.next_hop->without_ethernet ||
        model::has_way(state, server))
        return;
    list.add("server_no_way", Level::degraded,
             name_of(server) +
                 " gets no clients: its interface has no Ethernet, and this host's "
                 "kernel does not forward to it",
             "warrenctl events server");
}

void look_at_server(const model::ServerRecord& server, List& list) {
    if (!is_served(server) || server.is_sorry) return;
    const balance::Condition condition = server.health.condition();
    if (condition == balance::Condition::down)
        list.add("server_down", Level::degraded,
                 name_of(server) + " is down" +
                     (server.check.text.empty()
                          ? ""
                          : ": " + model::with_farewell(server, server.check.text)),
                 "warrenctl show servers");
    else if (condition == balance::Condition::minority)
        list.add("server_minority", Level::degraded,
                 name_of(server) + " is in the minority of a partition: " + server.reason,
                 "warrenctl show servers");
    else if (server.check.local)
        list.add("server_unchecked", Level::degraded,
                 name_of(server) + " cannot be checked: " + server.check.text,
                 "warrenctl show servers");
    else if (model::is_unsure(server))
        list.add("server_unchecked", Level::degraded,
                 name_of(server) + " cannot be checked by " +
                     config::to_text(server.config->checkers[server.unsure.checker]) + ": " +
                     server.unsure.text,
                 "warrenctl show servers");
    else if (is_busy(server))
        list.add("server_busy", Level::degraded,
                 name_of(server) + " answers its clients and not its checks" +
                     (server.check.text.empty() ? "" : ": " + server.check.text),
                 "warrenctl show servers");
    else if (server.refusals.recent() >= model::few_refusals)
        list.add("server_refusing", Level::degraded,
                 name_of(server) + " is up and refuses connections: " +
                     std::to_string(server.refusals.recent()) + " in 10 s",
                 "warrenctl ended cause refused");
    else if (condition == balance::Condition::up &&
             server.factor < slow_share * balance::factor_one)
        list.add("server_slow", Level::degraded,
                 name_of(server) + " has " +
                     percent(static_cast<double>(server.factor) / balance::factor_one) +
                     " of its weight for its health",
                 "warrenctl show servers");
}

// Of those that have many flows.
void look_at_ports(const Facts& facts, List& list) {
    constexpr std::uint64_t many = 500;
    std::vector<std::uint16_t> busy;
    for (std::uint16_t index = 0; index < facts.state.servers.size(); ++index)
        if (is_served(facts.state.servers[index]) && facts.exchange.active_flows(index) >= many)
            busy.push_back(index);
    const model::PortUses uses(facts.state, facts.exchange, busy);
    for (const std::uint16_t index : busy)
        if (const double share = uses.of(index).fullest_worker; share > filling)
            list.add("ports_filling", level_of_fill(share),
                     "a worker has used " + percent(share) + " of its local ports towards " +
                         name_of(facts.state.servers[index]),
                     "warrenctl show servers");
}

// Whether no server has answered a client lately: only a method that sees answers can tell. What is
// unanswered may be a scan or a flood, which opens nothing either.
bool nobody_gets_through(const model::ServiceRecord& service, model::Refusal cause,
                         const model::State& state) {
    return service.opened.recent() == 0 && cause != model::Refusal::unanswered &&
           sees_answers(state, service);
}

void look_at_refusals(const model::ServiceRecord& service, bool has_server,
                      const model::State& state, List& list) {
    for (std::size_t i = 0; i < service.refusals.size(); ++i) {
        const auto cause = static_cast<model::Refusal>(i);
        const std::uint64_t recent = service.refusals[i].recent();
        if (recent < model::few_refusals || (!has_server && cause == model::Refusal::no_server))
            continue;
        list.add("refusing",
                 nobody_gets_through(service, cause, state) ? Level::down : Level::degraded,
                 name_of(service) + " refuses clients: " + text(cause) + "; " +
                     std::to_string(recent) + " in 10 s",
                 "warrenctl ended cause " + std::string(model::refusal_names[i]));
    }
}

// An alarm is the whole cluster's: consumers go on, and whoever publishes waits.
void look_at_blocked(const model::ServiceRecord& service, const model::State& state, List& list) {
    const model::ServerRecord* first = nullptr;
    std::size_t blocked = 0;
    for (const std::uint16_t index : service.servers) {
        const model::ServerRecord& server = state.servers[index];
        if (server.health.condition() != balance::Condition::blocked) continue;
        if (++blocked == 1) first = &server;
    }
    if (blocked == 0) return;
    list.add("blocked", Level::degraded,
             name_of(service) + " has an alarm on " + std::to_string(blocked) + " of " +
                 std::to_string(service.servers.size()) +
                 " real_servers, where publishers wait: " + first->reason,
             "warrenctl show servers");
}

void look_at_last_resort(const model::ServiceRecord& service, List& list) {
    const auto& refused = service.refusals[static_cast<std::size_t>(model::Refusal::no_server)];
    const bool is_refusing = refused.recent() >= model::few_refusals;
    list.add("last_resort", is_refusing ? Level::down : Level::degraded,
             name_of(service) +
                 " has only real_servers that drain by their own word: they get "
                 "new flows, for no other can take them" +
                 (is_refusing ? ", and refuse them" : ""),
             "warrenctl show servers");
}

// Its connections live, as far as is known here, and who has the other end is not heard.
void look_at_silence(std::size_t index, const Facts& facts, List& list) {
    const model::ServiceRecord& service = facts.state.services[index];
    if (facts.recent == nullptr || !is_active(facts.state, service.router)) return;
    const std::uint64_t silent_ns = facts.recent->silent_ns(index, facts.now_ns);
    if (silent_ns < silence_ns) return;
    list.add("vip_silent", Level::degraded,
             name_of(service) + " has connections, and no client has sent anything for " +
                 std::to_string(silent_ns / 1'000'000'000) + " s: does their traffic come here?",
             "warrenctl events conflict");
}

// What it says, of one that takes clients.
std::string_view cluster_of(const model::ServerRecord& server) {
    const bool is_known = model::is_alive(server) && server.node != nullptr;
    return is_known ? std::string_view(server.node->cluster_name) : std::string_view();
}

// A node that was reset, or was never joined, has queues of its own: clients miss what the others
// have. Who are fewer are the strangers.
void look_at_clusters(const model::ServiceRecord& service, const model::State& state, List& list) {
    std::map<std::string_view, std::size_t> nodes;
    for (const std::uint16_t index : service.servers)
        if (const auto cluster = cluster_of(state.servers[index]); !cluster.empty())
            ++nodes[cluster];
    if (nodes.size() < 2) return;
    std::string_view largest;  // of equal ones that of the first server
    for (const std::uint16_t index : service.servers)
        if (const auto cluster = cluster_of(state.servers[index]);
            !cluster.empty() && (largest.empty() || nodes[cluster] > nodes[largest]))
            largest = cluster;
    for (const std::uint16_t index : service.servers) {
        const auto cluster = cluster_of(state.servers[index]);
        if (cluster.empty() || cluster == largest) continue;
        list.add("server_foreign", Level::degraded,
                 name_of(state.servers[index]) + " is of the cluster '" + std::string(cluster) +
                     "', others of '" + std::string(largest) + "' (cluster_name)",
                 "warrenctl show servers");
    }
}

void look_at_services(const Facts& facts, List& list) {
    for (std::size_t index = 0; index < facts.state.services.size(); ++index) {
        const model::ServiceRecord& service = facts.state.services[index];
        if (!is_served(service)) continue;
        look_at_silence(index, facts, list);
        const bool has_server = std::any_of(
            service.servers.begin(), service.servers.end(),
            [&](std::uint16_t index) { return model::is_alive(facts.state.servers[index]); });
        if (model::is_on_last_resort(facts.state, service))
            look_at_last_resort(service, list);
        else if (!has_server && service.quorum_known)
            list.add("no_server", Level::down, name_of(service) + " has no real_server that is up",
                     "warrenctl show servers");
        if (has_server && service.quorum_known && !service.has_quorum)
            list.add("quorum_lost", Level::degraded,
                     name_of(service) + " has lost its quorum, though servers are up",
                     "warrenctl show services");
        look_at_refusals(service, has_server, facts.state, list);
        look_at_blocked(service, facts.state, list);
        look_at_clusters(service, facts.state, list);
    }
    for (const model::ServerRecord& server : facts.state.servers)
        look_at_server(server, list);
    for (const model::ServerRecord& server : facts.state.servers)
        look_at_way(facts.state, server, list);
    look_at_ports(facts, list);
}

// ---- workers

void look_at_workers(const Facts& facts, List& list) {
    const auto capacity = static_cast<double>(facts.state.config.dataplane.flows);
    for (std::size_t i = 0; i < facts.exchange.workers.size(); ++i) {
        std::uint64_t flows = 0;
        for (std::size_t server = 0; server < facts.state.servers.size(); ++server)
            flows += facts.exchange.workers[i]->servers[server].active.value();
        const double share = static_cast<double>(flows) / capacity;
        if (share > filling)
            list.add("table_filling", level_of_fill(share),
                     "the flow table of worker " + std::to_string(i) + " is " + percent(share) +
                         " full (dataplane { flows })",
                     "warrenctl show workers");
        if (i < facts.busy.size() && facts.busy[i] > busy_share)
            list.add("worker_busy", Level::degraded,
                     "worker " + std::to_string(i) + " is busy for " + percent(facts.busy[i]) +
                         " of its time",
                     "warrenctl show workers");
    }
}

// ---- this machine

// Of the threads: each says that somebody takes their time.
void look_at_lateness(const Facts& facts, List& list) {
    for (std::size_t i = 0; i < facts.state.routers.size(); ++i)
        if (const std::uint64_t late = facts.recent->late_adverts(i);
            late != 0 && is_served(facts.state.routers[i]))
            list.add("late_adverts", Level::degraded,
                     facts.state.routers[i].config->name + ": " + std::to_string(late) +
                         (late == 1 ? " advert" : " adverts") +
                         " left a whole interval late in 10 s: the peer may take over",
                     "warrenctl help late_wakes");
    if (const std::uint64_t lag_ns = facts.recent->manager_lag_ns(facts.now_ns); lag_ns > late_ns)
        list.add("manager_late", Level::degraded,
                 "the manager was " + std::to_string(lag_ns / 1'000'000) +
                     " ms late: checks and answers waited for it",
                 "warrenctl events process");
}

void look_at_drops(const Facts& facts, List& list) {
    for (std::size_t i = 0; i < own_drops.size(); ++i)
        if (const std::uint64_t dropped = facts.recent->drops(i); dropped != 0) {
            const std::string name(exchange::drop_names[static_cast<std::size_t>(own_drops[i])]);
            list.add("dropping", Level::degraded,
                     "packets are dropped here: " + std::to_string(dropped) + " in 10 s by " + name,
                     "warrenctl help " + name);
        }
}

void look_at_sync(const Facts& facts, List& list) {
    if (facts.sync == nullptr) return;
    for (const handover::StandingAlarm& alarm : facts.sync->alarms())
        list.add("flow_sync",
                 alarm.trouble == handover::Trouble::both_masters ? Level::down : Level::degraded,
                 (is_of_peer(alarm.trouble) ? "flow sync: " : "") + text(alarm, facts.state),
                 "warrenctl show sync");
}

}  // namespace

const char* name(Level level) {
    switch (level) {
        case Level::ok:
            return "ok";
        case Level::degraded:
            return "degraded";
        case Level::down:
            break;
    }
    return "down";
}

std::vector<Reason> reasons(const Facts& facts) {
    List list;
    look_at_routers(facts, list);
    look_at_services(facts, list);
    look_at_workers(facts, list);
    look_at_links(facts, list);
    if (facts.recent != nullptr) {
        look_at_lateness(facts, list);
        look_at_drops(facts, list);
    }
    look_at_sync(facts, list);
    if (facts.is_reload_refused)
        list.add("reload_refused", Level::degraded,
                 "the last reload was refused: what runs is not what the file says",
                 "warrenctl events config");
    return list.take();
}

Level level_of(std::span<const Reason> reasons) {
    Level level = Level::ok;
    for (const Reason& reason : reasons)
        level = std::max(level, reason.level);
    return level;
}

}  // namespace warren::verdict
