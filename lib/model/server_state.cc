// SPDX-License-Identifier: BSD-3-Clause
#include "model/server_state.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "model/builder.h"

namespace warren::model {
namespace {

constexpr double handshake_smoothing = 0.125;

// A node that has taken its leave drains on while its port refuses (health/result.h).
balance::CheckResult outcome(const health::CheckResult& result) {
    if (result.availability == health::Availability::draining)
        return balance::CheckResult::draining;
    switch (result.reason) {
        case health::Reason::none:
            if (result.availability == health::Availability::minority)
                return balance::CheckResult::minority;
            return result.availability == health::Availability::blocked
                       ? balance::CheckResult::blocked
                       : balance::CheckResult::pass;
        case health::Reason::refused:
            return balance::CheckResult::refused;
        case health::Reason::timeout:
        case health::Reason::unreachable:
            return balance::CheckResult::silent;
        default:
            return balance::CheckResult::failed;
    }
}

// Where traffic says it first; else 0.
std::uint64_t silent_since_ns(const ServerRecord& server, std::uint64_t now_ns) {
    const bool is_evident = server.silence.is_evident(now_ns / 1'000'000);
    return is_evident ? server.silence.since_ms() * 1'000'000 : 0;
}

// Whether its clients hear what its check did not: it is busy. Frames that it leaves unanswered
// weigh more: it has died since.
bool is_excused(ServerRecord& server, std::size_t checker, const health::CheckResult& result,
                std::uint64_t now_ns) {
    const std::uint64_t now_ms = now_ns / 1'000'000;
    if (result.reason != health::Reason::timeout || !server.health.checker_is_up(checker) ||
        server.silence.is_evident(now_ms))
        return false;
    const auto lasted_ms = static_cast<std::uint64_t>(result.latency_ns) / 1'000'000;
    const std::uint64_t asked_ms = lasted_ms == 0 ? 0 : now_ms - std::min(lasted_ms, now_ms);
    return server.talking.excuses(asked_ms, now_ms);
}

// Who has not passed since another one fell silent may have fallen silent with it.
balance::Evidence evidence(const ServerRecord& server, std::size_t checker, std::uint64_t since_ns,
                           std::uint64_t now_ns) {
    if (checker >= server.config->checkers.size()) return balance::Evidence::passing;
    if (!server.health.checker_is_up(checker)) return balance::Evidence::already_down;
    const bool talks = server.talking.since(since_ns / 1'000'000, now_ns / 1'000'000);
    if (server.passed_ns < since_ns && !talks) return balance::Evidence::silent;
    switch (server.health.last_result(checker)) {
        case balance::CheckResult::refused:
            return balance::Evidence::refused;
        case balance::CheckResult::failed:
            return balance::Evidence::failed;
        case balance::CheckResult::silent:
            return talks ? balance::Evidence::passing : balance::Evidence::silent;
        default:
            return balance::Evidence::passing;
    }
}

// Whether the pool's other servers make this one's failure credible.
bool is_believed(State& state, const ServerRecord& server, std::size_t checker,
                 balance::Evidence failure, std::uint64_t now_ns) {
    ServiceRecord& service = state.services[server.service];
    const std::uint64_t since_ns = silent_since_ns(server, now_ns);
    std::vector<balance::Evidence> pool;
    for (const std::uint16_t member : service.servers)
        pool.push_back(evidence(state.servers[member], checker, since_ns, now_ns));
    if (pool[server.position] != balance::Evidence::already_down) pool[server.position] = failure;
    return service.guard.believes(pool, now_ns / 1'000'000);
}

balance::Credibility credibility(State& state, ServerRecord& server, std::size_t checker,
                                 const health::CheckResult& result, std::uint64_t now_ns) {
    const balance::CheckResult what = outcome(result);
    if (is_excused(server, checker, result, now_ns)) return balance::Credibility::doubtful;
    const bool is_doubted =
        what == balance::CheckResult::silent || what == balance::CheckResult::failed;
    const auto failure = what == balance::CheckResult::silent ? balance::Evidence::silent
                                                              : balance::Evidence::failed;
    if (is_doubted && !is_believed(state, server, checker, failure, now_ns))
        return balance::Credibility::doubtful;
    // What traffic says already needs no second check.
    const std::uint64_t now_ms = now_ns / 1'000'000;
    const bool is_certain =
        result.conclusive ||
        (what == balance::CheckResult::silent && server.silence.is_evident(now_ms)) ||
        (what == balance::CheckResult::refused &&
         (server.refusing.is_evident(now_ms) || server.resetting.is_evident(now_ms)));
    return is_certain ? balance::Credibility::conclusive : balance::Credibility::evidence;
}

void measure(ServiceRecord& service, const ServerRecord& server,
             const health::CheckResult& result) {
    const auto note = [&](balance::Latency what, std::int64_t ns) {
        service.factors.latency(server.position, what, static_cast<double>(ns) / 1000);
    };
    if (result.ok() && result.latency_ns > 0 && service.is_checked_alike)
        note(balance::Latency::check, result.latency_ns);
    if (result.confirm_latency_ns) note(balance::Latency::confirm, *result.confirm_latency_ns);
}

// A greeting (AMQP_CHECK) names no node and says little: what its management API has told stays.
void learn(ServerRecord& server, const std::shared_ptr<const health::NodeFacts>& told) {
    if (server.node == nullptr || !told->name.empty()) {
        server.node = told;
        return;
    }
    if (server.node->version == told->version && server.node->cluster_name == told->cluster_name)
        return;
    health::NodeFacts facts = *server.node;
    facts.version = told->version;
    facts.cluster_name = told->cluster_name;
    server.node = std::make_shared<const health::NodeFacts>(std::move(facts));
}

bool may_come(const ServerRecord& server, std::uint64_t now_ns) {
    return server.damping.hold_ms(now_ns / 1'000'000) == 0;
}

// Whoever comes and goes too often waits before it is up again. Returns whether that is news.
bool damp(ServerRecord& server, bool was_up, std::uint64_t now_ns) {
    if (was_up && !server.health.is_up()) server.damping.note_fall(now_ns / 1'000'000);
    return server.health.set_held_down(!may_come(server, now_ns));
}

// What was measured before says nothing now; the weight begins where slow_start has it.
void start_weighing(ServiceRecord& service, ServerRecord& server, std::uint64_t now_ns) {
    service.factors.forget(server.position);
    service.factors.slow_start(server.position, slow_start(service, server, now_ns));
    if (goes_by_health(service)) server.factor = service.factors.factor(server.position);
}

std::string reason_of(const ServerRecord& server, const health::CheckResult& result,
                      std::uint64_t now_ns) {
    std::string text = result.text;
    if (text.empty() && result.ok())
        text = server.health.takes_leave() ? "it is back, and to a check it has not said so yet"
                                           : "check passed";
    if (!server.health.is_held_down()) return text;
    const std::uint64_t seconds = (server.damping.hold_ms(now_ns / 1'000'000) + 999) / 1000;
    return text + "; comes and goes: stays down for " + std::to_string(seconds) + " s";
}

bool is_own_host(const State& state, const ServerRecord& server) {
    const net::IpAddress& address = server.config->address;
    const std::vector<net::IpAddress>& own = state.kernel_addresses;
    return address.is_loopback() || (server.next_hop && server.next_hop->local) ||
           std::binary_search(own.begin(), own.end(), address);
}

// Of a client's attempt; null: none.
std::optional<Refusal> refusal_of(const exchange::FlowEvent& event) {
    using exchange::EndCause;
    using exchange::FlowEventKind;
    if (event.replayed) return std::nullopt;
    if (event.kind == FlowEventKind::refused) return Refusal::refused;
    if (event.kind == FlowEventKind::unanswered) return Refusal::unanswered;
    if (event.kind != FlowEventKind::turned_away) return std::nullopt;
    if (event.cause == EndCause::no_server) return Refusal::no_server;
    return event.cause == EndCause::no_port ? Refusal::no_port : Refusal::table_full;
}

// One that was not answered in time counts with the time that it was waited for: else a server that
// is too slow for its clients would show only the few that it was fast enough for.
void note_handshake(ServerRecord& server, double us) {
    server.handshake_us =
        server.handshake_us == 0
            ? us
            : server.handshake_us + handshake_smoothing * (us - server.handshake_us);
}

void note_outcome(ServiceRecord& service, const exchange::FlowEvent& event) {
    if (event.kind == exchange::FlowEventKind::established) service.opened.note();
    std::optional<Refusal> refusal = refusal_of(event);
    if (!refusal) return;
    if (refusal == Refusal::refused && service.on_last_resort) refusal = Refusal::no_server;
    service.refusals[static_cast<std::size_t>(*refusal)].note();
}

void note_unsure(Unsure& unsure, std::size_t checker, const health::CheckResult& result) {
    const bool is_same = unsure.in_a_row != 0 && unsure.checker == checker;
    if (result.reason == health::Reason::unknown)
        unsure = {checker, is_same ? unsure.in_a_row + 1 : 1, result.text};
    else if (is_same)
        unsure = {};
}

void note_farewell(ServerRecord& server, std::size_t checker, const health::CheckResult& result) {
    if (!result.ok()) return;
    const bool is_farewell = result.availability == health::Availability::draining;
    if (is_farewell)
        server.farewell = {checker, result.text};
    else if (server.farewell.checker == checker)
        server.farewell = {};
    // Its port may have been heard to refuse before.
    if (is_farewell && !server.serves) server.reason = with_farewell(server, server.reason);
}

bool answers_all_checks(const ServerRecord& server) {
    for (std::size_t i = 0; i < server.config->checkers.size(); ++i)
        if (server.health.is_retrying(i)) return false;
    return server.health.is_up();
}

bool link_is_up(const State& state, const ServiceRecord& service) {
    return !service.router || state.ports[state.routers[*service.router].port].link_up;
}

}  // namespace

bool goes_by_health(const ServiceRecord& service) {
    return service.config->lb_algo != config::LbAlgo::fo;
}

std::uint32_t slow_start(const ServiceRecord& service, const ServerRecord& server,
                         std::uint64_t now_ns) {
    const auto ms = static_cast<std::uint64_t>(service.config->balancing.slow_start_ns / 1'000'000);
    return balance::slow_start_factor(serving_ms(server, now_ns), ms);
}

bool is_unsure(const ServerRecord& server) {
    return server.unsure.lasts() && server.health.condition() == balance::Condition::up;
}

bool apply_check(State& state, std::uint16_t index, std::size_t checker,
                 const health::CheckResult& result, std::uint64_t now_ns) {
    ServerRecord& server = state.servers[index];
    ServiceRecord& service = state.services[server.service];
    if (result.node) learn(server, result.node);
    note_unsure(server.unsure, checker, result);
    note_farewell(server, checker, result);
    if (result.reason == health::Reason::unknown) return false;
    const bool local = result.reason == health::Reason::local;
    server.check = {true, result.ok(), local, result.latency_ns, result.text};
    ++(result.ok() ? server.checks_passed : server.checks_failed);
    // Our own machine's trouble, or our own cable's, says nothing about the server.
    if (local || (!result.ok() && !link_is_up(state, service))) return false;
    if (result.ok()) server.passed_ns = now_ns;
    measure(service, server, result);
    const bool was_up = server.health.is_up();
    bool changed = server.health.on_result(checker, outcome(result),
                                           credibility(state, server, checker, result, now_ns));
    if (answers_all_checks(server)) server.talking.answer_checks();
    changed |= damp(server, was_up, now_ns);
    // alpha: what was only assumed is now known.
    const bool is_news = !server.judged && !result.ok() && !server.health.is_up();
    server.judged |= !result.ok() || server.health.is_up();
    if (!changed && (!is_news || server.health.is_excluded())) return false;
    note_change(server, reason_of(server, result, now_ns), now_ns);
    start_weighing(service, server, now_ns);
    return true;
}

bool apply_weight(State& state, std::uint16_t index, std::size_t checker, std::int64_t change) {
    ServerRecord& server = state.servers[index];
    const unsigned before = weight_of(server);
    server.weight_changes[checker] = change;
    return weight_of(server) != before;
}

std::vector<std::uint16_t> release_held(State& state, std::uint64_t now_ns) {
    std::vector<std::uint16_t> released;
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        ServerRecord& server = state.servers[i];
        if (!is_served(server) || !server.health.is_held_down() || !may_come(server, now_ns) ||
            !server.health.set_held_down(false))
            continue;
        note_change(server, "has kept still", now_ns);
        start_weighing(state.services[server.service], server, now_ns);
        released.push_back(static_cast<std::uint16_t>(i));
    }
    return released;
}

std::vector<std::uint16_t> update_own_hosts(State& state, std::uint64_t now_ns) {
    std::vector<std::uint16_t> changed;
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        ServerRecord& server = state.servers[i];
        if (!is_served(server)) continue;
        const bool own = is_own_host(state, server) && !is_local_server(state, server);
        if (own == server.health.is_excluded() || !server.health.set_excluded(own)) continue;
        note_change(server,
                    own ? "is this host's own address, which is not served so"
                        : "is another host's address now",
                    now_ns);
        changed.push_back(static_cast<std::uint16_t>(i));
    }
    return changed;
}

void apply_flow_event(State& state, const exchange::FlowEvent& event) {
    if (event.service < state.services.size()) note_outcome(state.services[event.service], event);
    if (event.server >= state.servers.size()) return;
    ServerRecord& server = state.servers[event.server];
    if (!is_served(server)) return;
    switch (event.kind) {
        case exchange::FlowEventKind::established: {
            if (event.latency_us == 0) break;
            const double us = event.latency_us;
            if (!server.is_sorry)
                state.services[server.service].factors.latency(server.position,
                                                               balance::Latency::handshake, us);
            note_handshake(server, us);
            break;
        }
        case exchange::FlowEventKind::refused:
            ++server.refused;
            if (!server.is_last_resort) server.refusals.note();
            break;
        case exchange::FlowEventKind::unanswered:
            ++server.unanswered;
            if (event.latency_us != 0) note_handshake(server, event.latency_us);
            break;
        case exchange::FlowEventKind::ended:
        case exchange::FlowEventKind::turned_away:
        case exchange::FlowEventKind::stray:
        case exchange::FlowEventKind::moved:
            break;
    }
}

}  // namespace warren::model
