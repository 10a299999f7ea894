// SPDX-License-Identifier: BSD-3-Clause
// persistence_timeout and persistence_granularity, over all workers.
#include "method_world.h"

namespace warren::datapath {
namespace {

constexpr std::uint64_t timeout_ns = 300 * second;

class PersistenceOf : public testing::TestWithParam<unsigned> {
  protected:
    PersistenceOf() {
        world.change([](exchange::Snapshot& s) { s.services[0].persistence = {timeout_ns, 32}; });
    }
    // The last byte of the MAC of the server that a new connection of that client goes to.
    char server_of(const std::string& address) {
        const std::uint16_t port = next_port_++;
        const auto from_client = [&](std::string_view flags, std::uint32_t sequence) {
            return world.send_raw(packets::PacketBuilder()
                                      .ethernet(client_mac, vip_mac)
                                      .ip(address, vip)
                                      .tcp(port, 5672, flags)
                                      .seq(sequence),
                                  port % GetParam());
        };
        const auto sent = from_client("S", 1000);
        EXPECT_EQ(sent.size(), 1U);
        if (sent.size() != 1) return '?';
        const std::string to = net::load<net::EthernetHeader>(sent[0], 0).destination.to_string();
        if (to == client_mac) return '-';
        if (ends_at_once_) {
            world.send_raw(answer_to(sent[0], "SA", 70'000));
            world.send_raw(packets::PacketBuilder()
                               .ethernet(client_mac, vip_mac)
                               .ip(address, vip)
                               .tcp(port, 5672, "A")
                               .seq(1001)
                               .ack(70'001),
                           port % GetParam());
            from_client("R", 1001);
        }
        return to.back();
    }
    std::string servers_of(const std::string& address, int connections) {
        std::string all;
        for (int i = 0; i < connections; ++i)
            all += server_of(address);
        return all;
    }
    void set_group(std::uint8_t length) {
        world.change(
            [=](exchange::Snapshot& s) { s.services[0].persistence.prefix_length = length; });
    }
    void pass(std::uint64_t ns) {
        for (std::uint64_t passed = 0; passed < ns; passed += 100 * ms) {
            world.advance(100 * ms);
            world.run();
        }
    }

    World world{{.workers = GetParam(), .servers = 3}};
    bool ends_at_once_ = false;  // a connection, after its server has answered

  private:
    std::uint16_t next_port_ = 4000;
};

TEST_P(PersistenceOf, AClientsConnectionsGoToOneServer) {
    std::string firsts;
    for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5",
                                "10.0.0.6", "10.0.0.7", "10.0.0.8"}) {
        const std::string servers = servers_of(address, 6);
        EXPECT_EQ(servers, std::string(6, servers[0])) << address;
        firsts += servers[0];
    }
    EXPECT_NE(firsts, std::string(8, firsts[0])) << "others are scheduled on their own";
}

TEST_P(PersistenceOf, TheGranularityMakesGroups) {
    set_group(24);
    const char server = server_of("10.0.0.1");
    for (const char* address : {"10.0.0.2", "10.0.0.77", "10.0.0.254"})
        EXPECT_EQ(servers_of(address, 4), std::string(4, server)) << address;
}

TEST_P(PersistenceOf, AServerThatTakesNoFlowsLosesItsGroups) {
    using exchange::ServerState;
    for (const ServerState state : {ServerState::down, ServerState::drain}) {
        const char server = server_of("10.0.0.1");
        world.change([=](exchange::Snapshot& s) {
            s.servers[static_cast<std::size_t>(server - 'b')].state = state;
        });
        world.run();
        const std::string others = servers_of("10.0.0.1", 5);
        EXPECT_NE(others[0], server);
        EXPECT_EQ(others, std::string(5, others[0]));
        world.change([](exchange::Snapshot& s) {
            for (exchange::Server& all : s.servers)
                all.state = ServerState::up;
        });
        EXPECT_EQ(server_of("10.0.0.1"), others[0]) << "it stays where it has gone";
    }
}

// Drained or of weight 0, and alive: as IPVS and HAProxy have it.
TEST_P(PersistenceOf, AServerThatGetsNobodyElseKeepsItsGroups) {
    const char server = server_of("10.0.0.1");
    const auto change = [&](exchange::ServerState state, std::uint32_t weight, bool reachable) {
        world.change([=](exchange::Snapshot& s) {
            exchange::Server& its = s.servers[static_cast<std::size_t>(server - 'b')];
            its.state = state;
            its.weight = weight;
            its.reachable = reachable;
            its.keeps_groups = true;
        });
        world.run();
    };
    for (const exchange::ServerState state :
         {exchange::ServerState::drain, exchange::ServerState::up}) {
        change(state, 0, true);
        EXPECT_EQ(servers_of("10.0.0.1", 4), std::string(4, server));
        for (const char* other : {"10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4"})
            EXPECT_NE(server_of(other), server) << other;
    }
    change(exchange::ServerState::up, 0, false);
    EXPECT_NE(server_of("10.0.0.1"), server) << "nothing leads there";
}

// A reload has given its index away.
TEST_P(PersistenceOf, AServerOfAnotherServiceIsNotMeant) {
    const char server = server_of("10.0.0.1");
    world.change([=](exchange::Snapshot& s) {
        const auto index = static_cast<std::uint16_t>(server - 'b');
        s.services.push_back(s.services[0]);
        s.services[1].port = net::Be16(5673);
        s.services[1].servers = {index};
        s.servers[index].service = 1;
        std::erase(s.services[0].servers, index);
    });
    EXPECT_EQ(servers_of("10.0.0.1", 4).find(server), std::string::npos);
}

TEST_P(PersistenceOf, AFullServerStillTakesItsGroups) {
    const char server = server_of("10.0.0.1");
    world.change([](exchange::Snapshot& s) {
        for (exchange::Server& each : s.servers)
            each.limit = {.upper = 1, .lower = 0};
    });
    EXPECT_EQ(servers_of("10.0.0.1", 3), std::string(3, server)) << "as in IPVS";
}

TEST_P(PersistenceOf, ExpiresAfterItsFlowsAndItsTimeout) {
    ends_at_once_ = true;
    const char server = server_of("10.0.0.1");
    world.change([=](exchange::Snapshot& s) {
        s.servers[static_cast<std::size_t>(server - 'b')].weight = 0;
        s.servers[static_cast<std::size_t>(server - 'b')].state = exchange::ServerState::drain;
    });
    const char second_server = server_of("10.0.0.1");
    world.change([](exchange::Snapshot& s) {
        for (exchange::Server& each : s.servers)
            each.state = exchange::ServerState::up;
        s.services[0].persistence.timeout_ns = 10 * second;
        s.services[0].algorithm = balance::Algorithm::fo;
        s.servers[0].weight = s.servers[1].weight = s.servers[2].weight = 256;
    });
    pass(8 * second);
    EXPECT_EQ(server_of("10.0.0.1"), second_server) << "and the timer begins again";
    pass(8 * second);
    EXPECT_EQ(server_of("10.0.0.1"), second_server);
    EXPECT_EQ(world.exchange.active_flows(0) + world.exchange.active_flows(1) +
                  world.exchange.active_flows(2),
              0U);
    pass(11 * second);
    EXPECT_EQ(server_of("10.0.0.1"), 'b') << "fo's first choice";
}

// The group follows a connection whose first server said nothing.
TEST_P(PersistenceOf, ASilentServerLosesTheGroup) {
    const char server = server_of("10.0.0.1");
    pass(second);
    EXPECT_NE(server_of("10.0.0.1"), server);
}

INSTANTIATE_TEST_SUITE_P(Workers, PersistenceOf, testing::Values(1, 3));

}  // namespace
}  // namespace warren::datapath
