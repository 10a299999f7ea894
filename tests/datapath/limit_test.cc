// SPDX-License-Identifier: BSD-3-Clause
// uthreshold and lthreshold of a server, over all workers.
#include "connection.h"

namespace warren::datapath {
namespace {

class Limit : public testing::TestWithParam<unsigned> {
  protected:
    Limit() {
        world.change([](exchange::Snapshot& s) { s.servers[0].limit = {.upper = 8, .lower = 4}; });
    }
    // Whether a new client's SYN is forwarded.
    bool connect() {
        const std::uint16_t port = next_port_++;
        Connection& c = clients.emplace_back(world, port);
        if (c.from_client("S").line.find("> 192.168.8.11 ") == std::string::npos) {
            clients.pop_back();
            return false;
        }
        c.open();
        return true;
    }
    void disconnect() {
        Connection& c = clients.back();
        c.from_client("R");
        clients.pop_back();
    }

    World world{{.workers = GetParam(), .servers = 1}};
    std::vector<Connection> clients;

  private:
    std::uint16_t next_port_ = 4000;
};

TEST_P(Limit, FullAtTheUpperAndFreeBelowTheLowerThreshold) {
    for (int i = 0; i < 8; ++i)
        EXPECT_TRUE(connect()) << i;
    for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(connect()) << "whoever its worker is";
    EXPECT_EQ(world.refused(exchange::Drop::no_server), 20U);
    for (int i = 0; i < 4; ++i)
        disconnect();
    EXPECT_FALSE(connect()) << "4 are not fewer than 4";
    disconnect();
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(connect()) << i;
    EXPECT_FALSE(connect());
}

TEST_P(Limit, ALimitTakenAwayIsForgotten) {
    while (connect()) {
    }
    EXPECT_EQ(clients.size(), 8U);
    world.change([](exchange::Snapshot& s) { s.servers[0].limit = {}; });
    EXPECT_TRUE(connect());
    world.change([](exchange::Snapshot& s) { s.servers[0].limit = {.upper = 12, .lower = 9}; });
    EXPECT_TRUE(connect());
}

INSTANTIATE_TEST_SUITE_P(Workers, Limit, testing::Values(1, 3));

TEST(LimitAndOthers, AFullServersClientsGoToTheOthers) {
    World world({.workers = 2, .servers = 2});
    world.change([](exchange::Snapshot& s) { s.servers[0].limit = {.upper = 3, .lower = 0}; });
    for (std::uint16_t port = 4000; port < 4020; ++port)
        Connection(world, port).from_client("S");
    EXPECT_EQ(world.exchange.active_flows(0), 3U);
    EXPECT_EQ(world.exchange.active_flows(1), 17U);
}

}  // namespace
}  // namespace warren::datapath
