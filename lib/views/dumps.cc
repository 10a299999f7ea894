// SPDX-License-Identifier: BSD-3-Clause
#include "views/dumps.h"

#include <string_view>
#include <vector>

#include "views/counter_views.h"
#include "views/service_views.h"
#include "views/vrrp_views.h"

namespace warren::views {
namespace {

using vrrp::RejectReason;

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / 1e9;
}

std::int64_t whole_seconds(std::int64_t ns) {
    return ns / config::ns_per_s;
}

// VRRP_STATE_*
int state_number(vrrp::State state) {
    switch (state) {
        case vrrp::State::initialize:
            return 0;
        case vrrp::State::backup:
            return 1;
        case vrrp::State::master:
            return 2;
        case vrrp::State::fault:
            break;
    }
    return 3;
}

int auth_number(config::AuthType type) {
    return type == config::AuthType::pass ? 1 : type == config::AuthType::ah ? 2 : 0;
}

std::uint64_t rejected(const vrrp::Counters& n, RejectReason reason) {
    return n.rejected[static_cast<std::size_t>(reason)];
}

Json addresses(const std::vector<config::VirtualAddress>& all, const std::string& interface) {
    Json list = Json::array();
    for (const config::VirtualAddress& a : all)
        list.push_back(a.prefix.to_string() + " dev " + (a.device.empty() ? interface : a.device));
    return list;
}

Json tracked(const config::VrrpInstance& instance, config::TrackKind kind) {
    Json list = Json::array();
    for (const config::Tracked& t : instance.tracked)
        if (t.kind == kind) list.push_back(t.name);
    return list;
}

void add_unless_empty(Json& row, const char* name, Json list) {
    if (!list.empty()) row[name] = std::move(list);
}

void add_scripts(Json& row, const config::NotifyScripts& scripts) {
    const std::pair<const char*, const std::optional<config::Script>&> all[] = {
        {"script_backup", scripts.backup},
        {"script_master", scripts.master},
        {"script_fault", scripts.fault},
        {"script_stop", scripts.stop},
        {"script", scripts.any}};
    for (const auto& [name, script] : all)
        if (script) row[name] = script->command;
}

void add_announcements(Json& row, const config::GarpTiming& garp) {
    row["garp_delay"] = seconds(garp.master_delay_ns);
    row["garp_refresh"] = whole_seconds(garp.master_refresh_ns);
    row["garp_rep"] = garp.master_repeat;
    row["garp_refresh_rep"] = garp.master_refresh_repeat;
    row["garp_lower_prio_delay"] = whole_seconds(garp.lower_prio_delay_ns);
    row["garp_lower_prio_rep"] = garp.lower_prio_repeat;
}

void add_lists(Json& row, const config::VrrpInstance& v) {
    add_scripts(row, v.notify);
    add_unless_empty(row, "vips", addresses(v.virtual_ipaddress, v.interface));
    add_unless_empty(row, "evips", addresses(v.virtual_ipaddress_excluded, v.interface));
    add_unless_empty(row, "track_ifp", tracked(v, config::TrackKind::interface));
    add_unless_empty(row, "track_script", tracked(v, config::TrackKind::script));
}

Json data(const ViewContext& c, const model::RouterState& router, std::int64_t wall_ms) {
    const config::VrrpInstance& v = *router.config;
    const vrrp::Status& s = router.status;
    const bool is_master = s.state == vrrp::State::master;
    const auto master_interval_ns = static_cast<std::int64_t>(s.master_interval_ns);
    Json row{{"iname", v.name},
             {"dont_track_primary", v.track_primary ? 0 : 1},
             {"skip_check_adv_addr", v.skip_check_adv_addr ? 1 : 0},
             {"strict_mode", v.strict_mode ? 1 : 0},
             {"vmac_ifname", v.vmac_name},
             {"ifp_ifname", v.interface},
             {"master_priority", s.master_priority},
             {"last_transition", static_cast<double>(wall_ms) / 1e3 -
                                     static_cast<double>(ms_since(c, s.since_ns)) / 1e3}};
    add_announcements(row, v.garp);
    row["lower_prio_no_advert"] = v.lower_prio_no_advert ? 1 : 0;
    row["higher_prio_send_advert"] = v.higher_prio_send_advert ? 1 : 0;
    row["vrid"] = v.virtual_router_id;
    row["base_priority"] = v.priority;
    row["effective_priority"] = s.effective_priority;
    row["vipset"] = is_master;
    row["adver_int"] = seconds(v.advert_int_ns);
    row["master_adver_int"] =
        seconds(master_interval_ns != 0 ? master_interval_ns : v.advert_int_ns);
    row["accept"] = v.accept ? 1 : 0;
    row["nopreempt"] = !v.preempt;
    row["preempt_delay"] = whole_seconds(v.preempt_delay_ns);
    row["state"] = state_number(s.state);
    row["wantstate"] = s.wants_master ? state_number(vrrp::State::master) : state_number(s.state);
    row["version"] = v.version;
    row["smtp_alert"] = c.state.config.global.mail.of_router(v.smtp_alert);
    row["notify_deleted"] = v.notify.says_deleted;
    add_lists(row, v);
    row["auth_type"] = auth_number(v.auth_type);
    return row;
}

Json stats(const model::RouterState& router) {
    const vrrp::Counters& n = router.status.counters;
    const bool is_master = router.status.state == vrrp::State::master;
    return {
        {"advert_rcvd", n.adverts_received},
        {"advert_sent", n.adverts_sent},
        {"become_master", n.became_master},
        {"release_master", n.became_master - (is_master && n.became_master != 0 ? 1 : 0)},
        {"packet_len_err", rejected(n, RejectReason::length)},
        {"advert_interval_err", rejected(n, RejectReason::interval) + n.interval_differs},
        {"ip_ttl_err", rejected(n, RejectReason::ttl)},
        {"invalid_type_rcvd", rejected(n, RejectReason::type)},
        {"addr_list_err", rejected(n, RejectReason::address_list) + n.address_list_differs},
        {"invalid_authtype", 0},
        {"authtype_mismatch", rejected(n, RejectReason::auth_type)},
        {"auth_failure", rejected(n, RejectReason::auth_data) + rejected(n, RejectReason::ah_icv)},
        {"pri_zero_rcvd", n.priority_zero_received},
        {"pri_zero_sent", n.priority_zero_sent}};
}

}  // namespace

const char* file_name(Dump dump) {
    switch (dump) {
        case Dump::data:
            return "keepalived.data";
        case Dump::stats:
            return "keepalived.stats";
        case Dump::json:
            break;
    }
    return "keepalived.json";
}

Json keepalived_json(const ViewContext& context, std::int64_t wall_ms) {
    Json all = Json::array();
    for (const model::RouterState& router : context.state.routers)
        if (speaks_vrrp(router))
            all.push_back({{"data", data(context, router, wall_ms)}, {"stats", stats(router)}});
    return all;
}

std::string dump_text(Dump dump, const ViewContext& c, std::int64_t wall_ms) {
    constexpr int indent = 2;
    switch (dump) {
        case Dump::data:
            return Json{{"vrrp", vrrp_rows(c)},
                        {"tracked", tracked_rows(c)},
                        {"services", service_rows(c)},
                        {"servers", server_rows(c)}}
                       .dump(indent) +
                   "\n";
        case Dump::stats:
            return Json{{"vrrp", vrrp_rows(c)}, {"counters", counter_rows(c)}}.dump(indent) + "\n";
        case Dump::json:
            break;
    }
    return keepalived_json(c, wall_ms).dump() + "\n";
}

}  // namespace warren::views
