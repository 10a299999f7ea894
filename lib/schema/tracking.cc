// SPDX-License-Identifier: BSD-3-Clause
// vrrp_sync_group, and what it has in common with a vrrp_instance.
#include "schema/schema.h"

#include <algorithm>

namespace warren::schema {
namespace {

void add(Statement& entry, config::Tracked tracked, std::vector<config::Tracked>& out) {
    const bool again = std::any_of(out.begin(), out.end(), [&](const config::Tracked& other) {
        return other.kind == tracked.kind && other.name == tracked.name;
    });
    if (again)
        entry.warn("the " + std::string(config::to_text(tracked.kind)) + " " +
                   syntax::in_quotes(tracked.name) + " is tracked already: this line is ignored");
    else
        out.push_back(std::move(tracked));
}

// NAME [weight N [reverse|noreverse]], one a line.
void read_tracked(Statement& s, config::TrackKind kind, std::int64_t most_weight,
                  std::vector<config::Tracked>& out) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        config::Tracked tracked{child.where, kind, child.keyword(), {}, {}};
        read_weight(entry, 0, most_weight, tracked.weight, tracked.reverse);
        add(entry, std::move(tracked), out);
    }
}

bool is_number(const std::string& word) {
    return word.find_first_not_of("0123456789") == std::string::npos;
}

// ADDRESS PORT weight N [reverse|noreverse]: a virtual_server, one a line.
void read_tracked_quorums(Statement& s, std::vector<config::Tracked>& out) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        config::VirtualServer service;
        const auto address = net::IpAddress::parse(child.keyword());
        if (!address || entry.args() == 0 || !is_number(entry.arg(0))) {
            entry.error("an entry of track_quorum looks like 192.0.2.1 5672 weight -50");
            continue;
        }
        service.address = *address;
        if (!entry.number(1, 65'535, service.port, 0, "port")) continue;
        config::Tracked tracked{
            child.where, config::TrackKind::quorum, config::name_of(service), {}, {}};
        read_weight(entry, 1, 253, tracked.weight, tracked.reverse);
        add(entry, std::move(tracked), out);
    }
}

constexpr Keyword<std::vector<config::Tracked>> tracked_keywords[] = {
    {"track_interface", 0, 0,
     [](Statement& s, std::vector<config::Tracked>& t) {
         read_tracked(s, config::TrackKind::interface, 253, t);
     },
     BlockUse::required, Repeat::yes},
    {"track_script", 0, 0,
     [](Statement& s, std::vector<config::Tracked>& t) {
         read_tracked(s, config::TrackKind::script, 253, t);
     },
     BlockUse::required, Repeat::yes},
    {"track_file", 0, 0,
     [](Statement& s, std::vector<config::Tracked>& t) {
         read_tracked(s, config::TrackKind::file, 254, t);
     },
     BlockUse::required, Repeat::yes},
    {"track_process", 0, 0,
     [](Statement& s, std::vector<config::Tracked>& t) {
         read_tracked(s, config::TrackKind::process, 254, t);
     },
     BlockUse::required, Repeat::yes},
    {"track_bfd", 0, 0,
     [](Statement& s, std::vector<config::Tracked>& t) {
         read_tracked(s, config::TrackKind::bfd, 253, t);
     },
     BlockUse::required, Repeat::yes},
    {"track_quorum", 0, 0, read_tracked_quorums, BlockUse::required, Repeat::yes},
};

constexpr Keyword<config::NotifyScripts> notify_keywords[] = {
    {"notify", 1, 3, [](Statement& s, config::NotifyScripts& n) { s.script(n.any); },
     BlockUse::none, Repeat::first},
    {"notify_master", 1, 3, [](Statement& s, config::NotifyScripts& n) { s.script(n.master); },
     BlockUse::none, Repeat::first},
    {"notify_backup", 1, 3, [](Statement& s, config::NotifyScripts& n) { s.script(n.backup); },
     BlockUse::none, Repeat::first},
    {"notify_fault", 1, 3, [](Statement& s, config::NotifyScripts& n) { s.script(n.fault); },
     BlockUse::none, Repeat::first},
    {"notify_stop", 1, 3, [](Statement& s, config::NotifyScripts& n) { s.script(n.stop); },
     BlockUse::none, Repeat::first},
    {"notify_deleted", 0, 3,
     [](Statement& s, config::NotifyScripts& n) {
         n.says_deleted = true;
         if (s.args() > 0) s.script(n.deleted);
     }},
};

void read_members(Statement& s, config::VrrpSyncGroup& group) {
    for (const syntax::Node& child : s.node.children)
        for (const std::string& word : child.words)
            group.members.push_back({child.where, word});
}

constexpr Keyword<config::VrrpSyncGroup> group_keywords[] = {
    {"sync_group_tracking_weight", 0, 0,
     [](Statement&, config::VrrpSyncGroup& g) { g.tracking_weight = true; }},
    {"smtp_alert", 0, 1, [](Statement& s, config::VrrpSyncGroup& g) { s.boolean(g.smtp_alert); }},
    {"group", 0, 0, read_members, BlockUse::required},
};

constexpr IgnoredKeyword ignored_group[] = {
    {"notify_priority_changes", "say it of the group's instances, or vrrp_notify_priority_changes"},
    {"global_tracking", "it is obsolete"},
};

}  // namespace

void read_weight(Statement& s, std::size_t first, std::int64_t most, std::optional<int>& weight,
                 std::optional<bool>& reverse) {
    for (std::size_t i = first; i < s.args(); ++i) {
        const std::string& word = s.arg(i);
        if (word == "reverse" || word == "noreverse" || word == "no_reverse") {
            reverse = word == "reverse";
        } else if (word == "weight" && i + 1 < s.args()) {
            s.number_or_none(-most, most, weight, i + 1, "weight");
            ++i;
        } else {
            s.warn("after " + syntax::in_quotes(s.node.keyword()) +
                   " comes 'weight N [reverse]', not " + syntax::in_quotes(word) +
                   ", which is left out, as in keepalived");
        }
    }
}

void add_tracked_keywords(BlockReader& reader, std::vector<config::Tracked>& tracked) {
    reader.keywords(tracked_keywords, tracked);
}

void add_notify_keywords(BlockReader& reader, config::NotifyScripts& notify) {
    reader.keywords(notify_keywords, notify);
}

void read_vrrp_sync_group(Statement& s, config::Config& config) {
    config::VrrpSyncGroup group;
    group.where = s.where();
    group.name = s.arg(0);
    BlockReader reader(s.context, "vrrp_sync_group", s.where());
    reader.keywords(group_keywords, group).ignore(ignored_group);
    add_tracked_keywords(reader, group.tracked);
    add_notify_keywords(reader, group.notify);
    reader.read(s.node.children);
    config.vrrp_sync_groups.push_back(std::move(group));
}

}  // namespace warren::schema
