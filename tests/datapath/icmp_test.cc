// SPDX-License-Identifier: BSD-3-Clause
// ICMP errors about flows: relayed with what they quote translated, and our own.
#include "method_world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using flow::Method;
using Lines = std::vector<std::string>;
using C = exchange::WorkerCounters;

const Lines silence;

struct Case {
    Endpoints ends;
    Method method;
    std::string name;
};

class Errors : public testing::TestWithParam<Case> {
  protected:
    Errors() : world(GetParam().method, GetParam().ends) {}

    const Endpoints& at() const { return GetParam().ends; }
    bool four() const { return at().ip == std::string("IPv4"); }
    packets::PacketBuilder unreachable(const packets::Frame& about,
                                       std::size_t quote = 4096) const {
        return error_about(about, at().router, four() ? 3 : 1, 1, 0, quote);
    }
    packets::PacketBuilder too_big(const packets::Frame& about) const {
        return error_about(about, at().router, four() ? 3 : 2, four() ? 4 : 0, 1400);
    }
    // An open connection; the frames that left us towards each side.
    void open() {
        to_server = world.send_raw(world.to_vip("S")).at(0);
        to_client = world.send_raw(answer_to(to_server, "SA", 70'000), 0, 1).at(0);
        to_server = world.send_raw(world.to_vip("PA").seq(1001).ack(70'001).payload("AMQP")).at(0);
    }
    std::string header(const std::string& source, const std::string& destination, int ttl) const {
        return std::string(at().ip) + " " + source + " > " + destination + " ttl " +
               std::to_string(ttl) + (four() ? " DF" : "");
    }

    MethodWorld world;
    packets::Frame to_server, to_client;
};
INSTANTIATE_TEST_SUITE_P(Methods, Errors,
                         testing::Values(Case{ipv4, Method::fnat, "Ipv4Fnat"},
                                         Case{ipv4, Method::nat, "Ipv4Nat"},
                                         Case{ipv6, Method::fnat, "Ipv6Fnat"},
                                         Case{ipv6, Method::nat, "Ipv6Nat"}),
                         [](const auto& tested) { return tested.param.name; });

// The quoted packet becomes the one that the client sent, down to its sequence number and checksum:
// its kernel looks the connection up by it.
TEST_P(Errors, OfTheServersSideReachTheClient) {
    open();
    const auto sent = world.send_raw(too_big(to_server), 0, 1);
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = packets::describe(sent[0]);
    EXPECT_EQ(
        line.find("02:00:00:00:00:64 > 02:00:00:00:00:c1 " + header(at().vip, at().client, 63) +
                  (four() ? " ICMP type 3 code 4 rest 0x00000578"
                          : " ICMP type 2 code 0 rest 0x00000578")),
        0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    EXPECT_EQ(describe_quote(sent[0]),
              header(at().client, at().vip, 63) +
                  " TCP 4000 > 5672 [PA] seq 1001 ack 70001 win 65535 \"AMQP\"");
    EXPECT_EQ(world.counted(&C::icmp_errors_relayed), 1U);
}

TEST_P(Errors, OfTheClientsSideReachTheServer) {
    open();
    const auto sent = world.send_raw(unreachable(to_client));
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = packets::describe(sent[0]);
    const std::string towards = GetParam().method == Method::fnat ? at().gateway : at().client;
    const std::string reporter = GetParam().method == Method::fnat ? at().gateway : at().router;
    EXPECT_EQ(
        line.find("02:00:00:00:00:65 > 02:00:00:00:00:0b " + header(reporter, at().servers[0], 63)),
        0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    const net::Parsed out = net::parse(to_server);  // the connection as the server sees it
    EXPECT_EQ(describe_quote(sent[0]), header(at().servers[0], towards, 63) + " TCP 5672 > " +
                                           text(out.source_port) + " [SA] seq 70000 ack " +
                                           std::to_string(out.sequence) + " win 65535");
}

// RFC 792: 8 bytes of the segment are enough, and what is behind them is not touched.
TEST_P(Errors, ThatQuoteTheLeastAreRelayedToo) {
    open();
    const std::size_t least = (four() ? 20 : 40) + 8;
    const auto sent = world.send_raw(unreachable(to_server, least), 0, 1);
    ASSERT_EQ(sent.size(), 1U);
    const net::Parsed parsed = net::parse(sent[0]);
    const net::Parsed quoted = net::parse_quoted(sent[0], parsed);
    EXPECT_EQ(quoted.sequence, 1001U);
    EXPECT_EQ(quoted.destination.to_string(), at().vip);
    EXPECT_TRUE(net::is_l4_checksum_valid(sent[0], parsed));
}

TEST_P(Errors, ThatQuoteTooLittleOrNobodysPacketAreDropped) {
    open();
    EXPECT_EQ(world.send(unreachable(to_client, (four() ? 20 : 40) + 7)), silence);
    EXPECT_EQ(world.dropped(Drop::icmp_unmatched), 1U);
    packets::Frame other =
        world.to_client("SA", 0, 4999).ethernet(vip_mac, client_mac).ip(at().vip, at().client);
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
    MethodWorld many(GetParam().method, at(), 3);
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
    EXPECT_EQ(
        line.find("02:00:00:00:00:64 > 02:00:00:00:00:c1 " + header(at().vip, at().client, 64) +
                  (four() ? " ICMP type 11 code 0" : " ICMP type 3 code 0")),
        0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    EXPECT_EQ(describe_quote(sent[0]), header(at().client, at().vip, 1) +
                                           " TCP 4000 > 5672 [A] seq 1005 ack 70001 win 65535");
    const auto back = world.send_raw(answer_to(to_server, "A", 70'001).ttl(1), 0, 1);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_NE(packets::describe(back[0]).find(std::string(" > ") + at().servers[0]),
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
    EXPECT_NE(packets::describe(sent[0]).find("rest 0x00000578"), std::string::npos);
    world.change([](exchange::Snapshot& s) { s.port_mtus = {1400, 1500}; });
    const auto back =
        world.send_raw(answer_to(to_server, "A", 70'001).payload(packets::Frame(1400, 'x')), 0, 1);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_NE(packets::describe(back[0]).find("rest 0x00000578"), std::string::npos);
    EXPECT_NE(packets::describe(back[0]).find(std::string(" > ") + at().servers[0]),
              std::string::npos);
}

}  // namespace
}  // namespace warren::datapath
