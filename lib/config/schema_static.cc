// SPDX-License-Identifier: BSD-3-Clause
#include "config/schema_address.h"
#include "config/schema_policy.h"

namespace warren::config {
namespace {

constexpr Keyword<TrackGroup> track_group_keywords[] = {
    {"group", 0, 0,
     [](Statement& s, TrackGroup& g) {
         for (const Node& child : s.node.children)
             g.instances.insert(g.instances.end(), child.words.begin(), child.words.end());
     },
     BlockUse::required, Repeat::yes},
};

}  // namespace

void read_static_addresses(Statement& s, Config& config) {
    for (const Node& child : s.node.children) {
        Statement entry(s.context, child);
        const auto prefix = net::Prefix::parse(child.keyword());
        if (child.has_block || !prefix) {
            entry.warn(in_quotes(child.keyword()) + " is no address: this line is left out");
            continue;
        }
        VirtualAddress address{child.where, *prefix, config.global.default_interface};
        read_address_options(entry, address);
        config.static_addresses.push_back(std::move(address));
    }
}

void read_track_group(Statement& s, Config& config) {
    TrackGroup group;
    group.where = s.where();
    group.name = s.arg(0);
    BlockReader(s.context, "track_group", s.where())
        .keywords(track_group_keywords, group)
        .read(s.node.children);
    config.track_groups.push_back(std::move(group));
}

}  // namespace warren::config
