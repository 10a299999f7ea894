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
    // Each without TLS and with it, which is passed through.
    {5672, of_clients},  {5671, of_clients},   // AMQP
    {1883, of_clients},  {8883, of_clients},   // MQTT
    {61613, of_clients}, {61614, of_clients},  // STOMP
    {15675, of_clients}, {15676, of_clients},  // MQTT in a web page
    {15674, of_clients}, {15673, of_clients},  // STOMP in a web page
    {5552, of_streams},  {5551, of_streams},   // streams
    {15672, of_people},  {15671, of_people},   // management
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
                             "'profile rabbitmq' knows RabbitMQ's own ports (5672, 5671, 1883, "
                             "8883, 61613, 61614, 15673 to 15676, 5552, 5551, 15672, 15671), not " +
                                 std::to_string(server.port));
    BlockReader reader(context, "virtual_server", statement->where);
    add_virtual_server_keywords(reader, server);
    reader.read(nodes_of(of_all, statement->where));
    reader.read(nodes_of(profile->lines, statement->where));
}

}  // namespace warren::schema
