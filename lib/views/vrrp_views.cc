// SPDX-License-Identifier: BSD-3-Clause
#include "views/vrrp_views.h"

#include <algorithm>
#include <cmath>

#include "model/vrrp_plan.h"
#include "vrrp/timers.h"
#include "vrrp/words.h"

namespace warren::views {
namespace {

// So that a row fits a page, whatever is configured.
constexpr std::size_t most_listed = 32;
constexpr std::size_t longest_text = 100;

// Null for what will not come.
Json ms_until(const ViewContext& c, std::uint64_t then_ns) {
    if (then_ns == 0 || then_ns == vrrp::no_deadline) return {};
    return then_ns > c.now_ns ? ms(then_ns - c.now_ns) : 0.0;
}

Json faults(const vrrp::Status& status) {
    Json list = Json::array();
    for (unsigned bit = 0; bit < 16; ++bit)
        if ((status.faults >> bit & 1) != 0)
            list.push_back(vrrp::name(static_cast<vrrp::FaultCause>(bit)));
    return list;
}

Json rejected(const vrrp::Counters& counters) {
    Json all = Json::object();
    for (std::size_t i = 0; i < counters.rejected.size(); ++i)
        if (counters.rejected[i] != 0)
            all[std::string(vrrp::name(static_cast<vrrp::RejectReason>(i)))] = counters.rejected[i];
    return all;
}

Json rejected_words(const vrrp::Counters& counters) {
    Json all = Json::object();
    for (std::size_t i = 0; i < counters.rejected.size(); ++i)
        if (counters.rejected[i] != 0)
            all[std::string(vrrp::name(static_cast<vrrp::RejectReason>(i)))] =
                vrrp::words(static_cast<vrrp::RejectReason>(i));
    return all;
}

Json addresses(const std::vector<config::VirtualAddress>& all) {
    Json list = Json::array();
    for (std::size_t i = 0; i < std::min(all.size(), most_listed); ++i)
        list.push_back(all[i].prefix.to_string());
    return list;
}

Json targets(const vrrp::Settings& settings) {
    if (settings.silent) return Json::array();
    if (!settings.is_unicast()) return Json::array({settings.multicast_group.to_string()});
    Json list = Json::array();
    for (const vrrp::UnicastPeer& peer : settings.unicast_peers)
        list.push_back(peer.address.to_string());
    return list;
}

Json sync_group(const config::Config& config, const std::string& instance) {
    for (const config::VrrpSyncGroup& group : config.vrrp_sync_groups)
        for (const config::VrrpSyncGroup::Member& member : group.members)
            if (member.instance == instance) return group.name;
    return {};
}

// Of its group, explicit or implied.
Json moves_with(const model::State& state, const model::RouterState& router) {
    Json list = Json::array();
    for (const model::RouterState& other : state.routers)
        if (&other != &router && is_served(other) && other.plan->group == router.plan->group &&
            router.plan->group != election::no_group && list.size() < most_listed)
            list.push_back(other.config->name);
    return list;
}

Json identity(const ViewContext& c, const model::RouterState& router) {
    const vrrp::Status& s = router.status;
    const vrrp::Settings& settings = router.plan->settings;
    const config::VrrpInstance& config = *router.config;
    return {{"name", config.name},
            {"static", config.serves_host_address},
            {"interface", config.interface},
            {"vrid", settings.vrid},
            {"version", static_cast<unsigned>(settings.version)},
            {"family", settings.is_ipv6() ? "IPv6" : "IPv4"},
            {"state", vrrp::name(s.state)},
            {"since_ms", ms_since(c, s.since_ns)},
            {"reason", vrrp::name(s.last_reason)},
            {"faults", faults(s)},
            {"fault_text", s.faults == 0 ? Json() : Json(vrrp::fault_words(s.faults))},
            {"rejected_text", rejected_words(s.counters)},
            {"waits_for_group", s.wants_master},
            {"sync_group", sync_group(c.state.config, config.name)},
            {"moves_with", moves_with(c.state, router)},
            {"priority", settings.priority},
            {"effective_priority", s.effective_priority},
            {"primary_address", settings.primary_address.to_string()},
            {"source_mac", router.plan->source_mac.to_string()},
            {"sends_to", targets(settings)},
            {"addresses", addresses(config.virtual_ipaddress)},
            {"unlisted_addresses", model::unlisted_addresses(router)},
            {"excluded_addresses", addresses(config.virtual_ipaddress_excluded)}};
}

void add_timers(Json& row, const ViewContext& c, const model::RouterState& router) {
    const vrrp::Status& s = router.status;
    const vrrp::Settings& settings = router.plan->settings;
    const std::uint64_t interval_ns =
        s.master_interval_ns != 0 ? s.master_interval_ns : settings.advert_interval_ns;
    row["master"] = s.master_address.is_unspecified() ? Json() : Json(s.master_address.to_string());
    row["master_priority"] = s.master_priority;
    row["last_heard_ms"] = s.last_heard_ns == 0 ? Json() : Json(ms_since(c, s.last_heard_ns));
    row["advert_interval_ms"] = ms(settings.advert_interval_ns);
    row["master_interval_ms"] = ms(interval_ns);
    row["skew_ms"] = ms(vrrp::skew_ns(settings.version, s.effective_priority, interval_ns));
    row["master_down_ms"] = ms(vrrp::master_down_ns(settings.version, s.effective_priority,
                                                    interval_ns, settings.down_timer_adverts));
    row["next_ms"] = ms_until(c, router.record.deadline_ns);
    row["preempt"] = settings.preempt;
    row["preempt_delay_ms"] = ms(settings.preempt_delay_ns);
    row["preempt_held"] = s.preempt_held;
    row["handing_over"] = s.handing_over;
    row["preempt_left_ms"] = ms_until(c, s.preempt_after_ns);
}

// From the takeover on; null as long as nobody has used the addresses.
Json first_traffic_ms(const model::RouterState& router) {
    return router.record.silent_ns == 0 ? Json() : Json(ms(router.record.silent_ns));
}

void add_counters(Json& row, const model::RouterState& router) {
    const vrrp::Counters& n = router.status.counters;
    row["adverts_sent"] = n.adverts_sent;
    row["adverts_received"] = n.adverts_received;
    row["rejected"] = rejected(n);
    row["unsent_adverts"] = router.record.unsent_adverts;
    row["unresolved_adverts"] = router.record.unresolved_adverts;
    row["priority_zero_sent"] = n.priority_zero_sent;
    row["priority_zero_received"] = n.priority_zero_received;
    row["announcements"] = n.announcements;
    row["gratuitous_arps"] = router.record.announced.gratuitous_arps;
    row["unsolicited_advertisements"] = router.record.announced.advertisements;
    row["became_master"] = n.became_master;
    row["first_traffic_ms"] = first_traffic_ms(router);
    row["lower_priority_heard"] = n.lower_priority_heard;
    row["address_list_differs"] = n.address_list_differs;
    row["interval_differs"] = n.interval_differs;
    row["address_conflicts"] = n.address_conflicts;
    row["late_adverts"] = n.late_adverts;
    row["waits_for_workers"] = n.waits_for_workers;
}

const char* name(vrrp::TrackedState::Standing standing, bool up) {
    if (standing == vrrp::TrackedState::Standing::unknown) return "unknown";
    if (standing == vrrp::TrackedState::Standing::ignored) return "ignored";
    return up ? "up" : "down";
}

}  // namespace

std::vector<Json> vrrp_rows(const ViewContext& c) {
    std::vector<Json> rows;
    for (const model::RouterState& router : c.state.routers) {
        if (!is_served(router)) continue;
        Json row = identity(c, router);
        add_timers(row, c, router);
        add_counters(row, router);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Json> tracked_rows(const ViewContext& c) {
    std::vector<Json> rows;
    for (const model::RouterState& router : c.state.routers) {
        if (!is_served(router)) continue;
        for (const model::TrackedItem& item : router.tracking.items) {
            const bool is_number = item.config->kind == config::TrackKind::file;
            rows.push_back(
                {{"router", router.config->name},
                 {"kind", config::to_text(item.config->kind)},
                 {"name", item.config->name.substr(0, longest_text)},
                 {"weight", item.config->weight.value_or(0)},
                 {"reverse", item.config->reverse.value_or(false)},
                 {"state",
                  is_number ? "number" : name(item.state.standing, item.state.number != 0)},
                 {"detail", item.state.text.substr(0, longest_text)},
                 {"priority", item.part.priority},
                 {"fault", item.part.fault}});
        }
    }
    return rows;
}

}  // namespace warren::views
