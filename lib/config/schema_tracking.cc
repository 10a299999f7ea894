// SPDX-License-Identifier: BSD-3-Clause
// vrrp_script, vrrp_sync_group, and the lists of what an instance tracks.
#include "config/schema_tracking.h"

#include "config/schema.h"

namespace warren::config {
namespace {

constexpr std::int64_t day_ns = 86'400 * ns_per_s;

// "weight N [reverse]" after a tracked name.
void read_weight(Statement& s, std::optional<int>& weight, bool& reverse) {
    for (std::size_t i = 0; i < s.args(); ++i) {
        if (s.arg(i) == "reverse") {
            reverse = true;
        } else if (s.arg(i) == "weight" && i + 1 < s.args()) {
            int value = 0;
            if (s.number(-253, 253, value, i + 1)) weight = value;
            ++i;
        } else {
            return s.error("after " + in_quotes(s.node.keyword()) +
                           " comes 'weight N [reverse]', not " + in_quotes(s.arg(i)));
        }
    }
}

constexpr Keyword<NotifyScripts> notify_keywords[] = {
    {"notify", 1, 3, [](Statement& s, NotifyScripts& n) { s.script(n.any); }},
    {"notify_master", 1, 3, [](Statement& s, NotifyScripts& n) { s.script(n.master); }},
    {"notify_backup", 1, 3, [](Statement& s, NotifyScripts& n) { s.script(n.backup); }},
    {"notify_fault", 1, 3, [](Statement& s, NotifyScripts& n) { s.script(n.fault); }},
    {"notify_stop", 1, 3, [](Statement& s, NotifyScripts& n) { s.script(n.stop); }},
};

constexpr Keyword<VrrpScript> script_keywords[] = {
    {"script", 1, any_number,
     [](Statement& s, VrrpScript& v) {
         v.script.where = s.where();
         v.script.command = s.joined_args();
     }},
    {"interval", 1, 1,
     [](Statement& s, VrrpScript& v) { s.seconds(10 * ns_per_ms, day_ns, v.interval_ns); }},
    {"timeout", 1, 1, [](Statement& s, VrrpScript& v) { s.seconds(0, day_ns, v.timeout_ns); }},
    {"weight", 1, 2, [](Statement& s, VrrpScript& v) { s.number(-253, 253, v.weight); }},
    {"rise", 1, 1, [](Statement& s, VrrpScript& v) { s.number(1, 1'000'000, v.rise); }},
    {"fall", 1, 1, [](Statement& s, VrrpScript& v) { s.number(1, 1'000'000, v.fall); }},
    {"user", 1, 2,
     [](Statement& s, VrrpScript& v) {
         v.script.user = s.arg(0);
         v.script.group = s.args() > 1 ? s.arg(1) : "";
     }},
    {"init_fail", 0, 0, [](Statement&, VrrpScript& v) { v.init_fail = true; }},
};

void read_members(Statement& s, VrrpSyncGroup& group) {
    for (const Node& child : s.node.children)
        for (const std::string& word : child.words)
            group.members.push_back({child.where, word});
}

constexpr Keyword<VrrpSyncGroup> group_keywords[] = {
    {"sync_group_tracking_weight", 0, 0,
     [](Statement&, VrrpSyncGroup& g) { g.tracking_weight = true; }},
    {"group", 0, 0, read_members, BlockUse::required},
    {"track_interface", 0, 0,
     [](Statement& s, VrrpSyncGroup& g) { read_tracked_interfaces(s, g.track_interface); },
     BlockUse::required, Repeat::yes},
    {"track_script", 0, 0,
     [](Statement& s, VrrpSyncGroup& g) { read_tracked_scripts(s, g.track_script); },
     BlockUse::required, Repeat::yes},
};

constexpr IgnoredKeyword ignored_group[] = {
    {"smtp_alert", "Warren sends no mail"},
    {"notify_deleted", "only notify, _master, _backup, _fault and _stop exist"},
    {"notify_priority_changes", "only notify, _master, _backup, _fault and _stop exist"},
    {"global_tracking", "it is obsolete"},
};

}  // namespace

void read_tracked_interfaces(Statement& s, std::vector<TrackedInterface>& out) {
    for (const Node& child : s.node.children) {
        Statement entry(s.context, child);
        TrackedInterface tracked;
        tracked.where = child.where;
        tracked.name = child.keyword();
        std::optional<int> weight;
        read_weight(entry, weight, tracked.reverse);
        tracked.weight = weight.value_or(0);
        out.push_back(std::move(tracked));
    }
}

void read_tracked_scripts(Statement& s, std::vector<TrackedScript>& out) {
    for (const Node& child : s.node.children) {
        Statement entry(s.context, child);
        TrackedScript tracked;
        tracked.where = child.where;
        tracked.name = child.keyword();
        read_weight(entry, tracked.weight, tracked.reverse);
        out.push_back(std::move(tracked));
    }
}

void add_notify_keywords(BlockReader& reader, NotifyScripts& notify) {
    reader.keywords(notify_keywords, notify);
}

void read_vrrp_script(Statement& s, Config& config) {
    VrrpScript script;
    script.where = s.where();
    script.name = s.arg(0);
    BlockReader(s.context, "vrrp_script", s.where())
        .keywords(script_keywords, script)
        .read(s.node.children);
    if (script.script.command.empty() && !s.context.misplaced)
        s.error("the vrrp_script " + in_quotes(script.name) + " has no script");
    config.vrrp_scripts.push_back(std::move(script));
}

void read_vrrp_sync_group(Statement& s, Config& config) {
    VrrpSyncGroup group;
    group.where = s.where();
    group.name = s.arg(0);
    BlockReader reader(s.context, "vrrp_sync_group", s.where());
    reader.keywords(group_keywords, group).ignore(ignored_group);
    add_notify_keywords(reader, group.notify);
    reader.read(s.node.children);
    config.vrrp_sync_groups.push_back(std::move(group));
}

}  // namespace warren::config
