// SPDX-License-Identifier: BSD-3-Clause
#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr Keyword<config::TrackGroup> track_group_keywords[] = {
    {"group", 0, 0,
     [](Statement& s, config::TrackGroup& g) {
         for (const syntax::Node& child : s.node.children)
             g.instances.insert(g.instances.end(), child.words.begin(), child.words.end());
     },
     BlockUse::required, Repeat::yes},
};

}  // namespace

void read_static_addresses(Statement& s, config::Config& config) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        const auto prefix = read_prefix(entry);
        if (child.has_block || !prefix) {
            entry.warn(syntax::in_quotes(child.keyword()) +
                       " is no address: this line is left out");
            continue;
        }
        config::VirtualAddress address{child.where, *prefix, config.global.default_interface};
        if (read_address_options(entry, address))
            config.static_addresses.push_back(std::move(address));
    }
}

void read_track_group(Statement& s, config::Config& config) {
    config::TrackGroup group;
    group.where = s.where();
    group.name = s.arg(0);
    BlockReader(s.context, "track_group", s.where())
        .keywords(track_group_keywords, group)
        .read(s.node.children);
    config.track_groups.push_back(std::move(group));
}

}  // namespace warren::schema
