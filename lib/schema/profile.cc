// SPDX-License-Identifier: BSD-3-Clause
// `profile rabbitmq` in a virtual_server: lines that are read before its own, so that what stands
// there by hand wins. README.md has the same table.
#include <algorithm>
#include <span>

#include "schema/schema.h"

namespace warren::schema {
namespace {

struct Line {
    const char* keyword;
    const char* value;
};

// Found out within half a second, and kept for as long as TCP's keepalive needs (RFC 5382 REQ-5).
constexpr Line of_all[] = {
    {"lb_kind", "FNAT"},           {"protocol", "TCP"}, {"delay_loop", "0.2"},
    {"connect_timeout", "1"},      {"retry", "1"},      {"delay_before_retry", "0.2"},
    {"establish_timeout", "7440"},
};

// Connections that stay: to the node with the fewest for its weight.
constexpr Line of_clients[] = {{"lb_algo", "wlc"}};
// A client that needs a certain node tries again until it is there: everybody's turn, and never
// the same node for the same client.
constexpr Line of_streams[] = {{"lb_algo", "rr"}};
// A browser's session lives on the node where it has logged in.
constexpr Line of_people[] = {{"lb_algo", "sh"}};

struct Profile {
    std::uint16_t port;
    std::span<const Line> lines;
};
constexpr Profile rabbitmq[] = {
    {5672, of_clients},  // AMQP
    {5671, of_clients},  // AMQP over TLS, passed through
    {1883, of_clients},  // MQTT
    {8883, of_clients},  // MQTT over TLS
    {5552, of_streams},  // streams
    {15672, of_people},  // management
};

const Profile* profile_of(std::uint16_t port) {
    const auto found = std::find_if(std::begin(rabbitmq), std::end(rabbitmq),
                                    [port](const Profile& p) { return p.port == port; });
    return found == std::end(rabbitmq) ? nullptr : found;
}

std::vector<syntax::Node> nodes_of(std::span<const Line> lines, const syntax::Location& where) {
    std::vector<syntax::Node> nodes;
    for (const Line& line : lines) {
        syntax::Node node;
        node.where = where;
        node.words = {line.keyword, line.value};
        nodes.push_back(std::move(node));
    }
    return nodes;
}

}  // namespace

void read_profile(const syntax::Node& block, SchemaContext& context,
                  config::VirtualServer& server) {
    const auto statement =
        std::find_if(block.children.begin(), block.children.end(),
                     [](const syntax::Node& n) { return n.keyword() == "profile"; });
    if (statement == block.children.end()) return;
    const Profile* const profile = profile_of(server.port);
    if (profile == nullptr)
        return context.error(statement->where,
                             "'profile rabbitmq' knows the ports 5672, 5671, 1883, 8883, 5552 and "
                             "15672, not " +
                                 std::to_string(server.port));
    BlockReader reader(context, "virtual_server", statement->where);
    add_virtual_server_keywords(reader, server);
    reader.read(nodes_of(of_all, statement->where));
    reader.read(nodes_of(profile->lines, statement->where));
}

}  // namespace warren::schema
