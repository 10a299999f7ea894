// SPDX-License-Identifier: BSD-3-Clause
// A client, or the gateway before it, gets another MAC while only the server speaks. This test is
// the manager: it hears what workers have heard and says what has moved.
#include "connection.h"

namespace warren::datapath {
namespace {

using packets::PacketBuilder;
using C = exchange::WorkerCounters;

constexpr auto gateway = "192.168.8.1";
constexpr auto new_mac = "02:00:00:00:00:c2";

packets::Frame announcement(const char* mac, const char* address) {
    return PacketBuilder().ethernet(mac, broadcast).arp_request(address, address);
}

std::vector<std::string> heard(World& world) {
    std::vector<std::string> all;
    for (const auto& worker : world.exchange.workers) {
        exchange::StationSeen seen;
        while (worker->stations.pop(seen))
            all.push_back(seen.address.to_string() + " " + seen.mac.to_string());
    }
    return all;
}

void move(World& world, const char* from, const char* to, std::uint8_t port = 0) {
    for (const auto& worker : world.exchange.workers)
        ASSERT_TRUE(
            worker->moves.push({.from = packets::mac(from), .to = packets::mac(to), .port = port}));
    world.run();
}

TEST(MovedClient, WorkersTellWhatOtherStationsSay) {
    World world;
    using Lines = std::vector<std::string>;
    world.send(announcement(client_mac, gateway));
    EXPECT_EQ(heard(world), Lines{"192.168.8.1 02:00:00:00:00:c1"});
    world.send(announcement(client_mac, gateway));
    EXPECT_TRUE(heard(world).empty()) << "once a second is enough";
    world.send(announcement(new_mac, gateway));
    EXPECT_EQ(heard(world), Lines{"192.168.8.1 02:00:00:00:00:c2"}) << "but this is new";
    world.advance(2 * second);
    world.send(PacketBuilder().ethernet(new_mac, broadcast).arp_request(gateway, vip));
    EXPECT_EQ(heard(world), Lines{"192.168.8.1 02:00:00:00:00:c2"}) << "any ARP says it";
}

TEST(MovedClient, NobodyElseSpeaksForOurAddressesNorForNone) {
    World world;
    world.send(announcement(client_mac, vip));
    world.send(PacketBuilder().ethernet(client_mac, broadcast).arp_request("0.0.0.0", gateway));
    world.send(announcement(vip_mac, gateway));
    EXPECT_TRUE(heard(world).empty());
}

TEST(MovedClient, NeighbourDiscoverySaysItToo) {
    World world;
    world.send(PacketBuilder()
                   .ethernet(new_mac, "33:33:00:00:00:01")
                   .ip("fe80::1", "ff02::1")
                   .neighbour_advertisement("fe80::1", "O", new_mac));
    EXPECT_EQ(heard(world), std::vector<std::string>{"fe80::1 02:00:00:00:00:c2"});
    world.send(PacketBuilder()
                   .ethernet(client_mac, "33:33:00:00:00:01")
                   .ip("fe80::1", "ff02::1")
                   .neighbour_advertisement("fe80::1", "", client_mac));
    EXPECT_TRUE(heard(world).empty()) << "RFC 4861 7.2.5: without Override it replaces nothing";
}

class MovedClientOf : public testing::TestWithParam<unsigned> {};

TEST_P(MovedClientOf, ItsServersWordsFollowAtOnce) {
    World world({.workers = GetParam(), .servers = 1});
    std::vector<Connection> connections;
    for (std::uint16_t port = 4000; port < 4020; ++port) {
        connections.emplace_back(world, port);
        connections.back().open();
    }
    move(world, "02:00:00:00:00:dd", new_mac);
    move(world, client_mac, new_mac, 1);
    EXPECT_EQ(connections[0].from_server("PA", "x").destination_mac(), client_mac)
        << "others have moved";
    move(world, client_mac, new_mac);
    for (Connection& c : connections)
        EXPECT_EQ(c.from_server("PA", "x").destination_mac(), new_mac);
    EXPECT_EQ(world.counted(&C::clients_moved), 20U);
    world.change([](exchange::Snapshot& s) { s.servers[0].state = exchange::ServerState::down; });
    unsigned resets = 0;
    for (const std::string& line : world.run())
        resets += line.find(std::string("> ") + new_mac) != std::string::npos ? 1U : 0U;
    EXPECT_GE(resets, 20U) << "nor do clients of a dead server wait";
}

INSTANTIATE_TEST_SUITE_P(Workers, MovedClientOf, testing::Values(1U, 2U));

// Other traffic waits for no more than a part of the walk.
TEST(MovedClient, TheWalkIsBoundedPerRound) {
    World world({.servers = 1, .flow_capacity = 4096});
    for (std::uint16_t i = 0; i < 1200; ++i)
        Connection(world, static_cast<std::uint16_t>(10'000 + i)).open();
    ASSERT_TRUE(world.exchange.workers[0]->moves.push(
        {.from = packets::mac(client_mac), .to = packets::mac(new_mac)}));
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(world.counted(&C::clients_moved), 512U);
    world.workers[0]->poll_once(world.now_ns);
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(world.counted(&C::clients_moved), 1200U);
}

}  // namespace
}  // namespace warren::datapath
