// SPDX-License-Identifier: BSD-3-Clause
#include "history/end_text.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "history/duration_text.h"

namespace warren::history {
namespace {

using exchange::EndCause;
using exchange::FlowEventKind;

// Longer than any connection idles unseen (RFC 5382).
constexpr std::int64_t explains_for_ms = 7'440'000;

std::string owner_text(const MastershipChange& gain) {
    return gain.other.empty() ? "the connection was not made here"
                              : "the connection was " + gain.other + "'s, gone with it";
}

// Of an end that is over, in few words.
std::string_view words(std::string_view cause) {
    constexpr std::pair<std::string_view, std::string_view> all[]{
        {"client_fin", "the client closed it"},
        {"server_fin", "the server closed it"},
        {"client_reset", "the client reset it"},
        {"server_reset", "the server reset it"},
        {"server_down", "its server went down"},
        {"idle", "it was idle"},
        {"disabled", "its server was disabled"},
        {"drained", "the drain of its server was over"},
        {"removed", "its server was taken out"},
        {"reset", "the operator reset it"},
        {"rebalance", "it was to move to another server"},
        {"refused", "its server refused it"},
        {"unanswered", "no server answered it"},
    };
    const auto found = std::find_if(std::begin(all), std::end(all),
                                    [&](const auto& known) { return known.first == cause; });
    return found == std::end(all) ? cause : found->second;
}

Explained explain_cause(EndCause cause, std::uint32_t idle_ms, const model::ServerRecord* server) {
    const auto reason = [&] { return server == nullptr ? std::string() : server->reason; };
    switch (cause) {
        case EndCause::client_fin:
            return {"client_fin", "the client closed it"};
        case EndCause::server_fin:
            return {"server_fin", "the server closed it"};
        case EndCause::client_reset:
            return {"client_reset", "RST of the client"};
        case EndCause::server_reset:
            return {"server_reset", "RST of the server"};
        case EndCause::server_down:
            return {"server_down",
                    "RST sent: the server is down" + (reason().empty() ? "" : ": " + reason())};
        case EndCause::idle:
            return {"idle", "RST sent: nothing was heard for " + duration_text(idle_ms)};
        case EndCause::disabled:
            if (server != nullptr && server->drain_is_over)
                return {"drained", "RST sent: the drain took longer than drain_timeout"};
            return {"disabled",
                    "RST sent: the server is disabled" + (reason().empty() ? "" : ": " + reason())};
        case EndCause::removed:
            return {"removed", "RST sent: a reload took the server out"};
        case EndCause::reset:
            return {"reset", "RST sent: reset by the operator"};
        case EndCause::no_server:
            return {"no_server", "SYN refused: no real_server takes new connections"};
        case EndCause::no_port:
            return {"no_port", "SYN refused: no local port is left (local_address_group)"};
        case EndCause::table_full:
            return {"table_full", "SYN refused: the flow table is full (dataplane { flows })"};
        case EndCause::rebalance:
            return {"rebalance", "RST sent: to be moved to a server that has fewer"};
        case EndCause::count_:
            break;
    }
    return {"unknown", ""};
}

}  // namespace

Explained explain_end(const exchange::FlowEvent& event, const model::ServerRecord* server) {
    switch (event.kind) {
        case FlowEventKind::refused:
            return {"refused", "the server answered the SYN with RST, and no other took it"};
        case FlowEventKind::unanswered:
            return {"unanswered", "no server answered the SYN"};
        default:
            return explain_cause(event.cause, event.idle_ms, server);
    }
}

Explained explain_stray(const RouterHistory& history, std::uint16_t router, const KnownFlow* known,
                        std::int64_t wall_ms) {
    const std::string sent = "RST sent: no flow here. ";
    const auto ago = [&](std::int64_t then_ms) {
        return duration_text(static_cast<std::uint64_t>(wall_ms > then_ms ? wall_ms - then_ms : 0));
    };
    if (known != nullptr && known->ended_ms != 0)
        return {"stale", sent + "The connection had ended " + ago(known->ended_ms) +
                             " before: " + std::string(words(known->cause))};
    const MastershipChange* gain = history.last_gain(router);
    if (gain != nullptr && wall_ms - gain->wall_ms < explains_for_ms)
        return {"takeover", sent + gain->name + " became master " + ago(gain->wall_ms) +
                                " before (" + gain->reason + "): " + owner_text(*gain)};
    return {"stray", sent + "Nobody knows the connection" +
                         (gain == nullptr ? ""
                                          : ", and " + gain->name + " has been master for " +
                                                ago(gain->wall_ms))};
}

Explained explain_move(const RouterHistory& history, std::uint16_t router) {
    const MastershipChange* loss = history.last_loss(router);
    if (loss == nullptr) return {"moved", "its address is not ours any more"};
    return {"moved", loss->name + " is no longer master here (" + loss->reason +
                         "): the connection was open" +
                         (loss->other.empty() ? "" : ", its address is " + loss->other + "'s now")};
}

}  // namespace warren::history
