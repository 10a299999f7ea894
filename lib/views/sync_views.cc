// SPDX-License-Identifier: BSD-3-Clause
#include "views/sync_views.h"

#include <algorithm>

namespace warren::views {
namespace {

const char* role(exchange::SyncRouterStatus::Role role) {
    switch (role) {
        case exchange::SyncRouterStatus::Role::idle:
            return "idle";
        case exchange::SyncRouterStatus::Role::sends:
            return "sending";
        case exchange::SyncRouterStatus::Role::receives:
            return "receiving";
    }
    return "?";
}

Json peer_row(const ViewContext& c, const exchange::SyncPeerStatus& peer) {
    return {{"peer", peer.address.to_string()},
            {"up", peer.up},
            {"since_ms", peer.since_ns == 0 ? Json() : Json(ms_since(c, peer.since_ns))},
            {"rtt_ms", ms(peer.round_trip_ns)},
            {"version", peer.version},
            {"lag_ms", ms(peer.lag_ns)},
            {"unacked", peer.unacknowledged},
            {"lost_percent", peer.lost_permille / 10.0},
            {"capacity", peer.capacity}};
}

// What is configured differently, as far as it is known.
Json difference_of(const ViewContext& c, std::uint16_t router) {
    using Side = exchange::ConfigDifference::Side;
    for (const handover::StandingAlarm& alarm : c.sync->alarms())
        if (alarm.trouble == handover::Trouble::config && alarm.router == router &&
            alarm.difference.side != Side::none)
            return handover::text(alarm.difference);
    return {};
}

// Addresses whose hold is the operator's or the gate's: `preempt_held` of the control lcore.
Json router_row(const ViewContext& c, const exchange::SyncRouterStatus& status) {
    const model::RouterState& router = c.state.routers[status.router];
    const Json difference = difference_of(c, status.router);  // told before the next status
    return {{"router", router.config->name},
            {"vrid", router.plan->settings.vrid},
            {"role", role(status.role)},
            {"in_sync", status.in_sync},
            {"flows", status.flows},
            {"peer_flows", status.peer_flows},
            {"equal_ms", status.equal_ns == 0 ? Json() : Json(ms_since(c, status.equal_ns))},
            {"bulk_flows", status.bulk_flows},
            {"bulk_ms", ms(status.bulk_ns)},
            {"preempt_held", router.status.preempt_held},
            {"config_equal", status.config_equal && difference.is_null()},
            {"difference", difference}};
}

}  // namespace

std::vector<Json> sync_rows(const ViewContext& c) {
    std::vector<Json> rows;
    if (c.sync == nullptr) return rows;
    for (const exchange::SyncPeerStatus& peer : c.sync->peers())
        rows.push_back(peer_row(c, peer));
    for (const exchange::SyncRouterStatus& status : c.sync->routers())
        if (status.router < c.state.routers.size() && is_served(c.state.routers[status.router]))
            rows.push_back(router_row(c, status));
    return rows;
}

Json alarm_list(const ViewContext& c) {
    Json list = Json::array();
    if (c.sync == nullptr) return list;
    for (const handover::StandingAlarm& alarm : c.sync->alarms())
        if (list.size() < most_alarms_shown)
            list.push_back({{"name", name(alarm.trouble)},
                            {"text", text(alarm, c.state)},
                            {"remedy", remedy(alarm.trouble)},
                            {"since_ms", ms_since(c, alarm.since_ns)}});
    return list;
}

std::vector<Json> handover_rows(const std::vector<handover::Row>& rows) {
    std::vector<Json> all;
    for (const handover::Row& row : rows)
        all.push_back({{"router", row.router},
                       {"done", row.done},
                       {"text", row.text},
                       {"took_ms", ms(row.took_ns)}});
    return all;
}

}  // namespace warren::views
