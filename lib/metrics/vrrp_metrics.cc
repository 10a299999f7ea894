// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers and the control lcore.
#include <limits>
#include <string>
#include <vector>

#include "metrics/families.h"
#include "views/counter_views.h"
#include "vrrp/timers.h"

namespace warren::metrics {
namespace {

struct RouterRow {
    std::string labels;
    const views::ViewContext* view;
    const model::RouterState* router;

    const vrrp::Status& status() const { return router->status; }
    const vrrp::Counters& counters() const { return router->status.counters; }
    const vrrp::Settings& settings() const { return router->plan->settings; }
    std::uint64_t interval_ns() const {
        return status().master_interval_ns != 0 ? status().master_interval_ns
                                                : settings().advert_interval_ns;
    }
};

constexpr Column<RouterRow> router_columns[] = {
    {"warren_vrrp_priority", Kind::gauge, "Priority as tracking has made it.", "",
     [](const RouterRow& r) { return number(r.status().effective_priority); }},
    {"warren_vrrp_base_priority", Kind::gauge, "Configured priority.", "",
     [](const RouterRow& r) { return number(r.settings().priority); }},
    {"warren_vrrp_last_transition_timestamp_seconds", Kind::gauge,
     "When it came into its present state.", "",
     [](const RouterRow& r) { return wall_s(*r.view, r.status().since_ns); }},
    {"warren_vrrp_advert_interval_seconds", Kind::gauge, "Its own interval of adverts.", "",
     [](const RouterRow& r) { return number(r.settings().advert_interval_ns) / 1e9; }},
    {"warren_vrrp_master_down_seconds", Kind::gauge,
     "Silence after which a backup becomes master (Master_Down_Interval).", "",
     [](const RouterRow& r) {
         return number(vrrp::master_down_ns(r.settings().version, r.status().effective_priority,
                                            r.interval_ns(), r.settings().down_timer_adverts)) /
                1e9;
     }},
    {"warren_vrrp_peer_heard_timestamp_seconds", Kind::gauge,
     "When a valid advert of another router was last heard; 0: never.", "",
     [](const RouterRow& r) { return wall_s(*r.view, r.status().last_heard_ns); }},
    {"warren_vrrp_takeover_first_traffic_seconds", Kind::gauge,
     "From the last takeover to the first frame that followed it; 0: none yet.", "",
     [](const RouterRow& r) { return number(r.router->record.silent_ns) / 1e9; }},
    {"warren_vrrp_became_master_total", Kind::counter, "Takeovers by this router.", "",
     [](const RouterRow& r) { return number(r.counters().became_master); }},
    {"warren_vrrp_adverts_sent_total", Kind::counter, "Adverts sent, priority 0 included.", "",
     [](const RouterRow& r) { return number(r.counters().adverts_sent); }},
    {"warren_vrrp_adverts_received_total", Kind::counter, "Valid adverts of others.", "",
     [](const RouterRow& r) { return number(r.counters().adverts_received); }},
    {"warren_vrrp_priority_zero_sent_total", Kind::counter, "Good-byes sent.", "",
     [](const RouterRow& r) { return number(r.counters().priority_zero_sent); }},
    {"warren_vrrp_priority_zero_received_total", Kind::counter, "Good-byes of others.", "",
     [](const RouterRow& r) { return number(r.counters().priority_zero_received); }},
    {"warren_vrrp_lower_priority_heard_total", Kind::counter,
     "Adverts of lower priority heard while master.", "",
     [](const RouterRow& r) { return number(r.counters().lower_priority_heard); }},
    {"warren_vrrp_address_claims_total", Kind::counter,
     "ARP or neighbour messages of another station that claim an address of ours.", "",
     [](const RouterRow& r) { return number(r.counters().address_conflicts); }},
    {"warren_vrrp_settings_differ_total", Kind::counter,
     "Adverts of a peer that is configured otherwise.", R"(what="addresses")",
     [](const RouterRow& r) { return number(r.counters().address_list_differs); }},
    {"warren_vrrp_settings_differ_total", Kind::counter, "", R"(what="interval")",
     [](const RouterRow& r) { return number(r.counters().interval_differs); }},
    {"warren_vrrp_gratuitous_arps_total", Kind::counter,
     "Gratuitous ARPs and unsolicited neighbour advertisements sent.", "",
     [](const RouterRow& r) {
         return number(r.router->record.announced.gratuitous_arps +
                       r.router->record.announced.advertisements);
     }},
    {"warren_vrrp_announcements_total", Kind::counter, "Rounds of announcing all addresses.", "",
     [](const RouterRow& r) { return number(r.counters().announcements); }},
    {"warren_vrrp_late_adverts_total", Kind::counter, "Adverts sent a whole interval late or more.",
     "", [](const RouterRow& r) { return number(r.counters().late_adverts); }},
    {"warren_vrrp_adverts_unsent_total", Kind::counter,
     "Adverts that did not leave: the port did not take them, or the peer's MAC is not known.",
     R"(reason="port")",
     [](const RouterRow& r) { return number(r.router->record.unsent_adverts); }},
    {"warren_vrrp_adverts_unsent_total", Kind::counter, "", R"(reason="peer_unresolved")",
     [](const RouterRow& r) { return number(r.router->record.unresolved_adverts); }},
    {"warren_vrrp_waits_for_workers_total", Kind::counter,
     "Takeovers that waited until the workers' queues were known to hold no advert.", "",
     [](const RouterRow& r) { return number(r.counters().waits_for_workers); }},
};

std::vector<RouterRow> router_rows(const views::ViewContext& view) {
    std::vector<RouterRow> rows;
    for (const model::RouterState& router : view.state.routers)
        if (is_served(router))
            rows.push_back({label("router", router.config->name), &view, &router});
    return rows;
}

void add_states(Exposition& out, const std::vector<RouterRow>& rows) {
    using vrrp::State;
    out.begin("warren_vrrp_state", Kind::gauge, "1 for the state that the router is in.");
    for (const RouterRow& row : rows) {
        const std::string labels = row.labels + "," +
                                   label("vrid", std::to_string(row.settings().vrid)) + "," +
                                   label("interface", row.router->config->interface);
        for (const State state : {State::initialize, State::backup, State::master, State::fault})
            out.add(row.status().state == state, labels, label("state", vrrp::name(state)));
    }
}

void add_transitions(Exposition& out, const std::vector<RouterRow>& rows) {
    using vrrp::State;
    out.begin("warren_vrrp_transitions_total", Kind::counter,
              "How often the router came into each state.");
    for (const RouterRow& row : rows)
        for (const State state : {State::initialize, State::backup, State::master, State::fault})
            out.add(number(row.router->entered.at(static_cast<std::size_t>(state))), row.labels,
                    label("to", vrrp::name(state)));
}

constexpr unsigned fault_causes = 9;
static_assert(static_cast<unsigned>(vrrp::FaultCause::no_buffers) + 1 == fault_causes);

void add_faults(Exposition& out, const std::vector<RouterRow>& rows) {
    out.begin("warren_vrrp_fault", Kind::gauge, "1 for each cause that keeps it in fault.");
    for (const RouterRow& row : rows)
        for (unsigned cause = 0; cause < fault_causes; ++cause)
            out.add(row.status().faults >> cause & 1, row.labels,
                    label("cause", vrrp::name(static_cast<vrrp::FaultCause>(cause))));
}

void add_refused(Exposition& out, const std::vector<RouterRow>& rows) {
    out.begin("warren_vrrp_adverts_refused_total", Kind::counter,
              "Adverts that were not believed, by reason.");
    for (const RouterRow& row : rows)
        for (std::size_t i = 0; i < vrrp::reject_reason_count; ++i)
            out.add(number(row.counters().rejected[i]), row.labels,
                    label("reason", vrrp::name(static_cast<vrrp::RejectReason>(i))));
}

void add_tracked(Exposition& out, const std::vector<RouterRow>& rows) {
    out.begin("warren_vrrp_tracked_up", Kind::gauge,
              "What a router tracks: 1 up, 0 down, NaN not known yet.");
    for (const RouterRow& row : rows)
        for (const model::TrackedItem& item : row.router->tracking.items) {
            using Standing = vrrp::TrackedState::Standing;
            const double value = item.state.standing == Standing::unknown
                                     ? std::numeric_limits<double>::quiet_NaN()
                                     : item.state.number != 0;
            out.add(value, row.labels,
                    label("kind", config::to_text(item.config->kind)) + "," +
                        label("name", item.config->name));
        }
}

// Counted by the control lcore for all routers together.
void add_control(Exposition& out, const election::VrrpCounters& counters) {
    out.begin("warren_control_events_total", Kind::counter,
              "Counters of the control lcore; see warren-counters(7).");
    for (const auto& [name, counter] : election::vrrp_counters)
        if (!views::is_gauge(name))
            out.add(number((counters.*counter).value()), label("kind", name));
    out.begin("warren_control_longest_oversleep_seconds", Kind::gauge,
              "The latest that the control lcore ever woke.");
    out.add(number(counters.longest_oversleep_ns.value()) / 1e9);
    out.begin("warren_control_scheduling_errno", Kind::gauge,
              "errno of the real-time priority that was asked for; 0: it has it.");
    out.add(number(counters.scheduling_errno.value()));
}

}  // namespace

void add_vrrp(Exposition& out, const Facts& facts) {
    const std::vector<RouterRow> rows = router_rows(facts.view);
    add_states(out, rows);
    add_transitions(out, rows);
    add_columns(out, router_columns, rows);
    add_refused(out, rows);
    add_faults(out, rows);
    add_tracked(out, rows);
    add_control(out, facts.view.vrrp.counters);
}

}  // namespace warren::metrics
