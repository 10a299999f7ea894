// SPDX-License-Identifier: BSD-3-Clause
// Flow sync: what the sync thread shares with workers and manager. There is none without a peer in
// the configuration.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange/channel.h"
#include "exchange/counters.h"
#include "exchange/doorbell.h"
#include "exchange/ownership.h"
#include "exchange/snapshot.h"
#include "flow/digest.h"
#include "flow/flow.h"

namespace warren::exchange {

// Why a record of the peer's was not taken.
enum class SyncRefusal : std::uint8_t {
    unknown_vip,      // no address of ours
    unknown_service,  // no virtual_server there
    unknown_server,   // it has no such real_server
    method_differs,
    family,          // of addresses that cannot go together
    local_not_ours,  // the local address
    port_conflict,   // another flow, which this warren has served, has the server's tuple
    table_full,
    service_off,  // flow_sync off
    malformed,
    count_,
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(SyncRefusal::count_)>
    sync_refusal_names{"unknown_vip", "unknown_service", "unknown_server", "method_differs",
                       "family",      "local_not_ours",  "port_conflict",  "table_full",
                       "service_off", "malformed"};

// What a worker tells of its flows. Those whose VIP is ours, and only while the peer hears
// (SyncShared::speaks).
struct SyncEvent {
    enum class Kind : std::uint8_t {
        flow,     // its present state: it has changed, was asked for, or a walk has come to it
        ended,    // it has left the synced set, or is not there any more
        mark,     // answers a mark: all events before it are in the channel, `sums` are copied
        walked,   // a walk has come to the end of the table
        swept,    // so has a sweep
        refused,  // a record was not taken, see `refusal`
        group,    // clients who have no flow, and whom persistence sends to a server: its address,
                  // theirs as the client's, the service's
    };
    Kind kind = Kind::flow;
    bool urgent = false;  // a SYN-ACK waits for it (defer)
    SyncRefusal refusal = SyncRefusal::malformed;
    flow::Tick idle = 0;      // ticks since its last segment; of a group: those that it has left
    std::uint32_t index = 0;  // of the flow in this worker's table
    // Of the command that it answers, also in each flow of a walk, and in the flow or `ended` that
    // answers `again`; 0: said of itself. An urgent one has its own, from 1 on.
    std::uint32_t number = 0;
    std::uint16_t client_interface = 0;  // of a flow: Snapshot::name_of() its client's port
    flow::Flow flow{};
};

// What a worker is to do.
struct SyncCommand {
    enum class Kind : std::uint8_t {
        install,   // a record of the peer's: add or renew the flow; its ids are to be found
        signpost,  // the same flow, of another worker (`number`), whose client's segments come here
        end,       // the peer's flow of that identity has ended
        bind,      // SyncEvent::Kind::group, of the peer's
        again,     // say the present state of the flow `index`, if it is still that identity
        mark,      // copy the sums, answer mark
        walk,      // say all flows, at the worker's leisure; a new one replaces one under way
        sweep,     // erase the flows of `router` that nobody here has served and that do not have
                   // `colour`; a mark after it is answered when that is done
    };
    Kind kind = Kind::install;
    std::uint8_t colour = 0;             // 0 or 1
    std::uint16_t router = 0;            // sweep, walk; Snapshot::no_router: all
    std::uint16_t client_interface = 0;  // install: as in SyncEvent
    std::uint32_t index = 0;
    std::uint32_t number = 0;
    flow::Tick idle = 0;  // install: when it was last seen, before now; bind: ticks left
    flow::Flow flow{};
};

// Of each worker.
struct SyncLink {
    // ---- worker -> sync thread

    static constexpr unsigned events_max = 4096;
    alignas(64) Channel<SyncEvent> events{events_max};
    // Copied for each mark, before it: live flows of the synced set by service.
    std::vector<flow::FlowSum> sums = std::vector<flow::FlowSum>(max_services);
    Counter overrun;                        // found `events` full: the worker walks again
    Counter kept_own;                       // records of flows that this warren serves
    Counter installed;                      // and renewed
    Counter held, released, held_too_long;  // SYN-ACKs that waited for the peer (defer)
    std::array<Counter, static_cast<std::size_t>(SyncRefusal::count_)> refused;

    // ---- sync thread -> worker

    alignas(64) Channel<SyncCommand> commands{4096};
    // The peer has every urgent event up to this number.
    std::atomic<std::uint32_t> acknowledged{0};
};

inline constexpr auto sync_link_counters = std::to_array<CounterName<SyncLink>>({
    {"overrun", &SyncLink::overrun},
    {"kept_own", &SyncLink::kept_own},
    {"installed", &SyncLink::installed},
    {"held", &SyncLink::held},
    {"held_too_long", &SyncLink::held_too_long},
});

// Of all workers.
struct SyncShared {
    // ---- sync thread -> workers, manager

    alignas(64) std::atomic<bool> speaks{false};  // a peer hears: say what changes
    std::atomic<bool> defers{false};              // and a SYN-ACK may wait for it

    // ---- workers -> sync thread

    alignas(64) Doorbell bell;  // there is something in a channel for one that sleeps
};

}  // namespace warren::exchange
