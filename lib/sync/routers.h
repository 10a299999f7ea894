// SPDX-License-Identifier: BSD-3-Clause
// What a session knows of each virtual router, ours and the peer's word of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sync/message.h"
#include "sync/router.h"

namespace warren::sync {

// A bulk that comes in. A colour outlives sessions, for flows keep theirs.
struct BulkIn {
    std::uint8_t want = 0;  // the number of the bulk that we want, 0: none was ever wanted
    bool wanted = false;
    std::uint8_t serves = 0;  // the want at its beginning
    bool open = false;        // it has begun
    bool sweeping = false;    // it has ended, the old colour is being erased
    bool flips = true;        // the last one ended, so the next one needs another colour
    bool colour = false;
    std::uint32_t id = 0;  // of the last begin
    std::optional<std::uint64_t> end_sequence;

    bool is_busy() const { return wanted || open || sweeping; }
    void demand() {
        wanted = true;
        if (++want == 0) want = 1;
    }
};

// Asking, or being asked, to take over.
struct HandOver {
    std::optional<std::uint32_t> asking;  // our ticket, until it is answered
    bool ask_due = false;
    std::optional<std::uint32_t> asked;           // the peer's ticket
    std::optional<std::uint64_t> asked_sequence;  // while what was sent before it is missing
    std::optional<TakeOver> answer;
    bool answer_due = false;
};

struct RouterState {
    bool used = false;
    LocalRouter local;
    std::optional<PeerRouter> peer;
    std::uint8_t peer_want = 0;
    std::uint8_t served = 0;  // the peer's want that we have answered with a bulk
    bool bulk_ordered = false;
    BulkIn bulk;
    HandOver hand_over;
    unsigned differences = 0;  // in a row
    RouterStatus status;

    bool is_ours() const { return local.role == Role::master; }
    bool owes_bulk() const {
        return is_ours() && peer && (bulk_ordered || (peer_want != 0 && peer_want != served));
    }
    void end_session();
    void begin_session();
};

// Each has a slot that it keeps as long as it is configured.
class Routers {
  public:
    // Calls gone(slot) for each that is not configured any more.
    template <typename Gone>
    void set(std::span<const LocalRouter> routers, Gone gone) {
        for (std::size_t slot = 0; slot < max_routers; ++slot)
            if (states_[slot].used && !is_among(states_[slot].local.key, routers)) {
                states_[slot] = {};
                gone(static_cast<std::uint8_t>(slot));
            }
        for (const LocalRouter& router : routers)
            set_one(router);
    }

    RouterState* find(const RouterKey& key);
    std::uint8_t slot_of(const RouterState& state) const {
        return static_cast<std::uint8_t>(&state - states_.data());
    }
    // Calls f(state) for each that is configured.
    template <typename F>
    void each(F f) {
        for (RouterState& state : states_)
            if (state.used) f(state);
    }

    // What we say of ours, and what the peer says of its own.
    Hello hello() const;
    void take(const Hello& hello);

  private:
    static bool is_among(const RouterKey& key, std::span<const LocalRouter> routers);
    void set_one(const LocalRouter& router);
    void change_role(RouterState& state, Role role);

    std::array<RouterState, max_routers> states_{};
};

}  // namespace warren::sync
