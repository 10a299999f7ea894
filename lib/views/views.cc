// SPDX-License-Identifier: BSD-3-Clause
#include "views/views.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "model/service_state.h"
#include "verdict/verdict.h"
#include "views/counter_views.h"
#include "views/service_views.h"
#include "views/sync_views.h"
#include "views/vrrp_views.h"

namespace warren::views {
namespace {

Json reason_list(const std::vector<verdict::Reason>& reasons) {
    constexpr std::size_t most_shown = 12;  // a reply of telemetry has room for so many
    Json list = Json::array();
    for (std::size_t i = 0; i < std::min(reasons.size(), most_shown); ++i)
        list.push_back({{"name", reasons[i].name},
                        {"level", name(reasons[i].level)},
                        {"text", reasons[i].text.substr(0, 120)},
                        {"look", reasons[i].look}});
    return list;
}

std::vector<Json> status(const ViewContext& c) {
    const auto up = std::count_if(c.state.servers.begin(), c.state.servers.end(), model::is_alive);
    const auto real =
        std::count_if(c.state.servers.begin(), c.state.servers.end(),
                      [](const model::ServerRecord& s) { return is_served(s) && !s.is_sorry; });
    const auto routers =
        std::count_if(c.state.routers.begin(), c.state.routers.end(), model::speaks_vrrp);
    const auto masters =
        std::count_if(c.state.routers.begin(), c.state.routers.end(),
                      [](const model::RouterState& r) { return speaks_vrrp(r) && is_master(r); });
    std::uint64_t flows = 0;
    for (std::uint16_t i = 0; i < c.state.servers.size(); ++i)
        flows += c.exchange.active_flows(i);
    const std::vector<verdict::Reason> reasons = verdict::reasons(c.facts());
    return {{{"instance", c.process.instance},
             {"version", c.process.version},
             {"config", c.process.config_file},
             {"config_time", journal::utc_text(c.config_taken_ms)},
             {"uptime_ms", ms_since(c, c.process.started_ns)},
             {"workers", c.exchange.workers.size()},
             {"idle", c.state.config.dataplane.idle == config::Idle::busy ? "busy" : "adaptive"},
             {"hugepages", c.process.hugepages},
             {"routers", routers},
             {"masters", masters},
             {"service_count", count_served(c.state.services)},
             {"server_count", real},
             {"servers_up", up},
             {"flows", flows},
             {"verdict", name(verdict::level_of(reasons))},
             {"reasons", reason_list(reasons)},
             {"alarms", alarm_list(c)}}};
}

void add_totals(Json& row, const PortTotals& totals) {
    row["rx_packets"] = totals.rx_packets;
    row["rx_bytes"] = totals.rx_bytes;
    row["rx_missed"] = totals.rx_missed;
    row["rx_errors"] = totals.rx_errors;
    row["rx_no_mbuf"] = totals.rx_no_mbuf;
    row["tx_packets"] = totals.tx_packets;
    row["tx_bytes"] = totals.tx_bytes;
    row["tx_errors"] = totals.tx_errors;
}

std::vector<Json> ports(const ViewContext& c) {
    std::vector<Json> rows;
    for (std::size_t i = 0; i < c.state.ports.size(); ++i) {
        const model::PortState& port = c.state.ports[i];
        Json row{{"name", port.name},
                 {"driver", port.driver},
                 {"mac", port.mac.to_string()},
                 {"link", port.link_up ? "up" : "down"},
                 {"shared", port.shared},
                 {"spread", port.rss_trouble.empty() ? "rss" : "handoff: " + port.rss_trouble},
                 {"address", port.primary ? Json(port.primary->to_string()) : Json()}};
        if (i < c.port_totals.size()) add_totals(row, c.port_totals[i]);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

std::string view_page(const View& view, const ViewContext& context, std::string_view cursor) {
    if (view.page == nullptr) return make_page(view.name, view.rows(context), cursor);
    std::size_t from = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), from);
    return view.page(context, from);
}

const std::vector<View>& all_views() {
    static const std::vector<View> all{{"status", status},
                                       {"ports", ports},
                                       {"vrrp", vrrp_rows},
                                       {"tracked", tracked_rows},
                                       {"sync", sync_rows},
                                       {"services", service_rows, service_page},
                                       {"servers", server_rows, server_page},
                                       {"servers_short", nullptr, short_server_page},
                                       {"neighbours", neighbour_rows, neighbour_page},
                                       {"counters", counter_rows},
                                       {"workers", worker_rows}};
    return all;
}

}  // namespace warren::views
