// SPDX-License-Identifier: BSD-3-Clause
// ICMP errors about flows: relayed with what they quote translated, and our own.
#include <regex>

#include "method_world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using flow::Method;
using C = exchange::WorkerCounters;

struct Case {
    Endpoints near;  // the client and the VIP
    Endpoints far;   // the servers: FNAT's may be of the other family
    Method method;
    std::string name;
};

class Errors : public testing::TestWithParam<Case> {
  protected:
    Errors() : world(GetParam().method, near(), far()) {}

    const Endpoints& near() const { return GetParam().near; }
    const Endpoints& far() const { return GetParam().far; }
    bool crosses() const { return near().is_v4() != far().is_v4(); }
    // By a router on the side that the packet went to.
    const Endpoints& side_of(const packets::Frame& about) const {
        return net::parse(about).source.is_v4() == near().is_v4() ? near() : far();
    }
    packets::PacketBuilder unreachable(const packets::Frame& about,
                                       std::size_t quote = 4096) const {
        const Endpoints& side = side_of(about);
        return error_about(about, side.router, side.is_v4() ? 3 : 1, 1, 0, quote);
    }
    packets::PacketBuilder too_big(const packets::Frame& about) const {
        const Endpoints& side = side_of(about);
        return error_about(about, side.router, side.is_v4() ? 3 : 2, side.is_v4() ? 4 : 0, 1400);
    }
    // An open connection; the frames that left us towards each side.
    void open() {
        to_server = world.send_raw(world.to_vip("S")).at(0);
        to_client = world.send_raw(answer_to(to_server, "SA", 70'000), 0, 1).at(0);
        to_server = world.send_raw(world.to_vip("PA").seq(1001).ack(70'001).payload("AMQP")).at(0);
    }
    // The quote of a packet that was of the other family; small ones have no DF.
    std::string quoted(const Endpoints& side, const std::string& source,
                       const std::string& destination, int ttl) const {
        const std::string header = side.header(source, destination, ttl);
        return crosses() ? std::regex_replace(header, std::regex(" DF"), "") : header;
    }

    // "rest 0x…": the MTU of 1,400 on the other side in terms of this one's header.
    std::string rest(const Endpoints& towards) const {
        const int difference = !crosses() ? 0 : towards.is_v4() ? -20 : 20;
        char text[24];
        std::snprintf(text, sizeof(text), "rest 0x%08x", 1400U + static_cast<unsigned>(difference));
        return text;
    }

    MethodWorld world;
    packets::Frame to_server, to_client;
};
INSTANTIATE_TEST_SUITE_P(Methods, Errors,
                         testing::Values(Case{ipv4, ipv4, Method::fnat, "Ipv4Fnat"},
                                         Case{ipv4, ipv4, Method::nat, "Ipv4Nat"},
                                         Case{ipv6, ipv6, Method::fnat, "Ipv6Fnat"},
                                         Case{ipv6, ipv6, Method::nat, "Ipv6Nat"},
                                         Case{ipv6, ipv4, Method::fnat, "Ipv6ToIpv4"},
                                         Case{ipv4, ipv6, Method::fnat, "Ipv4ToIpv6"}),
                         [](const auto& tested) { return tested.param.name; });

// The quoted packet becomes the one that the client sent, down to its sequence number and checksum:
// its kernel looks the connection up by it.
TEST_P(Errors, OfTheServersSideReachTheClient) {
    open();
    const auto sent = world.send_raw(too_big(to_server), 0, 1);
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = packets::describe(sent[0]);
    EXPECT_EQ(line.find("02:00:00:00:00:64 > 02:00:00:00:00:c1 " +
                        near().header(near().vip, near().client, 63) +
                        (near().is_v4() ? " ICMP type 3 code 4 " : " ICMP type 2 code 0 ") +
                        rest(near())),
              0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    EXPECT_EQ(describe_quote(sent[0]),
              quoted(near(), near().client, near().vip, 63) +
                  " TCP 4000 > 5672 [PA] seq 1001 ack 70001 win 65535 \"AMQP\"");
    EXPECT_EQ(world.counted(&C::icmp_errors_relayed), 1U);
}

// Of two servers the second gets the SYN, and the client hears of the last failure only.
TEST_P(Errors, AboutASynSendItToAnotherServer) {
    const packets::Frame first = world.send_raw(world.to_vip("S")).at(0);
    const auto again = world.send_raw(unreachable(first), 0, 1);
    ASSERT_EQ(again.size(), 1U);
    const net::Parsed second = net::parse(again[0]);
    EXPECT_EQ(second.tcp_flags, net::tcp_flag::syn);
    EXPECT_EQ(second.destination, packets::address(far().servers[1]));
    EXPECT_EQ(world.dropped(Drop::refused_elsewhere), 1U);
    EXPECT_EQ(world.send(unreachable(first), 0, 1), silence) << "it is about no flow now";
    const auto told = world.send_raw(unreachable(again[0]), 0, 1);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(net::parse(told[0]).destination, packets::address(near().client));
    EXPECT_EQ(world.counted(&C::syns_replayed), 1U);
}

// RFC 5927 4.1: who does not know the number has not seen the SYN.
TEST_P(Errors, WithAWrongNumberMoveNoSyn) {
    packets::Frame forged = world.send_raw(world.to_vip("S")).at(0);
    forged[net::parse(forged).l4_offset + 7U] ^= 1U;
    EXPECT_EQ(world.send_raw(unreachable(forged), 0, 1).size(), 1U);
    EXPECT_EQ(world.counted(&C::syns_replayed), 0U);
}

TEST_P(Errors, OfTheClientsSideReachTheServer) {
    open();
    const auto sent = world.send_raw(unreachable(to_client));
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = packets::describe(sent[0]);
    const std::string towards = GetParam().method == Method::fnat ? far().gateway : near().client;
    const std::string reporter = GetParam().method == Method::fnat ? far().gateway : far().router;
    EXPECT_EQ(line.find("02:00:00:00:00:65 > 02:00:00:00:00:0b " +
                        far().header(reporter, far().servers[0], 63)),
              0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    const net::Parsed out = net::parse(to_server);  // the connection as the server sees it
    EXPECT_EQ(describe_quote(sent[0]), quoted(far(), far().servers[0], towards, 63) +
                                           " TCP 5672 > " + text(out.source_port) +
                                           " [SA] seq 70000 ack " + std::to_string(out.sequence) +
                                           " win 65535");
}

// RFC 792: 8 bytes of the segment are enough, and what is behind them is not touched.
TEST_P(Errors, ThatQuoteTheLeastAreRelayedToo) {
    open();
    const std::size_t least = (far().is_v4() ? 20 : 40) + 8;
    const auto sent = world.send_raw(unreachable(to_server, least), 0, 1);
    ASSERT_EQ(sent.size(), 1U);
    const net::Parsed parsed = net::parse(sent[0]);
    const net::Parsed quoted = net::parse_quoted(sent[0], parsed);
    EXPECT_EQ(quoted.sequence, 1001U);
    EXPECT_EQ(quoted.destination.to_string(), near().vip);
    EXPECT_TRUE(net::is_l4_checksum_valid(sent[0], parsed));
}

TEST_P(Errors, ThatQuoteTooLittleOrNobodysPacketAreDropped) {
    open();
    EXPECT_EQ(world.send(unreachable(to_client, (near().is_v4() ? 20 : 40) + 7)), silence);
    EXPECT_EQ(world.dropped(Drop::icmp_unmatched), 1U);
    packets::Frame other =
        world.to_client("SA", 0, 4999).ethernet(vip_mac, client_mac).ip(near().vip, near().client);
    EXPECT_EQ(world.send(unreachable(other)), silence);
    EXPECT_EQ(world.dropped(Drop::icmp_unmatched), 2U);
    EXPECT_EQ(world.send(unreachable(to_client).bad_l4_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_icmp_checksum), 1U);
    EXPECT_EQ(world.counted(&C::icmp_errors_relayed), 0U);
}

TEST_P(Errors, AreNotRelayedForAVipOfAnother) {
    open();
    world.exchange.ownership.set(0, false);
    EXPECT_EQ(world.send(unreachable(to_client)), silence);
}

// They follow their flow to its owner.
TEST_P(Errors, AreHandedToTheFlowsWorker) {
    MethodWorld many(GetParam().method, near(), far(), 3);
    for (std::uint16_t port = 4000; port < 4012; ++port) {
        const packets::Frame out = many.send_raw(many.to_vip("S", port)).at(0);
        const packets::Frame back = many.send_raw(answer_to(out, "SA", 70'000), 0, 1).at(0);
        for (unsigned queue = 0; queue < 3; ++queue) {
            EXPECT_EQ(many.send(unreachable(out), queue, 1).size(), 1U);
            EXPECT_EQ(many.send(unreachable(back), queue).size(), 1U);
        }
    }
    EXPECT_GT(many.counted(&C::handoff_out), 0U);
    EXPECT_EQ(many.dropped(Drop::icmp_unmatched), 0U);
}

// ---- our own

TEST_P(Errors, ASpentTtlIsReportedToItsSender) {
    open();
    const auto late = world.to_vip("A").seq(1005).ack(70'001).ttl(1);
    const auto sent = world.send_raw(late);
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = packets::describe(sent[0]);
    EXPECT_EQ(line.find("02:00:00:00:00:64 > 02:00:00:00:00:c1 " +
                        near().header(near().vip, near().client, 64) +
                        (near().is_v4() ? " ICMP type 11 code 0" : " ICMP type 3 code 0")),
              0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    EXPECT_EQ(describe_quote(sent[0]), near().header(near().client, near().vip, 1) +
                                           " TCP 4000 > 5672 [A] seq 1005 ack 70001 win 65535");
    const auto back = world.send_raw(answer_to(to_server, "A", 70'001).ttl(1), 0, 1);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_NE(packets::describe(back[0]).find(std::string(" > ") + far().servers[0]),
              std::string::npos);
}

TEST_P(Errors, OfOurOwnAreLimited) {
    open();
    std::size_t told = 0;
    for (int i = 0; i < 100; ++i)
        told += world.send(world.to_vip("A").seq(1005).ttl(1)).size();
    EXPECT_EQ(told, IcmpBudget::burst);
    EXPECT_EQ(world.dropped(Drop::ttl_expired), 100 - IcmpBudget::burst);
    world.advance(10 * ms);
    for (int i = 0; i < 100; ++i)
        told += world.send(world.to_vip("A").seq(1005).ttl(1)).size();
    EXPECT_EQ(told, IcmpBudget::burst + 10);
}

// Links of different sizes: whoever sends too much for the next one is told.
TEST_P(Errors, TooLargeForTheNextLink) {
    open();
    world.change([](exchange::Snapshot& s) { s.port_mtus = {1500, 1400}; });
    const auto sent =
        world.send_raw(world.to_vip("A").seq(1005).ack(70'001).payload(packets::Frame(1400, 'x')));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(packets::describe(sent[0]).find(rest(near())), std::string::npos);
    world.change([](exchange::Snapshot& s) { s.port_mtus = {1400, 1500}; });
    const auto back =
        world.send_raw(answer_to(to_server, "A", 70'001).payload(packets::Frame(1400, 'x')), 0, 1);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_NE(packets::describe(back[0]).find(rest(far())), std::string::npos);
    EXPECT_NE(packets::describe(back[0]).find(std::string(" > ") + far().servers[0]),
              std::string::npos);
}

}  // namespace
}  // namespace warren::datapath
