// SPDX-License-Identifier: BSD-3-Clause
// virtual_server_group: several addresses and ports that are balanced alike. Each becomes a
// virtual_server of its own.
#include <algorithm>
#include <charconv>

#include "schema/schema.h"

namespace warren::schema {
namespace {

net::IpAddress nth(const net::IpAddress& first, unsigned n) {
    auto bytes = first.bytes();
    for (std::size_t i = bytes.size(); i-- > 0 && n != 0; n >>= 8) {
        n += bytes[i];
        bytes[i] = static_cast<std::uint8_t>(n);
    }
    return net::IpAddress::v6(bytes);
}

// How many addresses there are up to `last`; at most one more than can be served.
std::optional<unsigned> count_to(const net::IpAddress& first, const net::IpAddress& last) {
    if (last < first || last.is_v4() != first.is_v4()) return std::nullopt;
    unsigned count = 1;
    while (count <= config::max_virtual_servers && nth(first, count - 1) != last)
        ++count;
    return count;
}

// keepalived's short form: only the end of the last address, a byte or 16 bits of IPv6.
std::optional<net::IpAddress> with_end(net::IpAddress first, const std::string& text) {
    auto bytes = first.bytes();
    unsigned end = 0;
    const char* const stop = text.data() + text.size();
    const auto [at, fault] = std::from_chars(text.data(), stop, end, first.is_v4() ? 10 : 16);
    if (fault != std::errc{} || at != stop || end > (first.is_v4() ? 255U : 0xffffU))
        return std::nullopt;
    bytes[15] = static_cast<std::uint8_t>(end);
    if (!first.is_v4()) bytes[14] = static_cast<std::uint8_t>(end >> 8);
    return net::IpAddress::v6(bytes);
}

std::optional<net::IpAddress> last_of(const net::Prefix& prefix) {
    auto bytes = prefix.address.bytes();
    const unsigned before = (prefix.address.is_v4() ? 96U : 0U) + prefix.length;
    for (unsigned bit = before; bit < 128; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
        if ((bytes[bit / 8] & mask) != 0) return std::nullopt;  // no network's address
        bytes[bit / 8] |= mask;
    }
    return net::IpAddress::v6(bytes);
}

// "10.0.0.1", "10.0.0.1-9", "10.0.0.250-10.0.1.9", "10.0.0.8/29"; IPv6 alike.
std::optional<unsigned> count_of(const std::string& text, net::IpAddress& first) {
    if (text.find('/') != std::string::npos) {
        const auto prefix = net::Prefix::parse(text);
        if (!prefix) return std::nullopt;
        first = prefix->address;
        const auto last = last_of(*prefix);
        return last ? count_to(first, *last) : std::nullopt;
    }
    const std::size_t dash = text.find('-');
    const auto begin = net::IpAddress::parse(text.substr(0, dash));
    if (!begin) return std::nullopt;
    first = *begin;
    if (dash == std::string::npos) return 1;
    const std::string end = text.substr(dash + 1);
    const bool is_whole = end.find(begin->is_v4() ? '.' : ':') != std::string::npos;
    const auto last = is_whole ? net::IpAddress::parse(end) : with_end(first, end);
    return last ? count_to(first, *last) : std::nullopt;
}

bool read_range(Statement& s, const std::string& text, ServerGroup::Entry& entry) {
    const auto count = count_of(text, entry.first);
    if (!count)
        s.error(syntax::in_quotes(text) +
                " is no address: an entry looks like 192.0.2.1 80, 192.0.2.1-9 80, "
                "192.0.2.1-192.0.2.9 80, 192.0.2.8/29 80 or fwmark 3");
    entry.count = count.value_or(0);
    return count.has_value();
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
