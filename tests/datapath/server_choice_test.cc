// SPDX-License-Identifier: BSD-3-Clause
// Which server a client's SYN goes to.
#include "tables/server_choice.h"

#include "balance/client_key.h"
#include "connection.h"

namespace warren::datapath {
namespace {

using balance::Algorithm;
using exchange::Drop;

// The last bytes of the servers that so many clients one after another are sent to.
std::string servers_of(World& world, int clients, int first_port = 4000) {
    std::string text;
    for (int i = 0; i < clients; ++i)
        text += Connection(world, static_cast<std::uint16_t>(first_port + i))
                    .from_client("S")
                    .destination_mac()
                    .back();
    return text;
}

void use(World& world, Algorithm algorithm) {
    world.change([=](exchange::Snapshot& s) { s.services[0].algorithm = algorithm; });
}

// As the manager makes the table.
void use_maglev(World& world, bool fallback = false, bool port = false) {
    world.change([=](exchange::Snapshot& s) {
        exchange::Service& service = s.services[0];
        std::vector<balance::SlotOwner> owners;
        for (const std::uint16_t id : service.servers) {
            const exchange::Server& server = s.servers[id];
            owners.push_back(
                {balance::client_key(server.address, server.port), server.weight, server.weight});
        }
        service.algorithm = Algorithm::mh;
        service.slots = std::make_shared<balance::SlotTable>(balance::SlotTable::maglev(owners));
        service.hash_fallback = fallback;
        service.hash_port = port;
    });
}

TEST(ServerChoice, EachSchedulerSeesTheFlowsOfItsServers) {
    const std::pair<Algorithm, const char*> expected[] = {
        {Algorithm::rr, "bcdbcd"},  {Algorithm::wrr, "dcbdcd"}, {Algorithm::lc, "bcdbcd"},
        {Algorithm::wlc, "dcbdcd"}, {Algorithm::sed, "dcddcb"}, {Algorithm::nq, "dcbddc"},
        {Algorithm::fo, "dddddd"},
    };
    for (const auto& [algorithm, servers] : expected) {
        World world({.servers = 3});
        world.change([](exchange::Snapshot& s) {
            for (std::uint32_t i = 0; i < 3; ++i)
                s.servers[i].weight = (i + 1) * balance::weight_one;
        });
        use(world, algorithm);
        EXPECT_EQ(servers_of(world, 6), servers) << static_cast<int>(algorithm);
    }
}

// IPVS's active connections. DR and TUN do not see the server's FIN, in the others either end may
// take its time with it.
TEST(ServerChoice, AConnectionThatItsClientHasClosedIsNoLoad) {
    for (const flow::Method method :
         {flow::Method::fnat, flow::Method::nat, flow::Method::dr, flow::Method::tun}) {
        World world({.servers = 3, .flow_capacity = 1024});
        use(world, Algorithm::wlc);
        world.change([=](exchange::Snapshot& s) {
            for (std::uint32_t i = 0; i < 3; ++i) {
                s.servers[i].method = method;
                s.servers[i].weight = balance::weight_one << i;
                s.servers[i].tunnel_source = packets::address("192.168.8.4");
            }
        });
        std::vector<std::uint16_t> of_the_third;
        for (std::uint16_t port = 4000; port < 4000 + 70; ++port) {
            const std::string mac = Connection(world, port).from_client("S").destination_mac();
            if (mac.back() == 'd') of_the_third.push_back(port);
        }
        ASSERT_EQ(of_the_third.size(), 40U);
        for (const std::uint16_t port : of_the_third) {
            const Connection c(world, port);
            if (flow::sees_both_sides(method)) {
                world.send(c.client_segment("R").seq(1001));
                continue;
            }
            world.send(c.client_segment("A").seq(1001).ack(1));
            world.send(c.client_segment("FA").seq(1001).ack(1));
        }
        const std::string next = servers_of(world, 60, 5000);
        EXPECT_EQ(next.substr(0, 40), std::string(40, 'd'));
        EXPECT_GE(std::count(next.begin(), next.end(), 'd'), 50);
    }
}

TEST(ServerChoice, AHalfClosedConnectionIsNoLoadEither) {
    World world({.servers = 2});
    use(world, Algorithm::lc);
    Connection first(world, 4000);
    first.open();
    Connection(world, 4001).open();
    ASSERT_EQ(first.server_mac.back(), 'b');
    first.from_client("FA");
    EXPECT_EQ(servers_of(world, 1, 4002), "b");
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 2U) << "it is still there";
}

TEST(ServerChoice, WeightZeroNeverGetsAFlow) {
    for (const Algorithm algorithm : {Algorithm::rr, Algorithm::wrr, Algorithm::lc, Algorithm::wlc,
                                      Algorithm::sed, Algorithm::nq, Algorithm::fo}) {
        World world;
        world.change([](exchange::Snapshot& s) { s.servers[0].weight = 0; });
        use(world, algorithm);
        EXPECT_EQ(servers_of(world, 4), "cccc") << static_cast<int>(algorithm);
    }
}

TEST(ServerChoice, MaglevSendsAllConnectionsOfAClientToOneServer) {
    World world({.servers = 4});
    use_maglev(world);
    const std::string servers = servers_of(world, 8);
    EXPECT_EQ(servers, std::string(8, servers[0]));
    use_maglev(world, false, true);
    EXPECT_NE(servers_of(world, 8, 5000), std::string(8, servers[0])) << "mh-port tells them apart";
}

TEST(ServerChoice, MaglevWithoutFallbackRefusesWhereItsServerHasNoNextHop) {
    World world({.servers = 4});
    use_maglev(world);
    const std::string server = servers_of(world, 1);
    const auto lost = static_cast<std::size_t>(server[0] - 'b');
    world.change([=](exchange::Snapshot& s) { s.servers[lost].reachable = false; });
    Connection refused(world, 5000);
    EXPECT_NE(refused.from_client("S").line.find("> 192.168.8.50 "), std::string::npos);
    EXPECT_EQ(world.refused(Drop::no_server), 1U);
    use_maglev(world, true);
    const std::string other = servers_of(world, 3, 6000);
    EXPECT_NE(other[0], server[0]);
    EXPECT_EQ(other, std::string(3, other[0])) << "always the same";
}

}  // namespace
}  // namespace warren::datapath
