// SPDX-License-Identifier: BSD-3-Clause
// TUN, packet in and packet out: 4 in 4, 6 in 4, 4 in 6 and 6 in 6.
#include "method_world.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::ServerState;
using C = exchange::WorkerCounters;

struct Tunnel {
    const char* name;
    Endpoints inner;
    Endpoints outer;
    std::size_t header;  // bytes of the outer one
};

class Tunnels : public testing::TestWithParam<Tunnel> {
  protected:
    // The client and the VIP are of the inner family, the servers of the outer one.
    struct TunnelWorld : MethodWorld {
        explicit TunnelWorld(const Tunnel& t) : MethodWorld(flow::Method::tun, t.inner) {
            change([&](exchange::Snapshot& s) {
                for (std::size_t i = 0; i < 2; ++i) {
                    s.servers[i].address = packets::address(t.outer.servers[i]);
                    s.servers[i].tunnel_source = packets::address(t.outer.primary);
                }
            });
        }
    };

    static std::string df(const Endpoints& ends) {
        return ends.ip == std::string("IPv4") ? " DF" : "";
    }
    std::string outer(const char* server_mac = first_server_mac, int server = 0,
                      const std::string& tos = "") const {
        const Endpoints& o = GetParam().outer;
        return std::string("02:00:00:00:00:65 > ") + server_mac + " " + o.ip + " " + o.primary +
               " > " + o.servers[static_cast<std::size_t>(server)] + " ttl 64" + tos + df(o) +
               " | ";
    }
    std::string inner(int ttl = 63, const std::string& tos = "") const {
        const Endpoints& i = GetParam().inner;
        return std::string(i.ip) + " " + i.client + " > " + i.vip + " ttl " + std::to_string(ttl) +
               tos + df(i);
    }
};
INSTANTIATE_TEST_SUITE_P(Families, Tunnels,
                         testing::Values(Tunnel{"Ipip", ipv4, ipv4, 20},
                                         Tunnel{"Sit", ipv6, ipv4, 20},
                                         Tunnel{"Ipip6", ipv4, ipv6, 40},
                                         Tunnel{"Ip6ip6", ipv6, ipv6, 40}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Tunnels, TheClientsPacketGoesInside) {
    TunnelWorld world(GetParam());
    const auto syn = world.send_raw(world.to_vip("S"));
    ASSERT_EQ(syn.size(), 1U);
    EXPECT_EQ(describe_tunnel(syn[0]),
              outer() + inner() + " TCP 4000 > 5672 [S] seq 1000 ack 0 win 65535");
    // Short frames are padded on Ethernet: padding does not go along.
    const auto ack = world.send_raw(world.to_vip("A").seq(1001).ack(70'001).pad_to(90));
    ASSERT_EQ(ack.size(), 1U);
    EXPECT_EQ(describe_tunnel(ack[0]),
              outer() + inner() + " TCP 4000 > 5672 [A] seq 1001 ack 70001 win 65535");
    EXPECT_EQ(ack[0].size(),
              14 + GetParam().header + net::parse(world.to_vip("A").build()).packet_end() - 14);
}

// RFC 2003 3.1, RFC 6040 4.1: the class with its ECN bits, and DF.
TEST_P(Tunnels, TheOuterHeaderTakesClassAndDf) {
    TunnelWorld world(GetParam());
    world.send(world.to_vip("S"));
    const auto sent = world.send_raw(world.to_vip("A").seq(1001).tos(0x2a));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(describe_tunnel(sent[0]).find(outer(first_server_mac, 0, " tos 0x2a")), 0U)
        << describe_tunnel(sent[0]);
    if (std::string(GetParam().name) != "Ipip") return;
    const Lines loose = world.send(world.to_vip("A").seq(1001).dont_fragment(false));
    ASSERT_EQ(loose.size(), 1U);
    EXPECT_EQ(loose[0].find(" DF"), std::string::npos) << loose[0];
    EXPECT_NE(loose[0].find(" id "), std::string::npos) << "needed for reassembly: " << loose[0];
}

// What fits a link of 1,500 bytes beside the outer header, less the inner headers.
TEST_P(Tunnels, TheSynsMssIsClamped) {
    TunnelWorld world(GetParam());
    const auto sent = world.send_raw(world.to_vip("S").mss(1460));
    ASSERT_EQ(sent.size(), 1U);
    const std::size_t headers =
        GetParam().header + (GetParam().inner.ip == std::string("IPv4") ? 40 : 60);
    EXPECT_NE(describe_tunnel(sent[0]).find("<mss " + std::to_string(1500 - headers) + ">"),
              std::string::npos)
        << describe_tunnel(sent[0]);
}

// RFC 1191, RFC 8201: the client is told what fits; the quoted packet is its own.
TEST_P(Tunnels, ATooLargePacketIsAnsweredWithTheSizeThatFits) {
    TunnelWorld world(GetParam());
    world.send(world.to_vip("S"));
    const bool four = GetParam().inner.ip == std::string("IPv4");
    const std::size_t room = 1500 - GetParam().header;
    const std::size_t payload = room - (four ? 40 : 60);
    const auto fits = world.to_vip("A").seq(1001).payload(packets::Frame(payload, 'x'));
    EXPECT_EQ(world.send(fits).size(), 1U);
    const auto large = world.to_vip("A").seq(1001).payload(packets::Frame(payload + 1, 'x'));
    const auto sent = world.send_raw(large);
    ASSERT_EQ(sent.size(), 1U);
    char rest[16];
    std::snprintf(rest, sizeof(rest), "0x%08zx", room);
    const std::string line = packets::describe(sent[0]);
    EXPECT_EQ(
        line.find("02:00:00:00:00:64 > 02:00:00:00:00:c1 " + std::string(GetParam().inner.ip) +
                  " " + GetParam().inner.vip + " > " + GetParam().inner.client + " ttl 64"),
        0U)
        << line;
    EXPECT_NE(line.find((four ? " ICMP type 3 code 4 rest " : " ICMP type 2 code 0 rest ") +
                        std::string(rest)),
              std::string::npos)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    EXPECT_EQ(sent[0].size(), four ? 14 + 576 : 14 + 1280);
    EXPECT_EQ(describe_quote(sent[0]).find(inner(64)), 0U) << describe_quote(sent[0]);
}

TEST_P(Tunnels, ADeadServersClientsAreReset) {
    TunnelWorld world(GetParam());
    world.send(world.to_vip("S"));
    world.send(world.to_vip("A").seq(1001).ack(70'009));
    world.set_server(0, ServerState::down);
    const auto sent = world.run_raw();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_NE(packets::describe(sent[0]).find(" TCP 5672 > 4000 [RA] seq 70009 ack 1001"),
              std::string::npos);
    EXPECT_EQ(describe_tunnel(sent[1]),
              outer() + inner(64) + " TCP 4000 > 5672 [R] seq 1001 ack 0 win 0");
}

// Before the answer nobody need notice: the SYN goes to the other server.
TEST_P(Tunnels, AHalfOpenFlowOfADeadServerMoves) {
    TunnelWorld world(GetParam());
    world.send(world.to_vip("S"));
    world.set_server(0, ServerState::down);
    const auto sent = world.run_raw();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(describe_tunnel(sent[0]), outer(second_server_mac, 1) + inner(64) +
                                            " TCP 4000 > 5672 [S] seq 1000 ack 0 win 65535");
}

// An error about what a server sent to the client directly still comes to the VIP: through the
// tunnel it goes to the server whose flow it is.
TEST_P(Tunnels, AnErrorAboutTheServersPacketGoesToIt) {
    TunnelWorld world(GetParam());
    const auto syn = world.send_raw(world.to_vip("S").build());
    packets::Frame from_server = answer_to(world.to_vip("S"), "SA", 70'000);
    const bool four = GetParam().inner.ip == std::string("IPv4");
    // To the VIP, from where the client's packets come.
    const auto error =
        error_about(from_server, GetParam().inner.router, four ? 3 : 2, four ? 4 : 0, 1400)
            .ethernet(client_mac, vip_mac);
    const auto sent = world.send_raw(error);
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = describe_tunnel(sent[0]);
    EXPECT_NE(line.find(std::string(" | ") + GetParam().inner.ip + " " + GetParam().inner.router +
                        " > " + GetParam().inner.vip + " ttl 63"),
              std::string::npos)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
}

}  // namespace
}  // namespace warren::datapath
