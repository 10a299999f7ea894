// SPDX-License-Identifier: BSD-3-Clause
// What follows for a virtual_server from the state of its servers: quorum, sorry_server, slots. No
// I/O.
#pragma once

#include <cstdint>
#include <vector>

#include "model/state.h"

namespace warren::model {

// A quorum gained, lost, or missing at the start.
struct QuorumChange {
    std::uint16_t service = 0;
    bool has_quorum = false;
    bool at_start = false;
    unsigned weight = 0;     // of the live servers
    unsigned threshold = 0;  // it takes so much to gain it, or less than that to lose it
};

// After each change of a server's standing, at the start and after a reload: whether the services
// have their quorum, and who serves.
std::vector<QuorumChange> update_quorums(State& state, std::uint64_t now_ns);

// Counts for the quorum: passes its checks, and the operator has nothing against it.
bool is_alive(const ServerRecord& server);

// Down for new flows and for the quorum; the flows it has live: it is in the minority of a
// partition, and there are others to go to.
bool is_cut_off(const ServerRecord& server);

// Its new flows go to servers that take their leave, for no other can take them.
bool is_on_last_resort(const State& state, const ServiceRecord& service);

// Whether its servers' answers come by us, in all their methods: only then is known who gets
// through.
bool sees_answers(const State& state, const ServiceRecord& service);

// Its notify_down runs when it is removed, and with omega at our end. As in keepalived not that of
// one which the sorry_server has taken out of the pool.
bool is_notified_of_end(const ServerRecord& server);

// Before each new snapshot: makes new slot tables for the sh and mh services that need one (a few
// milliseconds each; slot_table.h says when).
void update_slots(State& state);

}  // namespace warren::model
