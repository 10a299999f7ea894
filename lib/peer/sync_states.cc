// SPDX-License-Identifier: BSD-3-Clause
#include "peer/sync_states.h"

#include <algorithm>

#include "peer/inventory.h"

namespace warren::peer {

using exchange::SyncReport;
using exchange::SyncRouterStatus;
using sync::PreemptGate;

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t difference_ns = 5 * second_ns;  // with tables that differ
constexpr std::uint64_t hello_ns = 300'000'000;         // every peer has said anew what it is
// Equal as late as that is as good as equal: a digest comes each second.
constexpr std::uint64_t fresh_ns = 2'500'000'000;
constexpr std::uint64_t difference_interval_ns = 30 * second_ns;
constexpr std::uint64_t facts_interval_ns = second_ns / 4;  // of a datagram's worth
constexpr std::uint64_t refusal_ns = 5 * second_ns;         // of flows, before it is told
constexpr std::uint64_t alarm_ns = 60 * second_ns;          // since the last foreign tag, conflict
constexpr std::uint32_t lossy_permille = 50;
constexpr std::uint32_t mended_permille = 30;

}  // namespace

void SyncStates::report(SyncReport report) {
    report.when_ns = common_.now_ns;
    static_cast<void>(common_.exchange.sync_reports.reports.push(report));
}

void SyncStates::set_alarm(Alarm alarm, std::uint16_t router, bool on, std::uint64_t what) {
    bool& was = alarms_[{alarm, router}];
    if (was == on) return;
    was = on;
    report({.kind = SyncReport::Kind::alarm,
            .alarm = alarm,
            .over = !on,
            .router = router,
            .missing = what});
}

SyncStates::SyncState* SyncStates::find(const sync::RouterKey& router) {
    const auto found = states_.find(common_.routers.index_of(router));
    return found == states_.end() ? nullptr : &found->second;
}

void SyncStates::follow() {
    const auto routers = common_.routers.all();
    std::erase_if(states_,
                  [&](const auto& entry) { return common_.routers.find(entry.first) == nullptr; });
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const std::uint16_t index = common_.routers.index_of(i);
        SyncState& state =
            states_.try_emplace(index, PreemptGate(bounds_, common_.now_us())).first->second;
        if (state.role != routers[i].role) change_role(index, state, routers[i].role);
    }
}

// Who has been master and is so no more knows less from now on than its successor.
void SyncStates::change_role(std::uint16_t router, SyncState& state, sync::Role role) {
    state.role = role;
    if (role == sync::Role::master) {
        const bool is_known =
            state.equal_ns != 0 && common_.now_ns - state.equal_ns < fresh_ns + second_ns;
        const bool has_been_equal = state.equal_ns != 0;
        if ((has_been_equal || state.follows) && !is_known)
            report({.kind = SyncReport::Kind::alarm,
                    .alarm = Alarm::unsynced_takeover,
                    .router = router,
                    .missing = has_been_equal ? common_.now_ns - state.equal_ns : 0});
        state.follows = false;
        return;
    }
    state.equal.reset();
    state.resigned_ns = common_.now_ns;
    state.gate.close(common_.now_us());
    state.reported = PreemptGate::State::held;
    report({.kind = SyncReport::Kind::hold_preemption, .router = router});
}

void SyncStates::on_event(const SessionEvent& event, Links links) {
    const std::uint64_t now_us = common_.now_us();
    switch (event.kind) {
        case SessionEvent::Kind::peer_up:
            report({.kind = SyncReport::Kind::peer_up});
            set_alarm(Alarm::version, of_no_router, false);
            bad_tags_.last_ns = 0;  // it had another key, and has ours now
            return;
        case SessionEvent::Kind::peer_down:
            report({.kind = SyncReport::Kind::peer_down});
            return lose_peer(links);
        case SessionEvent::Kind::unintelligible:
            return set_alarm(Alarm::version, of_no_router, true, event.ticket);
        case SessionEvent::Kind::peer_routers:
            return note_masters(links);
        default:
            break;
    }
    SyncState* state = find(event.router);
    if (state == nullptr) return;
    if (event.kind == SessionEvent::Kind::config) return on_config_event(event, *state);
    if (event.kind == SessionEvent::Kind::bulk_ended) {
        const std::uint16_t index = common_.routers.index_of(event.router);
        state->gate.bulk_ended(now_us);
        state->bulk_flows = common_.incoming[index].bulk_flows;
        state->bulk_ns = common_.now_ns - common_.incoming[index].bulk_began_ns;
    } else if (event.kind == SessionEvent::Kind::equal ||
               event.kind == SessionEvent::Kind::differs) {
        const bool equal = event.kind == SessionEvent::Kind::equal;
        state->gate.compared(equal, now_us);
        state->equal = equal;
        if (equal) {
            state->equal_ns = common_.now_ns;
            state->different_ns = 0;
        } else if (state->different_ns == 0) {
            state->different_ns = common_.now_ns;
        }
    }
}

bool SyncStates::has_master(const sync::RouterKey& router, Links links) const {
    return std::any_of(links.begin(), links.end(), [&router](const auto& link) {
        const sync::PeerRouter* theirs = link->find(router);
        return theirs != nullptr && theirs->role == sync::Role::master;
    });
}

// What a master has that we do not hear is not known here from now on: we must not preempt it, but
// if it is dead we do not have to.
void SyncStates::lose_peer(Links links) {
    for (auto& [index, state] : states_) {
        if (has_master(common_.routers.find(index)->key, links)) continue;
        state.equal.reset();
        state.gate.close(common_.now_us());
    }
}

// Whoever cannot be asked may be one. So may who said, before we ceased to be master, that he is
// none: if this machine has stood still he has waited for that.
void SyncStates::note_masters(Links links) {
    for (auto& [index, state] : states_) {
        if (state.resigned_ns != 0 && common_.now_ns - state.resigned_ns < hello_ns) continue;
        const sync::RouterKey& key = common_.routers.find(index)->key;
        if (std::all_of(links.begin(), links.end(), [&key](const auto& link) {
                const sync::PeerRouter* theirs = link->find(key);
                return theirs != nullptr && theirs->role != sync::Role::master;
            }))
            state.gate.nobody_else_is_master();
    }
}

void SyncStates::tick(Links links) {
    note_masters(links);
    const auto routers = common_.routers.all();
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const std::uint16_t index = common_.routers.index_of(i);
        const auto found = states_.find(index);
        if (found != states_.end()) look_at(routers[i], index, found->second, links);
    }
    watch_peers(links);
}

void SyncStates::watch_peers(Links links) {
    std::uint64_t bad_tags = 0;
    std::uint64_t foreign_key_id = 0;
    std::uint32_t lost_permille = 0;
    bool is_smaller = false;
    for (const auto& link : links) {
        bad_tags +=
            link->session().counters().discarded[static_cast<std::size_t>(sync::Discard::bad_tag)];
        if (link->foreign_key_id != 0) foreign_key_id = link->foreign_key_id;
        if (!link->is_up()) continue;
        const sync::Status known = link->session().status(common_.now_us());
        is_smaller = is_smaller || known.peer_capacity < capacity_;
        lost_permille = std::max(lost_permille, known.lost_permille);
    }
    set_alarm(Alarm::capacity, of_no_router, is_smaller);
    lossy_ = lost_permille > (lossy_ ? mended_permille : lossy_permille);
    set_alarm(Alarm::lossy, of_no_router, lossy_);
    watch(bad_tags_, bad_tags, Alarm::key, foreign_key_id << 32 | key_id_);
    std::uint64_t conflicts = 0;
    for (std::size_t worker = 0; worker < common_.workers.count(); ++worker)
        conflicts += common_.workers.link(worker)
                         .refused[static_cast<std::size_t>(exchange::SyncRefusal::port_conflict)]
                         .value();
    watch(conflicts_, conflicts, Alarm::port_conflict);
}

void SyncStates::watch(Watched& watched, std::uint64_t count, Alarm alarm, std::uint64_t what) {
    if (count != watched.count)
        watched.last_ns = common_.now_ns;
    else if (lasts(watched.last_ns, alarm_ns))
        watched.last_ns = 0;
    watched.count = count;
    set_alarm(alarm, of_no_router, watched.last_ns != 0, what);
}

void SyncStates::look_at(const sync::LocalRouter& router, std::uint16_t index, SyncState& state,
                         Links links) {
    if (common_.incoming[index].has_records) {
        common_.incoming[index].has_records = false;
        state.gate.progress(common_.now_us());
    }
    open_gate(index, state);
    bool both_masters = false;
    bool is_other = false;
    std::uint64_t refused = 0;
    for (const auto& link : links) {
        const sync::PeerRouter* theirs = link->find(router.key);
        if (theirs == nullptr) continue;
        both_masters = both_masters ||
                       (router.role == sync::Role::master && theirs->role == sync::Role::master);
        is_other = is_other || theirs->fingerprint != router.fingerprint;
        if (router.role != sync::Role::backup) continue;
        state.follows = state.follows || theirs->role == sync::Role::master;
        refused += link->session().router_status(router.key).refused;
    }
    note_since(state.both_masters_ns, both_masters);
    note_since(state.refused_ns, refused != 0);
    set_alarm(Alarm::both_masters, index, lasts(state.both_masters_ns, 2 * second_ns));
    set_alarm(Alarm::refused, index, lasts(state.refused_ns, refusal_ns));
    set_alarm(Alarm::config, index, is_other);
    if (is_other)
        send_facts(router, state, links);
    else
        state.difference = {};
    set_alarm(Alarm::differs, index, lasts(state.different_ns, difference_ns));
}

// WorkerQuery and round: some get lost, and either side may change.
void SyncStates::send_facts(const sync::LocalRouter& router, SyncState& state, Links links) {
    if (common_.now_ns < state.next_facts_ns) return;
    state.next_facts_ns = common_.now_ns + facts_interval_ns;
    const auto facts = common_.routers.facts_of_router(router.key);
    const sync::Inventory part = part_of(facts, router.key, state.facts_sent);
    state.facts_sent = part.ends ? 0 : state.facts_sent + part.facts.size() - 1;
    for (const auto& link : links)
        link->session().send_inventory(part, common_.now_us());
}

bool SyncStates::is_reported_lately(const SyncState& state) const {
    return state.difference.side != exchange::ConfigDifference::Side::none &&
           common_.now_ns < state.next_difference_ns;
}

// A part that is alike says nothing of the others, and each has a first difference of its own: one
// is told for a while, so that they do not take turns.
void SyncStates::on_config_event(const SessionEvent& event, SyncState& state) {
    const std::uint16_t index = common_.routers.index_of(event.router);
    if (event.difference.side == exchange::ConfigDifference::Side::none ||
        event.difference == state.difference || is_reported_lately(state) ||
        !alarms_[{Alarm::config, index}])
        return;
    state.difference = event.difference;
    state.next_difference_ns = common_.now_ns + difference_interval_ns;
    report({.kind = SyncReport::Kind::alarm,
            .alarm = Alarm::config,
            .router = index,
            .difference = event.difference});
}

// Who is master, by a Master_Down or because nobody else was, needs no gate any more.
void SyncStates::open_gate(std::uint16_t index, SyncState& state) {
    if (state.role == sync::Role::master) return;
    const PreemptGate::State gate = state.gate.state(common_.now_us());
    if (gate == state.reported) return;
    state.reported = gate;
    if (gate == PreemptGate::State::free)
        report({.kind = SyncReport::Kind::may_preempt, .router = index});
    else if (gate == PreemptGate::State::free_unsynced)
        report({.kind = SyncReport::Kind::gave_up, .router = index});
    else
        report({.kind = SyncReport::Kind::hold_preemption, .router = index});
}

// A master knows by what the peer says of itself.
bool SyncStates::is_in_sync(const sync::LocalRouter& router, const SyncState& state,
                            Links links) const {
    if (router.role != sync::Role::master) return state.equal.value_or(false);
    return std::any_of(links.begin(), links.end(), [&](const auto& link) {
        const sync::PeerRouter* theirs = link->find(router.key);
        return theirs != nullptr && theirs->in_sync;
    });
}

exchange::SyncStatus SyncStates::status_of(const SessionLink& link) const {
    const sync::Status known = link.session().status(common_.now_us());
    exchange::SyncStatus status{};
    status.is_peer = true;
    status.peer.address = link.socket().peer();
    status.peer.up = known.up;
    status.peer.version = known.version;
    status.peer.since_ns = known.since_us * 1000;
    status.peer.round_trip_ns = known.rtt_us * 1000ULL;
    status.peer.lag_ns = known.lag_us * 1000;
    status.peer.unacknowledged = known.unacked;
    status.peer.capacity = known.peer_capacity;
    status.peer.lost_permille = known.lost_permille;
    return status;
}

exchange::SyncStatus SyncStates::status_of(const sync::LocalRouter& router, std::uint16_t index,
                                           const SyncState& state, Links links) {
    using Role = SyncRouterStatus::Role;
    exchange::SyncStatus status{};
    SyncRouterStatus& row = status.router;
    row.router = index;
    for (const auto& link : links) {
        const sync::PeerRouter* theirs = link->find(router.key);
        if (!link->is_up()) continue;
        const bool is_its = theirs != nullptr && theirs->role == sync::Role::master;
        if (router.role != sync::Role::master && row.role != Role::idle && !is_its) continue;
        const sync::RouterStatus known = link->session().router_status(router.key);
        row.role = router.role == sync::Role::master ? Role::sends : Role::receives;
        row.flows = known.our_flows;
        row.peer_flows = known.peer_flows;
    }
    row.in_sync = is_in_sync(router, state, links);
    row.preempt_held = state.reported == PreemptGate::State::held;
    row.config_equal = !alarms_[{Alarm::config, index}];
    row.equal_ns = state.equal_ns;
    row.bulk_flows = state.bulk_flows;
    row.bulk_ns = state.bulk_ns;
    return status;
}

void SyncStates::publish(Links links) {
    auto& statuses = common_.exchange.sync_reports.statuses;
    for (const auto& link : links)
        static_cast<void>(statuses.push(status_of(*link)));
    const auto routers = common_.routers.all();
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const std::uint16_t index = common_.routers.index_of(i);
        if (const auto found = states_.find(index); found != states_.end())
            static_cast<void>(statuses.push(status_of(routers[i], index, found->second, links)));
    }
}

}  // namespace warren::peer
