// SPDX-License-Identifier: BSD-3-Clause
#include "sync/routers.h"

#include <algorithm>

namespace warren::sync {

void RouterState::end_session() {
    peer.reset();
    peer_want = served = 0;
    bulk_ordered = false;
    // Broken off: the next one goes on with its colour.
    if (bulk.open) bulk.flips = false;
    bulk.wanted = bulk.open = false;
    bulk.end_sequence.reset();
    bulk.id = 0;
    bulk.serves = 0;  // a sweep that still runs is of no session
    hand_over = {};
    differences = 0;
    const RouterStatus last = status;
    status = {};
    status.our_flows = last.our_flows;
    status.peer_flows = last.peer_flows;
}

void RouterState::begin_session() {
    bulk.want = 0;
    if (!is_ours()) bulk.demand();
}

RouterState* Routers::find(const RouterKey& key) {
    const auto found = std::ranges::find_if(
        states_, [&key](const RouterState& s) { return s.used && s.local.key == key; });
    return found == states_.end() ? nullptr : &*found;
}

bool Routers::is_among(const RouterKey& key, std::span<const LocalRouter> routers) {
    return std::ranges::any_of(routers, [&key](const LocalRouter& r) { return r.key == key; });
}

void Routers::set_one(const LocalRouter& router) {
    RouterState* state = find(router.key);
    if (state == nullptr) {
        state = std::ranges::find_if(states_, [](const RouterState& s) { return !s.used; });
        if (state == states_.end()) return;
        state->used = true;
        state->local = router;
        if (!state->is_ours()) state->bulk.demand();
        return;
    }
    state->local.fingerprint = router.fingerprint;
    if (state->local.role != router.role) change_role(*state, router.role);
}

void Routers::change_role(RouterState& state, Role role) {
    const bool was_ours = state.is_ours();
    state.local.role = role;
    state.differences = 0;
    if (was_ours == state.is_ours()) return;
    state.status.in_sync = false;
    if (was_ours) return state.bulk.demand();
    // A master's word counts more than a bulk's.
    if (state.bulk.open) state.bulk.flips = false;
    state.bulk.wanted = state.bulk.open = false;
    state.bulk.end_sequence.reset();
}

Hello Routers::hello() const {
    Hello hello;
    for (const RouterState& s : states_)
        if (s.used)
            hello.routers.push({{s.local.key, s.local.role, s.status.in_sync, s.local.fingerprint},
                                s.bulk.wanted ? s.bulk.want : std::uint8_t{0}});
    return hello;
}

void Routers::take(const Hello& hello) {
    each([&hello](RouterState& state) {
        state.peer.reset();
        state.peer_want = 0;
        for (const auto& [router, want] : hello.routers)
            if (router.key == state.local.key) {
                state.peer = router;
                state.peer_want = want;
            }
    });
}

}  // namespace warren::sync
