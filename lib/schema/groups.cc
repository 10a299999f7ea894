// SPDX-License-Identifier: BSD-3-Clause
// virtual_server_group: several addresses and ports that are balanced alike. Each becomes a
// virtual_server of its own.
#include <algorithm>
#include <charconv>

#include "schema/schema.h"

namespace warren::schema {
namespace {

// Addresses of a range differ in their last byte, or in IPv6 in their last two.
net::IpAddress nth(const net::IpAddress& first, unsigned n) {
    auto bytes = first.bytes();
    const unsigned last = (first.is_v4() ? 0U : bytes[14] * 256U) + bytes[15] + n;
    bytes[15] = static_cast<std::uint8_t>(last);
    if (!first.is_v4()) bytes[14] = static_cast<std::uint8_t>(last >> 8);
    return net::IpAddress::v6(bytes);
}

// "10.0.0.1", "10.0.0.1-9", "2001:db8::1-f"
bool read_range(Statement& s, const std::string& text, ServerGroup::Entry& entry) {
    const std::size_t dash = text.find('-');
    const auto first = net::IpAddress::parse(text.substr(0, dash));
    if (first) {
        entry.first = *first;
        if (dash == std::string::npos) return true;
        const auto& bytes = first->bytes();
        const unsigned begin = (first->is_v4() ? 0U : bytes[14] * 256U) + bytes[15];
        unsigned end = 0;
        const char* const stop = text.data() + text.size();
        const auto [at, fault] =
            std::from_chars(text.data() + dash + 1, stop, end, first->is_v4() ? 10 : 16);
        if (fault == std::errc{} && at == stop && end >= begin &&
            end <= (first->is_v4() ? 255U : 0xffffU)) {
            entry.count = end - begin + 1;
            return true;
        }
    }
    s.error(syntax::in_quotes(text) +
            " is no address: an entry looks like 192.0.2.1 80, 192.0.2.1-9 80 "
            "or fwmark 3");
    return false;
}

void read_entry(SchemaContext& context, const syntax::Node& node, ServerGroup& group) {
    Statement s(context, node);
    if (node.keyword() == "fwmark")
        return s.warn(
            "fwmark in a virtual_server_group is not served yet: write addresses and "
            "ports");
    ServerGroup::Entry entry{node.where, {}};
    if (!read_range(s, node.keyword(), entry)) return;
    if (s.args() > 0 && !s.number(0, 65'535, entry.port, 0, "port")) return;
    group.entries.push_back(entry);
}

void expand(Statement& s, const ServerGroup& group, const config::VirtualServer& server,
            config::Config& config) {
    for (const ServerGroup::Entry& entry : group.entries)
        for (unsigned i = 0; i < entry.count; ++i) {
            if (config.virtual_servers.size() > config::max_virtual_servers) return;
            config::VirtualServer copy = server;
            copy.address = nth(entry.first, i);
            copy.port = entry.port;
            add_virtual_server(s, std::move(copy), config);
        }
}

}  // namespace

void read_virtual_server_group(Statement& s, std::vector<ServerGroup>& groups) {
    ServerGroup group{s.arg(0), {}};
    for (const syntax::Node& child : s.node.children)
        read_entry(s.context, child, group);
    if (s.node.children.empty()) s.warn("the virtual_server_group has no entry");
    groups.push_back(std::move(group));
}

void expand_groups(SchemaContext& context, const std::vector<ServerGroup>& groups,
                   const std::vector<GroupedServer>& grouped, config::Config& config) {
    for (const GroupedServer& g : grouped) {
        Statement s(context, *g.node);
        const auto group = std::find_if(groups.begin(), groups.end(),
                                        [&](const ServerGroup& o) { return o.name == g.group; });
        if (group == groups.end())
            s.warn("there is no virtual_server_group " + syntax::in_quotes(g.group) +
                   ": this virtual_server is left out");
        else
            expand(s, *group, g.server, config);
    }
}

}  // namespace warren::schema
