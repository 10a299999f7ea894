// SPDX-License-Identifier: BSD-3-Clause
// The live flows of a server that refuses new ones are asked whether it still knows them.
#include "connection.h"

namespace warren::datapath {
namespace {

using C = exchange::WorkerCounters;

void probe_flows(World& world, std::uint16_t server = 0) {
    ASSERT_TRUE(world.exchange.workers[0]->roll_calls.push({.server = server}));
}

// What is sent while the call goes on.
Lines sent_during_call(World& world) {
    Lines all;
    for (int round = 0; round < 20; ++round) {
        for (std::string& line : world.run())
            all.push_back(std::move(line));
        world.advance(1'000'000);
    }
    return all;
}

// RFC 9293 3.10.7.1: a host that knows the connection no more answers with RST at SEG.ACK, which is
// what its client waits for.
TEST(RollCall, AConnectionThatItsServerHasLostIsReset) {
    World world({.servers = 1});
    Connection c(world);
    c.open();
    c.from_client("PA", "a question");
    c.client_seq += 10;
    c.from_server("A");
    probe_flows(world);
    const Lines asked = sent_during_call(world);
    ASSERT_EQ(asked.size(), 1U) << "once, and the client is not asked";
    EXPECT_NE(asked[0].find("192.168.8.100 > 192.168.8.11"), std::string::npos) << asked[0];
    EXPECT_NE(asked[0].find("[A] seq " + std::to_string(c.client_seq + c.delta - 1) + " ack " +
                            std::to_string(c.server_seq)),
              std::string::npos)
        << asked[0];
    const Seen reset = c.from_server("R");
    EXPECT_EQ(reset.parsed.destination.to_string(), client);
    EXPECT_EQ(reset.parsed.sequence, c.server_seq);
    EXPECT_EQ(causes(world), std::vector(1, exchange::EndCause::server_reset));
    EXPECT_EQ(world.exchange.active_flows(0), 0U);
}

TEST(RollCall, AConnectionThatLivesGoesOn) {
    World world({.servers = 1});
    Connection c(world);
    c.open();
    probe_flows(world);
    EXPECT_EQ(sent_during_call(world).size(), 1U);
    c.from_server("A");
    c.from_client("PA", "still here");
    EXPECT_EQ(causes(world).size(), 0U);
    world.advance(3600 * second);
    EXPECT_TRUE(world.run().empty()) << "no answer is asked for again";
    EXPECT_EQ(world.exchange.active_flows(0), 1U);
}

TEST(RollCall, AllOfTheServersAreAskedAndNobodyElses) {
    World world({.servers = 2, .flow_capacity = 1024});
    for (std::uint16_t i = 0; i < 300; ++i)
        Connection(world, static_cast<std::uint16_t>(4000 + i)).open();
    Connection(world, 9000).from_client("S");  // has no answer yet
    const std::uint64_t flows = world.exchange.active_flows(1);
    probe_flows(world, 1);
    const std::size_t first = world.run().size();
    EXPECT_LE(first, 32U) << "bounded: their answers come by the queues of all";
    const Lines rest = sent_during_call(world);
    EXPECT_EQ(world.counted(&C::probes_sent), first + rest.size());
    EXPECT_GE(first + rest.size() + 1, flows);
    std::set<std::string> asked(rest.begin(), rest.end());
    for (const std::string& line : asked)
        EXPECT_NE(line.find("> 192.168.8.12 "), std::string::npos) << line;
}

TEST(RollCall, WhoEndsMeanwhileHidesNobody) {
    World world({.servers = 1, .flow_capacity = 1024});
    std::vector<Connection> all;
    for (std::uint16_t i = 0; i < 100; ++i)
        all.emplace_back(world, static_cast<std::uint16_t>(4000 + i)).open();
    probe_flows(world);
    world.run();
    all[32].from_server("R");  // the next one
    sent_during_call(world);
    probe_flows(world);
    std::set<std::string> asked;
    for (const std::string& line : sent_during_call(world))
        asked.insert(line);
    EXPECT_EQ(asked.size(), 99U);
}

}  // namespace
}  // namespace warren::datapath
