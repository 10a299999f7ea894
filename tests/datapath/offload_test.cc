// SPDX-License-Identifier: BSD-3-Clause
// What an ordinary interface brings: checksums that guests leave open, segments that GRO has
// merged, priority tags, links of different MTUs.
#include "method_world.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using flow::Method;
using packets::Frame;
using packets::PacketBuilder;

class Offloads : public testing::TestWithParam<Endpoints> {
  protected:
    const Endpoints& at() const { return GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Families, Offloads, testing::Values(ipv4, ipv6), family_name);

bool is_sound(const Frame& frame) {
    return net::is_l4_checksum_valid(frame, net::parse(frame));
}

void open(World& world, MethodWorld& servers) {
    const Frame syn = world.send_raw(servers.to_vip("S")).at(0);
    world.send_raw(answer_to(syn, "SA", 70'000), 0, 1);
}

TEST_P(Offloads, AnOpenChecksumIsTakenAndFilledIn) {
    for (const Method method : {Method::fnat, Method::nat, Method::dr, Method::tun}) {
        MethodWorld world(method, at());
        world.rx_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
        const auto sent = world.send_raw(world.to_vip("S").bad_l4_checksum());
        ASSERT_EQ(sent.size(), 1U);
        if (method != Method::tun) {
            EXPECT_TRUE(is_sound(sent[0])) << packets::describe(sent[0]);
        }
        if (method != Method::fnat && method != Method::nat) continue;
        const auto answer =
            world.send_raw(answer_to(sent[0], "SA", 70'000).bad_l4_checksum(), 0, 1);
        ASSERT_EQ(answer.size(), 1U);
        EXPECT_TRUE(is_sound(answer[0])) << packets::describe(answer[0]);
    }
}

// As from a veth by AF_XDP.
TEST_P(Offloads, AnOpenChecksumIsKnownWithoutACardsWord) {
    for (const Method method : {Method::fnat, Method::nat, Method::dr}) {
        MethodWorld world(method, at());
        Frame syn = world.to_vip("S");
        net::open_checksum(syn, net::parse(syn));
        ASSERT_FALSE(is_sound(syn));
        const auto sent = world.send_raw(syn);
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_TRUE(is_sound(sent[0])) << packets::describe(sent[0]);
    }
}

TEST_P(Offloads, ADamagedSegmentIsStillDropped) {
    MethodWorld world(Method::fnat, at());
    for (const std::uint64_t flags :
         {std::uint64_t{0}, std::uint64_t{RTE_MBUF_F_RX_L4_CKSUM_BAD}}) {
        world.rx_flags = flags;
        EXPECT_EQ(world.send(world.to_vip("S").bad_l4_checksum()), Lines{});
    }
    EXPECT_EQ(world.dropped(exchange::Drop::bad_tcp_checksum), 2U);
}

// The answer stands in the frame's place and is whole.
TEST_P(Offloads, AnAnswerToAnOpenSegmentIsSound) {
    MethodWorld world(Method::fnat, at());
    world.rx_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
    const auto sent = world.send_raw(world.to_vip("A").bad_l4_checksum());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_TRUE(is_sound(sent[0])) << packets::describe(sent[0]);
}

TEST_P(Offloads, ALargeFrameLeavesACardInPieces) {
    MethodWorld world(Method::nat, at());
    open(world, world);
    world.rx_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE | RTE_MBUF_F_RX_LRO;
    world.rx_segment_bytes = 500;
    const auto sent = world.send_raw(
        world.to_vip("PA").seq(1001).ack(70'001).payload(Frame(1200, 'x')).bad_l4_checksum());
    ASSERT_EQ(sent.size(), 3U);
    std::uint32_t next = 1001;
    for (const Frame& piece : sent) {
        const net::Parsed parsed = net::parse(piece);
        EXPECT_TRUE(is_sound(piece));
        EXPECT_EQ(parsed.sequence, next);
        EXPECT_EQ((parsed.tcp_flags & net::tcp_flag::psh) != 0, &piece == &sent.back());
        next += parsed.payload_bytes;
    }
    EXPECT_EQ(next, 2201U);
}

TEST_P(Offloads, EachPieceGetsATunnelHeader) {
    MethodWorld world(Method::tun, at());
    world.send_raw(world.to_vip("S"));
    world.rx_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE | RTE_MBUF_F_RX_LRO;
    world.rx_segment_bytes = 500;
    const auto sent = world.send_raw(
        world.to_vip("PA").seq(1001).ack(70'001).payload(Frame(1200, 'x')).bad_l4_checksum());
    ASSERT_EQ(sent.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string line = describe_tunnel(sent[i]);
        EXPECT_NE(line.find(" seq " + std::to_string(1001 + 500 * i) + " "), std::string::npos)
            << line;
    }
    world.expect_conservation();
}

// The segments on the wire have to fit, not the frame that they came in.
TEST_P(Offloads, ALargeFrameOfSmallSegmentsIsNotTooBig) {
    MethodWorld world(Method::fnat, at());
    open(world, world);
    world.change([](exchange::Snapshot& s) { s.port_mtus = {1500, 1280}; });
    world.rx_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE | RTE_MBUF_F_RX_LRO;
    world.rx_segment_bytes = 1000;
    const Frame large =
        world.to_vip("PA").seq(1001).ack(70'001).payload(Frame(1400, 'x')).bad_l4_checksum();
    EXPECT_EQ(world.send_raw(large).size(), 2U);
    world.rx_segment_bytes = 1300;
    const Lines refused = world.send(large);
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused[0].find("ICMP"), std::string::npos) << refused[0];
}

// ---- MTUs

std::uint16_t mss_of(const Frame& frame) {
    const net::Parsed parsed = net::parse(frame);
    return net::read_tcp_options(net::ConstBytes(frame).subspan(parsed.l4_offset + 20U))
        .mss.value_or(0);
}

TEST_P(Offloads, TheMssFitsBothLinksInEveryMethod) {
    const std::uint16_t headers = at().is_v4() ? 40 : 60;
    for (const std::vector<std::uint16_t>& mtus :
         {std::vector<std::uint16_t>{9000, 1400}, std::vector<std::uint16_t>{1400, 9000}}) {
        for (const Method method : {Method::fnat, Method::nat, Method::dr}) {
            MethodWorld world(method, at());
            world.change([&](exchange::Snapshot& s) { s.port_mtus = mtus; });
            const Frame syn = world.send_raw(world.to_vip("S").mss(8960)).at(0);
            EXPECT_EQ(mss_of(syn), 1400 - headers);
            EXPECT_TRUE(is_sound(syn));
            if (method == Method::dr) continue;
            const auto answer = world.send_raw(answer_to(syn, "SA", 70'000).mss(8960), 0, 1);
            EXPECT_EQ(mss_of(answer.at(0)), 1400 - headers);
            EXPECT_TRUE(is_sound(answer[0]));
        }
    }
}

// ---- priority tags

// Priority 5, VLAN 0.
constexpr std::uint16_t priority_tag = 0xa000;

TEST_P(Offloads, APriorityTagIsNoVlan) {
    MethodWorld world(Method::fnat, at());
    const auto plain = world.send(world.to_vip("S"));
    ASSERT_EQ(plain.size(), 1U);
    EXPECT_EQ(world.send(world.to_vip("S").vlan(priority_tag)), plain);
    EXPECT_EQ(world.send(world.to_vip("S").vlan(priority_tag).vlan(priority_tag)), plain);
    world.stripped_tag = priority_tag;
    EXPECT_EQ(world.send(world.to_vip("S")), plain);
    EXPECT_EQ(world.send(world.to_vip("S").vlan(priority_tag)), plain);
}

TEST_P(Offloads, AnotherTagIsAVlan) {
    MethodWorld world(Method::fnat, at());
    EXPECT_EQ(world.send(world.to_vip("S").vlan(5)), Lines{});
    EXPECT_EQ(world.send(world.to_vip("S").vlan(priority_tag).vlan(5)), Lines{});
    EXPECT_EQ(world.send(world.to_vip("S").vlan(5).vlan(priority_tag)), Lines{});
    EXPECT_EQ(world.send(world.to_vip("S").service_vlan(0).vlan(5)), Lines{});
    world.stripped_tag = 5;
    EXPECT_EQ(world.send(world.to_vip("S")), Lines{});
    EXPECT_EQ(world.send(world.to_vip("S").vlan(priority_tag)), Lines{});
}

TEST(PriorityTags, ArpAndEchoAreAnswered) {
    World world;
    const auto answers = [&](std::uint16_t tag) {
        return world
                   .send(PacketBuilder()
                             .ethernet(client_mac, "ff:ff:ff:ff:ff:ff")
                             .vlan(tag)
                             .arp_request(client, vip))
                   .size() +
               world
                   .send(PacketBuilder()
                             .ethernet(client_mac, vip_mac)
                             .vlan(tag)
                             .ip(client, vip)
                             .echo_request(1, 2))
                   .size();
    };
    EXPECT_EQ(answers(priority_tag), 2U);
    EXPECT_EQ(answers(priority_tag | 7), 0U);
}

}  // namespace
}  // namespace warren::datapath
