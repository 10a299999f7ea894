// SPDX-License-Identifier: BSD-3-Clause
// What a worker answers for an owned address by itself: ARP, echo, RST; and what it must not
// answer.
#include "world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using packets::Frame;
using packets::PacketBuilder;
using testing::Test;
using C = exchange::WorkerCounters;

Frame who_has(const char* destination, const char* sender, const char* target) {
    return PacketBuilder().ethernet(client_mac, destination).arp_request(sender, target);
}

const Lines arp_answer{
    "02:00:00:00:00:64 > 02:00:00:00:00:c1 ARP reply 192.168.8.100 (02:00:00:00:00:64) for "
    "192.168.8.50 (02:00:00:00:00:c1)"};

TEST(Arp, MasterAnswersBroadcastAndUnicast) {
    World world;
    EXPECT_EQ(world.send(who_has(broadcast, client, vip)), arp_answer);
    EXPECT_EQ(world.send(who_has(vip_mac, client, vip)), arp_answer);
    EXPECT_EQ(world.counted(&C::arp_replies), 2U);
}

// RFC 5227 2.1.1: a probe has sender 0.0.0.0 and must learn that the address is taken.
TEST(Arp, MasterAnswersAProbe) {
    World world;
    const Lines answer = world.send(who_has(broadcast, "0.0.0.0", vip));
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_NE(answer[0].find("ARP reply 192.168.8.100 (02:00:00:00:00:64)"), std::string::npos);
}

TEST(Arp, BackupIsSilent) {
    World world;
    world.set_master(false);
    EXPECT_EQ(world.send(who_has(broadcast, client, vip)), silence);
    EXPECT_EQ(world.send(who_has(vip_mac, client, vip)), silence);
    EXPECT_EQ(world.send(who_has(broadcast, "0.0.0.0", vip)), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 3U);
}

TEST(Arp, OthersAndRepliesAreTheKernels) {
    World world;
    EXPECT_EQ(world.send(who_has(broadcast, client, "192.168.8.4")), silence);
    EXPECT_EQ(world.send(PacketBuilder().ethernet(client_mac, vip_mac).arp_reply(client, vip)),
              silence);
    EXPECT_EQ(world.counted(&C::kernel), 2U);
}

// A station has a MAC of its own: an answer to a group's would go to all of them.
TEST(Arp, AGroupAsksNothing) {
    World world;
    Frame asked = who_has(broadcast, client, vip);
    const net::Parsed parsed = net::parse(asked);
    net::header_in<net::ArpPacket>(asked, parsed.l3_offset).sender_mac = packets::mac(broadcast);
    EXPECT_EQ(world.send(asked), silence);
    for (const char* source : {broadcast, "01:00:5e:00:00:12"})
        EXPECT_EQ(world.send(PacketBuilder().ethernet(source, broadcast).arp_request(client, vip)),
                  silence);
    EXPECT_EQ(world.dropped(Drop::malformed_arp), 3U);
}

// A switch may flood the frames of the peer's MAC to us.
TEST(Arp, RequestToAnotherMacIsNotOurs) {
    World world;
    EXPECT_EQ(world.send(who_has("02:00:00:00:00:99", client, vip)), silence);
    EXPECT_EQ(world.counted(&C::kernel), 1U);
}

// DESIGN 3: if the control lcore dies, ownership ends after Master_Down_Interval.
TEST(Ownership, IsALease) {
    World world;
    world.change([](exchange::Snapshot& s) { s.virtual_routers[0].lease_ns = 3609 * ms; });
    world.advance(3608 * ms);
    EXPECT_EQ(world.send(who_has(broadcast, client, vip)), arp_answer);
    world.advance(1 * ms);
    EXPECT_EQ(world.send(who_has(broadcast, client, vip)), silence);
    world.set_master(true);
    EXPECT_EQ(world.send(who_has(broadcast, client, vip)), arp_answer);
}

TEST(Echo, MasterAnswers) {
    World world;
    EXPECT_EQ(
        world.send(to_vip().echo_request(7, 1).payload("ping")),
        Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv4 192.168.8.100 > 192.168.8.50 ttl 64 "
              "DF ICMP type 0 code 0 rest 0x00070001 \"ping\""});
}

TEST(Echo, BackupIsSilentAndDamageIsDropped) {
    World world;
    EXPECT_EQ(world.send(to_vip().echo_request(7, 1).bad_l4_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_icmp_checksum), 1U);
    world.set_master(false);
    EXPECT_EQ(world.send(to_vip().echo_request(7, 1)), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 1U);
}

// RFC 1122 3.2.2.6: of any size. The fragments of the request are those of the reply.
TEST(Echo, EachFragmentIsTurnedRound) {
    World world;
    const Frame first = to_vip().echo_request(7, 1).payload("ping").fragment(0, true);
    const auto answer = world.send_raw(first);
    ASSERT_EQ(answer.size(), 1U);
    const net::Parsed parsed = net::parse(answer[0]);
    EXPECT_TRUE(parsed.ok());
    EXPECT_EQ(parsed.fragment, net::Fragment::first);
    EXPECT_EQ(parsed.source.to_string(), vip);
    EXPECT_EQ(parsed.message_type, 0);
    const Frame later = to_vip().echo_request(7, 1).payload("ping").fragment(1480, false);
    const auto rest = world.send_raw(later);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(net::parse(rest[0]).destination.to_string(), client);
    EXPECT_EQ(net::parse(rest[0]).fragment, net::Fragment::later);
    EXPECT_TRUE(std::equal(later.begin() + 34, later.end(), rest[0].begin() + 34)) << "untouched";
}

TEST(Echo, NothingElseOfAFragmentIsAnswered) {
    World world;
    EXPECT_EQ(world.send(to_vip().echo_reply(7, 1).fragment(0, true)), silence);
    EXPECT_EQ(world.send(to_vip().udp(1, 2).fragment(1480, false)), silence);
    EXPECT_EQ(world.dropped(Drop::fragment), 2U);
}

// Land: whatever answers would answer itself.
TEST(Land, NothingComesFromAnAddressOfOurs) {
    World world;
    const auto from_vip = [] { return PacketBuilder().ethernet(client_mac, vip_mac).ip(vip, vip); };
    EXPECT_EQ(world.send(from_vip().tcp(5672, 5672, "S")), silence);
    EXPECT_EQ(world.send(from_vip().tcp(5672, 5672, "PA")), silence);
    EXPECT_EQ(world.send(from_vip().tcp(22, 22, "S")), silence);
    EXPECT_EQ(world.send(from_vip().tcp(22, 22, "A")), silence);
    EXPECT_EQ(world.send(from_vip().echo_request(7, 1)), silence);
    EXPECT_EQ(world.send(from_vip().echo_request(7, 1).fragment(0, true)), silence);
    EXPECT_EQ(world.dropped(Drop::own_source), 6U);
    EXPECT_EQ(world.counted(&C::flows_admitted), 0U);
}

// RFC 9293 3.10.7.1
TEST(Refuse, PortThatNobodyServes) {
    World world;
    EXPECT_EQ(
        world.send(to_vip().tcp(4000, 22, "S").seq(100)),
        Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv4 192.168.8.100 > 192.168.8.50 ttl 64 "
              "DF TCP 22 > 4000 [RA] seq 0 ack 101 win 0"});
    EXPECT_EQ(
        world.send(to_vip().tcp(4000, 22, "A").seq(100).ack(77)),
        Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv4 192.168.8.100 > 192.168.8.50 ttl 64 "
              "DF TCP 22 > 4000 [R] seq 77 ack 0 win 0"});
    EXPECT_EQ(world.send(to_vip().tcp(4000, 22, "R").seq(100)), silence) << "never answer a RST";
    EXPECT_EQ(world.dropped(Drop::no_flow), 1U);
}

TEST(Refuse, ABackupRefusesNothing) {
    World world;
    world.set_master(false);
    EXPECT_EQ(world.send(to_vip().tcp(4000, 5672, "S")), silence);
    EXPECT_EQ(world.send(to_vip().tcp(4000, 5672, "A")), silence);
}

TEST(Vrrp, AdvertsArePuntedAndNeverForwarded) {
    World world;
    EXPECT_EQ(world.send(PacketBuilder()
                             .ethernet("02:00:00:00:00:06", "01:00:5e:00:00:12")
                             .ip("192.168.8.6", "224.0.0.18")
                             .ttl(255)
                             .vrrp_v2(51, 90, 1, {vip}, "1111")),
              silence);
    EXPECT_EQ(world.counted(&C::punt), 1U);
}

struct Bad {
    const char* what;
    Frame frame;
    Drop reason;
};

TEST(BadInput, EachReasonHasItsCounter) {
    const std::vector<Bad> bad{
        {"half an Ethernet header", to_vip().truncate(10), Drop::malformed_ethernet},
        {"half an IP header", to_vip().truncate(20), Drop::malformed_ip},
        {"version 7", to_vip().tcp(1, 5672, "S").ip_version(7), Drop::malformed_ip},
        {"header of 8 bytes", to_vip().tcp(1, 5672, "S").ip_header_words(2), Drop::malformed_ip},
        {"longer than the frame", to_vip().tcp(1, 5672, "S").total_length(1500),
         Drop::malformed_ip},
        {"IP checksum", to_vip().tcp(1, 5672, "S").bad_ip_checksum(), Drop::bad_ip_checksum},
        {"TCP offset 2", to_vip().tcp(1, 5672, "S").tcp_offset_words(2), Drop::malformed_tcp},
        {"TCP offset behind the end", to_vip().tcp(1, 5672, "S").tcp_offset_words(15),
         Drop::malformed_tcp},
        {"SYN with FIN", to_vip().tcp(1, 5672, "SF"), Drop::malformed_tcp},
        {"SYN with RST", to_vip().tcp(1, 5672, "SR"), Drop::malformed_tcp},
        {"a first fragment", to_vip().tcp(1, 5672, "S").fragment(0, true), Drop::fragment},
        {"a later fragment", to_vip().tcp(1, 5672, "S").fragment(1480, false), Drop::fragment},
        {"UDP", to_vip().udp(1, 5672), Drop::unexpected_protocol},
        {"TCP to nobody, bad checksum", to_vip().tcp(1, 22, "S").bad_l4_checksum(),
         Drop::bad_tcp_checksum},
        {"unicast IP in a broadcast frame",
         PacketBuilder().ethernet(client_mac, broadcast).ip(client, vip).tcp(1, 5672, "S"),
         Drop::unexpected_protocol},
    };
    World world;
    for (const Bad& each : bad) {
        const std::uint64_t before = world.dropped(each.reason);
        EXPECT_EQ(world.send(each.frame), silence) << each.what;
        EXPECT_EQ(world.dropped(each.reason), before + 1) << each.what;
    }
}

TEST(BadInput, TruncatedAtEveryLengthNeverCrashes) {
    World world;
    const Frame whole = to_vip().tcp(4000, 5672, "S").mss(1460).timestamps(1, 0).payload("x");
    for (std::size_t length = 1; length < whole.size(); ++length)
        EXPECT_EQ(world.send(Frame(whole.begin(), whole.begin() + static_cast<long>(length))),
                  silence);
}

TEST(BadInput, OurOwnHostsFramesAndVlansAreTheKernels) {
    World world;
    world.send(
        PacketBuilder().ethernet(vip_mac, client_mac).ip("192.168.8.4", vip).tcp(1, 5672, "S"));
    world.send(
        PacketBuilder().ethernet(client_mac, vip_mac).vlan(10).ip(client, vip).tcp(1, 2, "S"));
    EXPECT_EQ(world.counted(&C::kernel), 2U);
    EXPECT_EQ(world.counted(&C::tx), 0U);
}

// A card of our own: what is not ours goes to the kernel port, and what the kernel sends leaves as
// it is.
TEST(KernelPort, CarriesWhatIsNotOurs) {
    World world({.kernel_port = true});
    const Frame ssh =
        PacketBuilder().ethernet(client_mac, vip_mac).ip(client, "192.168.8.4").tcp(4000, 22, "S");
    EXPECT_EQ(world.send(ssh), silence);
    EXPECT_EQ(world.taken_by_kernel(), Lines{packets::describe(ssh)});
    const Frame answer =
        PacketBuilder().ethernet(vip_mac, client_mac).ip("192.168.8.4", client).tcp(22, 4000, "SA");
    EXPECT_EQ(world.send_from_kernel(answer), Lines{packets::describe(answer)});
    EXPECT_EQ(world.counted(&C::kernel), 1U);
}

TEST(KernelPort, NeverSeesWhatIsOwned) {
    World world({.kernel_port = true});
    world.send(who_has(broadcast, client, vip));
    world.send(to_vip().tcp(4000, 22, "S"));
    world.set_master(false);
    world.send(to_vip().tcp(4000, 22, "S"));
    EXPECT_EQ(world.taken_by_kernel(), silence);
}

}  // namespace
}  // namespace warren::datapath
