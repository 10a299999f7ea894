// SPDX-License-Identifier: BSD-3-Clause
// NAT and DR, packet in and packet out, both families.
#include "method_world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::ServerState;
using flow::Method;
using C = exchange::WorkerCounters;

class Methods : public testing::TestWithParam<Endpoints> {
  protected:
    const Endpoints& at() const { return GetParam(); }
    // "IPv4 192.168.8.50 > 192.168.8.100 ttl 63"; IPv4 builders set DF.
    std::string ip(const std::string& source, const std::string& destination, int ttl = 63) const {
        return std::string(at().ip) + " " + source + " > " + destination + " ttl " +
               std::to_string(ttl) + (at().ip == std::string("IPv4") ? " DF" : "");
    }
};
INSTANTIATE_TEST_SUITE_P(Families, Methods, testing::Values(ipv4, ipv6), family_name);

// ---- DR

TEST_P(Methods, DirectRoutingChangesLinkAndTtlOnly) {
    MethodWorld world(Method::dr, at());
    const std::string link = "02:00:00:00:00:65 > 02:00:00:00:00:0b ";
    EXPECT_EQ(world.send(world.to_vip("S").mss(1400).timestamps(5, 0)),
              (Lines{link + ip(at().client, at().vip) +
                     " TCP 4000 > 5672 [S] seq 1000 ack 0 win 65535 "
                     "<mss 1400,timestamps 5 0>"}));
    EXPECT_EQ(world.send(world.to_vip("A").seq(1001).ack(70'001)),
              (Lines{link + ip(at().client, at().vip) +
                     " TCP 4000 > 5672 [A] seq 1001 ack 70001 win 65535"}));
    EXPECT_EQ(world.counted(&C::flows_admitted), 1U);
    exchange::FlowEvent event;
    ASSERT_TRUE(world.exchange.workers[0]->events.pop(event));
    EXPECT_EQ(event.kind, exchange::FlowEventKind::established);
    EXPECT_EQ(event.latency_us, 0U) << "the server's answer was not seen";
}

// What the server answers goes past us. The client's answer reaches it, and RST is its own.
TEST_P(Methods, DirectRoutingCallsTheRollAtTheClients) {
    MethodWorld world(Method::dr, at());
    world.send(world.to_vip("S"));
    world.send(world.to_vip("A").seq(1001).ack(70'001));
    ASSERT_TRUE(world.exchange.workers[0]->roll_calls.push({.server = 0}));
    EXPECT_EQ(world.run(), (Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 " +
                                  at().header(at().vip, at().client, 64) +
                                  " TCP 5672 > 4000 [A] seq 70000 ack 1001 win 1024"}));
}

TEST_P(Methods, DirectRoutingSpreadsFlowsAndKeepsThem) {
    MethodWorld world(Method::dr, at());
    const auto server_of = [&](std::uint16_t port, const char* flags) {
        const Lines sent = world.send(world.to_vip(flags, port));
        return sent.empty() ? std::string("nobody") : sent[0].substr(20, 17);
    };
    EXPECT_EQ(server_of(4000, "S"), first_server_mac);
    EXPECT_EQ(server_of(4001, "S"), second_server_mac);
    EXPECT_EQ(server_of(4000, "A"), first_server_mac);
    EXPECT_EQ(server_of(4001, "A"), second_server_mac);
}

// DESIGN 5: at the last ACK seen from the client, for nobody else knows the server's numbers.
TEST_P(Methods, DirectRoutingResetsTheClientsOfADeadServer) {
    MethodWorld world(Method::dr, at());
    world.send(world.to_vip("S"));
    world.send(world.to_vip("A").seq(1001).ack(70'001));
    world.send(world.to_vip("PA").seq(1001).ack(70'009).payload("hello"));
    world.set_server(0, ServerState::down);
    EXPECT_EQ(world.run(),
              (Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 " + ip(at().vip, at().client, 64) +
                         " TCP 5672 > 4000 [RA] seq 70009 ack 1006 win 0",
                     "02:00:00:00:00:65 > 02:00:00:00:00:0b " + ip(at().client, at().vip, 64) +
                         " TCP 4000 > 5672 [R] seq 1006 ack 0 win 0"}));
    // What the client sends later is answered in its own numbers, three times (RFC 9293 3.10.7.1).
    for (int i = 0; i < 3; ++i) {
        const Lines sent = world.send(world.to_vip("A").seq(1006).ack(70'020));
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_NE(sent[0].find("[R] seq 70020"), std::string::npos) << sent[0];
    }
    EXPECT_EQ(world.send(world.to_vip("A").seq(1006).ack(70'020)), silence);
    // A new connection from the same port goes to the server that is left.
    const Lines again = world.send(world.to_vip("S").seq(5000));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_NE(again[0].find(second_server_mac), std::string::npos) << again[0];
}

TEST_P(Methods, ASynSentAgainLeavesASilentServer) {
    MethodWorld world(Method::dr, at());
    const Lines first = world.send(world.to_vip("S"));
    ASSERT_EQ(first.size(), 1U);
    EXPECT_NE(first[0].find(first_server_mac), std::string::npos);
    world.advance(300 * ms);
    EXPECT_EQ(world.send(world.to_vip("S")), first) << "a duplicate on the way";
    world.advance(700 * ms);
    const Lines sent = world.send(world.to_vip("S"));
    ASSERT_EQ(sent.size(), 2U);
    std::size_t syn = sent[0].find("[S]") != std::string::npos ? 0 : 1;
    EXPECT_NE(sent[syn].find(std::string(" > ") + second_server_mac), std::string::npos);
    EXPECT_NE(sent[1 - syn].find(std::string(" > ") + first_server_mac), std::string::npos);
    EXPECT_NE(sent[1 - syn].find("[R] seq 1001"), std::string::npos) << sent[1 - syn];
    EXPECT_EQ(world.counted(&C::syns_replayed), 1U);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 0U);
    EXPECT_EQ(world.exchange.workers[0]->servers[1].active.value(), 1U);
}

// Its SYN-ACK may have been lost on its own way to the client; it sends it again.
TEST_P(Methods, ASynSentAgainStaysWithAServerThatAnswersOthers) {
    MethodWorld world(Method::dr, at());
    world.send(world.to_vip("S", 4000));
    world.send(world.to_vip("S", 4001));
    world.send(world.to_vip("S", 4002));  // the first server's again
    world.advance(500 * ms);
    world.send(world.to_vip("A", 4002).seq(1001).ack(70'001));
    world.advance(500 * ms);
    const Lines sent = world.send(world.to_vip("S", 4000));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find(first_server_mac), std::string::npos);
}

// Nor can a check know that: but a check does not go to the VIP.
TEST_P(Methods, ASynSentAgainLeavesAServerThatPassesItsChecksOneSynLater) {
    MethodWorld world(Method::dr, at());
    world.exchange.note_check(0, world.now_ns - 1);
    const Lines first = world.send(world.to_vip("S"));
    world.advance(500 * ms);
    world.exchange.note_check(0, world.now_ns);
    world.advance(500 * ms);
    EXPECT_EQ(world.send(world.to_vip("S")), first);
    world.advance(second);
    world.exchange.note_check(0, world.now_ns);
    const Lines sent = world.send(world.to_vip("S"));
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_NE((sent[0] + sent[1]).find(std::string(" > ") + second_server_mac), std::string::npos);
}

TEST_P(Methods, ASynSentAgainLeavesAServerThatAnsweredInItsTickOneSynLater) {
    MethodWorld world(Method::dr, at());
    for (const std::uint16_t port : {4000, 4001, 4002})
        world.send(world.to_vip("S", port));
    world.send(world.to_vip("A", 4002).seq(1001).ack(70'001));  // the first server's
    world.advance(second);
    const Lines again = world.send(world.to_vip("S", 4000));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_NE(again[0].find(first_server_mac), std::string::npos);
    world.advance(second);
    EXPECT_EQ(world.send(world.to_vip("S", 4000)).size(), 2U);
}

TEST_P(Methods, ACheckBeforeTheSynSaysNothingOfItsServer) {
    MethodWorld world(Method::dr, at());
    world.exchange.note_check(0, world.now_ns);
    world.send(world.to_vip("S"));
    world.advance(second);
    EXPECT_EQ(world.send(world.to_vip("S")).size(), 2U);
}

// The server's FIN is not seen: after the client's the flow ends by itself and in silence, and a
// SYN from the same port is a new connection at once.
TEST_P(Methods, DirectRoutingEndsWithTheClientsFin) {
    MethodWorld world(Method::dr, at());
    for (std::uint16_t port : {4000, 4001}) {
        world.send(world.to_vip("S", port));
        world.send(world.to_vip("A", port).seq(1001).ack(70'001));
        world.send(world.to_vip("FA", port).seq(1001).ack(70'001));
    }
    EXPECT_EQ(world.send(world.to_vip("S", 4000).seq(9000)).size(), 1U);
    EXPECT_EQ(world.counted(&C::flows_admitted), 3U);
    for (int seconds = 0; seconds < 150; seconds += 10) {
        world.advance(10 * second);
        world.send(world.to_vip("A", 4000).seq(9001).ack(70'001));  // this one lives on
    }
    EXPECT_EQ(world.exchange.workers[0]->servers[1].active.value(), 0U);
    EXPECT_EQ(world.counted(&C::resets_sent), 0U);
}

TEST_P(Methods, SpentTtlIsNotForwarded) {
    for (const Method method : {Method::dr, Method::nat}) {
        MethodWorld world(method, at());
        const auto sent = world.send_raw(world.to_vip("S").ttl(1));
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_EQ(world.counted(&C::flows_admitted), 0U);
    }
}

// ---- NAT

TEST_P(Methods, NatChangesTheDestinationAndTheReplysSource) {
    MethodWorld world(Method::nat, at());
    const std::string out = "02:00:00:00:00:65 > 02:00:00:00:00:0b ";
    const std::string back = "02:00:00:00:00:64 > 02:00:00:00:00:c1 ";
    EXPECT_EQ(world.send(world.to_vip("S").mss(1400).timestamps(5, 0)),
              (Lines{out + ip(at().client, at().servers[0]) +
                     " TCP 4000 > 5672 [S] seq 1000 ack 0 win 65535 "
                     "<mss 1400,timestamps 5 0>"}));
    EXPECT_EQ(world.send(world.to_client("SA").ack(1001).mss(1400), 0, 1),
              (Lines{back + ip(at().vip, at().client) +
                     " TCP 5672 > 4000 [SA] seq 70000 ack 1001 win 65535 <mss 1400>"}));
    EXPECT_EQ(world.send(world.to_vip("PA").seq(1001).ack(70'001).payload("AMQP")),
              (Lines{out + ip(at().client, at().servers[0]) +
                     " TCP 4000 > 5672 [PA] seq 1001 ack 70001 win 65535 \"AMQP\""}));
    EXPECT_EQ(world.send(world.to_client("PA").seq(70'001).ack(1005).payload("start"), 0, 1),
              (Lines{back + ip(at().vip, at().client) +
                     " TCP 5672 > 4000 [PA] seq 70001 ack 1005 win 65535 \"start\""}));
}

TEST_P(Methods, NatResetsBothEndsOfADeadServersFlow) {
    MethodWorld world(Method::nat, at());
    world.send(world.to_vip("S"));
    world.send(world.to_client("SA").ack(1001), 0, 1);
    world.send(world.to_vip("A").seq(1001).ack(70'001));
    world.set_server(0, ServerState::down);
    EXPECT_EQ(
        world.run(),
        (Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 " + ip(at().vip, at().client, 64) +
                   " TCP 5672 > 4000 [RA] seq 70001 ack 1001 win 0",
               "02:00:00:00:00:65 > 02:00:00:00:00:0b " + ip(at().client, at().servers[0], 64) +
                   " TCP 4000 > 5672 [RA] seq 1001 ack 70001 win 0"}));
}

// After a takeover: the server must let go of what we do not know.
TEST_P(Methods, NatReplyWithoutAFlowResetsTheServer) {
    MethodWorld world(Method::nat, at());
    const Lines sent = world.send(world.to_client("PA").ack(1234).payload("x"), 0, 1);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].find("02:00:00:00:00:65 > 02:00:00:00:00:0b " +
                           ip(at().client, at().servers[0], 64) + " TCP 4000 > 5672 [R] seq 1234"),
              0U)
        << sent[0];
}

// What is no reply of a service is the kernel's: the server's other traffic, frames for another
// router's MAC, and everything while another warren is master.
TEST_P(Methods, NatTakesNothingElseOfTheServers) {
    MethodWorld world(Method::nat, at());
    world.send(world.to_vip("S"));
    const auto left_to_kernel = [&](const packets::Frame& frame) {
        const std::uint64_t before = world.counted(&C::kernel);
        EXPECT_EQ(world.send(frame, 0, 1), silence);
        EXPECT_EQ(world.counted(&C::kernel), before + 1);
    };
    left_to_kernel(world.to_client("SA").tcp(22, 4000, "SA"));
    world.change([](exchange::Snapshot& s) {
        s.kernel_addresses = {packets::address("10.0.0.4"), packets::address("2001:db8:10::4")};
    });
    left_to_kernel(world.to_client("SA").ip(at().servers[0], at().primary));  // to a checker
    left_to_kernel(world.to_client("SA").ethernet(first_server_mac, "02:00:00:00:00:99"));
    left_to_kernel(packets::PacketBuilder()
                       .ethernet(first_server_mac, second_mac)
                       .ip(at().servers[0], at().client)
                       .udp(5672, 4000));
    world.exchange.ownership.set(0, false);
    left_to_kernel(world.to_client("SA").ack(1001));
}

TEST_P(Methods, NatTakesReturnsToAVirtualMac) {
    MethodWorld world(Method::nat, at());
    world.change([](exchange::Snapshot& s) {
        s.virtual_routers[1].mac = s.addresses[1].mac = packets::mac("00:00:5e:00:01:34");
    });
    world.send(world.to_vip("S"));
    const auto reply =
        world.to_client("SA").ack(1001).ethernet(first_server_mac, "00:00:5e:00:01:34");
    EXPECT_EQ(world.send(reply, 0, 1).size(), 1U);
    world.exchange.ownership.set(1, false);
    EXPECT_EQ(world.send(reply, 0, 1), silence) << "the MAC is the other master's now";
}

// One client port to two services on the same server would be one connection to it.
TEST_P(Methods, NatRefusesASecondUseOfAClientsPortToAServer) {
    MethodWorld world(Method::nat, at());
    world.change([](exchange::Snapshot& s) {
        s.services[0].servers = {0};
        s.services.push_back(s.services[0]);
        s.services[1].port = net::Be16(5673);
    });
    world.send(world.to_vip("S"));
    const Lines sent = world.send(world.to_vip("S").tcp(4000, 5673, "S"));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("TCP 5673 > 4000 [RA] seq 0 ack 1001"), std::string::npos) << sent[0];
    EXPECT_EQ(world.refused(Drop::no_local_port), 1U);
}

// Another server has that port free; but a group of clients does not leave its own for one flow.
TEST_P(Methods, NatTakesAServerToWhichTheClientsPortIsFree) {
    for (const bool is_persistent : {false, true}) {
        MethodWorld world(Method::nat, at());
        world.change([&](exchange::Snapshot& s) {
            if (is_persistent) s.services[0].persistence = {300 * second, 32};
            s.services.push_back(s.services[0]);
            s.services[1].port = net::Be16(5673);
        });
        ASSERT_NE(world.send(world.to_vip("S"))[0].find(first_server_mac), std::string::npos);
        const Lines sent = world.send(world.to_vip("S").tcp(4000, 5673, "S"));
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_EQ(sent[0].find("[RA]") != std::string::npos, is_persistent) << sent[0];
        EXPECT_EQ(sent[0].find(first_server_mac), std::string::npos) << sent[0];
        EXPECT_EQ(world.refused(Drop::no_local_port), is_persistent ? 1U : 0U);
    }
}

// Both directions of a flow meet in one worker, whatever queue they arrive on.
TEST_P(Methods, NatFlowsHaveOneOwner) {
    MethodWorld world(Method::nat, at(), 3);
    for (std::uint16_t port = 4000; port < 4020; ++port) {
        const Lines syn = world.send(world.to_vip("S", port), port % 3);
        ASSERT_EQ(syn.size(), 1U);
        const std::size_t server = syn[0].find(first_server_mac) != std::string::npos ? 0 : 1;
        for (unsigned queue = 0; queue < 3; ++queue)
            EXPECT_EQ(world.send(world.to_client("SA", server, port).ack(1001), queue, 1).size(),
                      1U);
    }
    EXPECT_EQ(world.counted(&C::flows_admitted), 20U);
    EXPECT_EQ(world.counted(&C::resets_sent), 0U);
    EXPECT_GT(world.counted(&C::handoff_out), 0U);
}

// A service may mix methods, as keepalived's real_server lb_kind allows.
TEST_P(Methods, EachServerHasItsOwnMethod) {
    MethodWorld world(Method::nat, at());
    world.change([](exchange::Snapshot& s) { s.servers[1].method = Method::dr; });
    EXPECT_NE(world.send(world.to_vip("S", 4000))[0].find(std::string(" > ") + at().servers[0]),
              std::string::npos);
    EXPECT_NE(world.send(world.to_vip("S", 4001))[0].find(std::string(" > ") + at().vip),
              std::string::npos);
}

// Neither end takes it, so the flow must not either.
TEST_P(Methods, ADamagedSegmentMovesNoFlow) {
    for (const Method method : {Method::dr, Method::tun, Method::nat}) {
        MethodWorld world(method, at());
        world.send(world.to_vip("S"));
        std::uint64_t damaged = 0;
        if (method == Method::nat) {
            world.send(world.to_client("SA").ack(1001), 0, 1);
            EXPECT_EQ(world.send(world.to_client("RA").seq(70'001).bad_l4_checksum(), 0, 1),
                      silence);
            ++damaged;
        }
        world.send(world.to_vip("A").seq(1001).ack(70'001));
        for (const char* flags : {"FA", "RA", "PA"}) {
            const std::uint32_t far = std::string_view(flags) == "PA" ? 50'000U : 0U;
            EXPECT_EQ(world.send(world.to_vip(flags).seq(1001 + far).ack(70'001).bad_l4_checksum()),
                      silence);
            ++damaged;
        }
        EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), damaged);
        EXPECT_EQ(world.counted(&C::flows_ended), 0U);
        EXPECT_EQ(world.send(world.to_vip("PA").seq(1001).ack(70'001).payload("on")).size(), 1U);
        world.set_server(0, ServerState::down);
        for (const packets::Frame& reset : world.run_raw())
            EXPECT_NE(net::parse(reset).sequence, 51'001U);
    }
}

// What a NAT server answers to the kernel's own connections is the kernel's to judge.
TEST_P(Methods, TheKernelsOwnSegmentsAreNotJudged) {
    MethodWorld world(Method::nat, at());
    world.change(
        [&](exchange::Snapshot& s) { s.kernel_addresses = {packets::address(at().primary)}; });
    EXPECT_EQ(world.send(world.to_client("SA")
                             .ip(at().servers[0], at().primary)
                             .tcp(5672, 4000, "SA")
                             .bad_l4_checksum(),
                         0, 1),
              silence);
    EXPECT_EQ(world.counted(&C::kernel), 1U);
    EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), 0U);
}

TEST(Ipv4, OptionsPassAndABadHeaderChecksumDoesNot) {
    for (const Method method : {Method::dr, Method::nat}) {
        MethodWorld world(method, ipv4);
        const packets::Frame router_alert{0x94, 4, 0, 0};
        const auto sent = world.send_raw(world.to_vip("S").ip_options(router_alert));
        ASSERT_EQ(sent.size(), 1U);
        const net::Parsed parsed = net::parse(sent[0]);
        EXPECT_TRUE(parsed.ok());
        EXPECT_EQ(parsed.l4_offset - parsed.l3_offset, 24);
        EXPECT_TRUE(net::is_l4_checksum_valid(sent[0], parsed));
        EXPECT_EQ(world.send(world.to_vip("A").bad_ip_checksum()), silence);
        EXPECT_EQ(world.dropped(Drop::bad_ip_checksum), 1U);
    }
}

// A NIC that has looked is believed.
TEST(ChecksumOffload, TheNicsVerdictCounts) {
    MethodWorld world(Method::nat, ipv4);
    world.rx_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD;
    EXPECT_EQ(world.send(world.to_vip("S").bad_ip_checksum()).size(), 1U);
    world.rx_flags = RTE_MBUF_F_RX_L4_CKSUM_BAD;
    EXPECT_EQ(world.send(world.to_vip("A").seq(1001)), silence);
    EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), 1U);
    world.rx_flags = RTE_MBUF_F_RX_IP_CKSUM_BAD;
    EXPECT_EQ(world.send(world.to_vip("A").seq(1001).bad_ip_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_ip_checksum), 1U);
}

}  // namespace
}  // namespace warren::datapath
