// SPDX-License-Identifier: BSD-3-Clause
// What a worker gives to the control lcore, what it counts for a virtual router, and what it keeps
// from everybody: frames to the virtual MAC on a backup, VLANs, addresses that accept nothing.
#include "world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using packets::Frame;
using packets::PacketBuilder;
using C = exchange::WorkerCounters;

constexpr auto rival = "02:00:00:00:00:06";
constexpr auto all_nodes_mac = "33:33:00:00:00:01";

struct BothFamilies : World {
    explicit BothFamilies(const WorldOptions& options = {}) : World(options) {
        change([](exchange::Snapshot& s) {
            s.addresses.push_back({.address = packets::address(vip6),
                                   .mac = packets::mac(vip_mac),
                                   .virtual_router = 0});
        });
    }
    void use_virtual_mac() {
        change([](exchange::Snapshot& s) {
            s.virtual_routers[0].mac = packets::mac(virtual_mac);
            for (exchange::OwnedAddress& address : s.addresses)
                address.mac = packets::mac(virtual_mac);
        });
    }
};

struct PuntRow {
    const char* what;
    Frame frame;
};

PacketBuilder from_rival(const char* destination_mac) {
    return PacketBuilder().ethernet(rival, destination_mac);
}

std::vector<PuntRow> adverts() {
    const Frame ah{112, 4, 0, 0, 0, 0, 0, 0};
    return {
        {"IPv4", from_rival("01:00:5e:00:00:12")
                     .ip("192.168.8.6", "224.0.0.18")
                     .ttl(255)
                     .vrrp_v2(51, 90, 1, {vip}, "1111")},
        {"IPv6", from_rival("33:33:00:00:00:12")
                     .ip("fe80::6", "ff02::12")
                     .ttl(255)
                     .protocol(112)
                     .payload(Frame{0x31, 51, 90, 1, 0, 10, 0, 0})},
        {"IPv6, unicast", from_rival(vip_mac)
                              .ip("fe80::6", "fe80::4")
                              .ttl(255)
                              .protocol(112)
                              .payload(Frame{0x31, 51, 90, 1, 0, 10, 0, 0})},
        {"AH",
         from_rival("01:00:5e:00:00:12").ip("192.168.8.6", "224.0.0.18").protocol(51).payload(ah)},
    };
}

// From the virtual MAC of a rival, with a group MAC or to our own.
TEST(Punt, AdvertsOfBothFamiliesAndAh) {
    BothFamilies world;
    std::uint64_t punted = 0;
    for (const PuntRow& row : adverts()) {
        EXPECT_EQ(world.send(row.frame), silence) << row.what;
        EXPECT_EQ(world.counted(&C::punt), ++punted) << row.what;
    }
    EXPECT_EQ(world.router_frames(), 0U) << "adverts are no sign of clients";
}

TEST(Punt, OtherAhAndAdvertsBetweenOthersAreTheKernels) {
    BothFamilies world;
    world.send(from_rival(vip_mac)
                   .ip("192.168.8.6", "192.168.8.4")
                   .protocol(51)
                   .payload(Frame{6, 4, 0, 0, 0, 0, 0, 0}));
    world.send(from_rival("02:00:00:00:00:07")
                   .ip("192.168.8.6", "192.168.8.7")
                   .protocol(112)
                   .payload(Frame{0x21, 51, 90, 0, 1, 1, 0, 0}));
    EXPECT_EQ(world.counted(&C::kernel), 2U);
    EXPECT_EQ(world.counted(&C::punt), 0U);
}

// RFC 5227 2.4 (A10): any ARP whose sender address is ours, and the same of IPv6.
std::vector<PuntRow> claims() {
    return {
        {"gratuitous ARP", from_rival(broadcast).arp_request(vip, vip)},
        {"ARP reply", from_rival(vip_mac).arp_reply(vip, client)},
        {"gratuitous ARP reply", from_rival(broadcast).arp_reply(vip, vip)},
        {"ARP request for another", from_rival(broadcast).arp_request(vip, client)},
        {"unsolicited NA",
         from_rival(all_nodes_mac).ip(vip6, "ff02::1").neighbour_advertisement(vip6, "RO", rival)},
        {"NA to us",
         from_rival(vip_mac).ip("fe80::6", vip6).neighbour_advertisement(vip6, "SO", rival)},
        {"NS for another", from_rival("33:33:ff:00:00:50")
                               .ip(vip6, "ff02::1:ff00:50")
                               .neighbour_solicitation("fd00::50", rival)},
    };
}

TEST(Punt, ClaimsToAnAddressThatIsOurs) {
    BothFamilies world;
    std::uint64_t punted = 0;
    for (const PuntRow& row : claims()) {
        EXPECT_EQ(world.send(row.frame), silence) << row.what;
        EXPECT_EQ(world.counted(&C::punt), ++punted) << row.what;
    }
    EXPECT_EQ(world.router_frames(), 0U);
}

// The master claims it then, and rightly.
TEST(Punt, ABackupHearsNoClaims) {
    BothFamilies world;
    world.set_master(false);
    for (const PuntRow& row : claims())
        EXPECT_EQ(world.send(row.frame), silence) << row.what;
    EXPECT_EQ(world.counted(&C::punt), 0U);
}

// A rival with our virtual MAC (keepalived's use_vmac) announces: the election decides, not we
// here. A host's own frames, seen by a packet socket, and our own gratuitous ARP come back to us.
TEST(Punt, OurOwnFramesClaimNothing) {
    BothFamilies world;
    world.use_virtual_mac();
    const Frame frames[] = {PacketBuilder().ethernet(vip_mac, broadcast).arp_request(vip, vip),
                            PacketBuilder().ethernet(virtual_mac, broadcast).arp_request(vip, vip),
                            PacketBuilder()
                                .ethernet(virtual_mac, all_nodes_mac)
                                .ip(vip6, "ff02::1")
                                .neighbour_advertisement(vip6, "RO", virtual_mac)};
    for (const Frame& frame : frames)
        EXPECT_EQ(world.send(frame), silence);
    EXPECT_EQ(world.counted(&C::punt), 0U);
}

TEST(Punt, AFullRingDropsAndGoesOn) {
    BothFamilies world;
    const Frame claim = from_rival(broadcast).arp_request(vip, vip);
    for (unsigned i = 0; i < 300; ++i)
        world.send(claim);
    EXPECT_EQ(world.counted(&C::punt), 127U);
    EXPECT_EQ(world.dropped(Drop::punt_full), 173U);
}

TEST(Punt, AStormOfClaimsDropsNoAdvert) {
    BothFamilies world;
    const Frame claim = from_rival(broadcast).arp_request(vip, vip);
    for (unsigned i = 0; i < 300; ++i)
        world.send(claim);
    const std::uint64_t dropped = world.dropped(Drop::punt_full);
    const std::uint64_t punted = world.counted(&C::punt);
    for (const PuntRow& row : adverts())
        world.send(row.frame);
    EXPECT_EQ(world.counted(&C::punt), punted + adverts().size());
    EXPECT_EQ(world.dropped(Drop::punt_full), dropped);
}

TEST(VirtualMac, AnswersComeFromItAndFramesToItAreOurs) {
    BothFamilies world;
    world.use_virtual_mac();
    EXPECT_EQ(world.send(PacketBuilder().ethernet(client_mac, broadcast).arp_request(client, vip)),
              Lines{"00:00:5e:00:01:33 > 02:00:00:00:00:c1 ARP reply 192.168.8.100 "
                    "(00:00:5e:00:01:33) for 192.168.8.50 (02:00:00:00:00:c1)"});
    const Lines echo = world.send(
        PacketBuilder().ethernet(client_mac, virtual_mac).ip(client, vip).echo_request(1, 1));
    ASSERT_EQ(echo.size(), 1U);
    EXPECT_EQ(echo[0].substr(0, 17), virtual_mac);
    EXPECT_EQ(world.router_frames(), 2U);
}

// RFC 9568 6.4.2: a Backup Router "MUST discard packets with a destination link-layer MAC address
// equal to the Virtual Router MAC address" (A6); a master counts them as traffic (A8).
TEST(VirtualMac, ABackupDiscardsWhatIsSentToIt) {
    BothFamilies world({.kernel_port = true});
    world.use_virtual_mac();
    const Frame transit =
        PacketBuilder().ethernet(client_mac, virtual_mac).ip(client, "10.0.0.1").udp(1, 2);
    world.send(transit);
    EXPECT_EQ(world.router_frames(), 1U);
    EXPECT_EQ(world.taken_by_kernel().size(), 1U);
    world.set_master(false);
    world.send(transit);
    world.send(PacketBuilder().ethernet(client_mac, virtual_mac).ip(client, vip).udp(1, 2));
    EXPECT_EQ(world.dropped(Drop::not_owned), 2U);
    EXPECT_EQ(world.taken_by_kernel(), silence);
    EXPECT_EQ(world.router_frames(), 1U);
}

// RFC 9568 6.1 Accept_Mode (A9): no_accept leaves ARP, ND and the virtual_servers.
TEST(NoAccept, AnswersOnlyWhatItMust) {
    BothFamilies world;
    world.change([](exchange::Snapshot& s) { s.virtual_routers[0].accept = false; });
    const auto to_vip = [] {
        return PacketBuilder().ethernet(client_mac, vip_mac).ip(client, vip);
    };
    EXPECT_EQ(world.send(to_vip().echo_request(1, 1)), silence);
    EXPECT_EQ(world.send(to_vip().tcp(4000, 22, "S")), silence);
    EXPECT_EQ(
        world.send(
            PacketBuilder().ethernet(client_mac, vip_mac).ip("fd00::50", vip6).echo_request(1, 1)),
        silence);
    EXPECT_EQ(world.dropped(Drop::not_accepted), 3U);
    EXPECT_EQ(
        world.send(PacketBuilder().ethernet(client_mac, broadcast).arp_request(client, vip)).size(),
        1U);
    EXPECT_EQ(world
                  .send(PacketBuilder()
                            .ethernet(client_mac, vip_mac)
                            .ip("fd00::50", vip6)
                            .neighbour_solicitation(vip6, client_mac))
                  .size(),
              1U);
    EXPECT_EQ(world.send(to_vip().tcp(4000, 5672, "S")).size(), 1U) << "a virtual_server's port";
}

// A driver that strips tags leaves them in the mbuf; such a frame is of another VLAN.
TEST(Vlan, AStrippedTagIsStillATag) {
    World world({.kernel_port = true});
    world.stripped_tag = 10;
    PacketBuilder request =
        PacketBuilder().ethernet(client_mac, broadcast).arp_request(client, vip);
    EXPECT_EQ(world.send(request), silence);
    EXPECT_EQ(world.counted(&C::arp_replies), 0U);
    EXPECT_EQ(world.taken_by_kernel(),
              Lines{packets::describe(PacketBuilder(request).vlan(10).build())})
        << "the kernel needs it back";
}

}  // namespace
}  // namespace warren::datapath
