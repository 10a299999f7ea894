// SPDX-License-Identifier: BSD-3-Clause
// An address that the host has too: what belongs to a virtual_server, or to one of its flows, is
// ours, everything else is the kernel's, by headers alone. And what the kernel gets and sends
// through a card of our own.
#include "world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using packets::Frame;
using packets::PacketBuilder;
using C = exchange::WorkerCounters;

constexpr auto server = "192.168.8.11";
constexpr auto server_mac = "02:00:00:00:00:0b";

struct HostsWorld : World {
    explicit HostsWorld(const WorldOptions& options = {}) : World(options) {
        change([](exchange::Snapshot& s) {
            s.addresses[0].is_hosts = true;
            s.host_ports = {32'768, 60'999};
        });
    }
    void use_virtual_mac() {
        change([](exchange::Snapshot& s) {
            s.virtual_routers[0].mac = packets::mac(virtual_mac);
            s.addresses[0].mac = packets::mac(virtual_mac);
            s.addresses.push_back({.address = packets::address(vip6),
                                   .mac = packets::mac(virtual_mac),
                                   .is_hosts = true});
        });
    }
};

PacketBuilder from_server() {
    return PacketBuilder().ethernet(server_mac, vip_mac).ip(server, vip);
}

struct Row {
    const char* what;
    Frame frame;
};

TEST(HostAddress, WhatNoServiceClaimsIsTheKernels) {
    const std::vector<Row> rows{
        {"SYN to a port of the host", to_vip().tcp(4000, 22, "S")},
        {"segment to it", to_vip().tcp(4000, 22, "A")},
        {"a sum that is not filled in yet", to_vip().tcp(4000, 22, "A").bad_l4_checksum()},
        {"UDP, even to the port of a service", to_vip().udp(1, 5672)},
        {"echo", to_vip().echo_request(7, 1)},
        {"first fragment for the host", to_vip().tcp(1, 22, "A").fragment(0, true)},
        {"later fragment", to_vip().tcp(1, 5672, "A").fragment(1480, false)},
        {"from a server's other port", from_server().tcp(22, 5000, "A")},
        {"from a server to a connection of the host's", from_server().tcp(5672, 40'000, "SA")},
    };
    HostsWorld world;
    std::uint64_t left = 0;
    for (const Row& row : rows) {
        EXPECT_EQ(world.send(row.frame), silence) << row.what;
        EXPECT_EQ(world.counted(&C::kernel), ++left) << row.what;
    }
}

TEST(HostAddress, ServicesAndTheirFlowsAreOurs) {
    HostsWorld world;
    EXPECT_EQ(world.send(to_vip().tcp(4000, 5672, "S").seq(100)).size(), 1U);
    EXPECT_EQ(world.send(to_vip().tcp(4001, 5672, "A").seq(100).ack(77)).size(), 1U)
        << "of no flow: RST, as without the host";
    EXPECT_EQ(world.send(from_server().tcp(5672, 5000, "A").seq(1).ack(77)).size(), 1U)
        << "a server's segment of no flow, to a local port";
    EXPECT_EQ(world.send(to_vip().tcp(1, 5672, "S").fragment(0, true)), silence);
    EXPECT_EQ(world.dropped(Drop::fragment), 1U);
    EXPECT_EQ(world.send(to_vip().tcp(1, 5672, "S").bad_l4_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), 1U);
    EXPECT_EQ(world.counted(&C::kernel), 0U);
}

// The kernel sees nothing of a removed service's port (its guard stands as long), so we refuse.
TEST(HostAddress, ARemovedServiceIsNotYetTheHosts) {
    HostsWorld world;
    world.change([](exchange::Snapshot& s) { s.services[0].present = false; });
    EXPECT_EQ(world.send(to_vip().tcp(4000, 5672, "S")).size(), 1U);
    EXPECT_EQ(world.counted(&C::kernel), 0U);
}

// So that a server's answer tells by its port alone whether it is ours.
TEST(HostAddress, LocalPortsLieOutsideOfTheHostsOwn) {
    HostsWorld world({.servers = 1, .flow_capacity = 8192});
    world.change([](exchange::Snapshot& s) { s.host_ports = {1'024, 65'000}; });
    for (std::uint16_t port = 4000; port < 4400; ++port) {
        const auto sent = world.send_raw(to_vip().tcp(port, 5672, "S"));
        ASSERT_EQ(sent.size(), 1U);
        const unsigned local = sent[0][34] << 8 | sent[0][35];
        ASSERT_GT(local, 65'000U);
    }
}

TEST(HostAddress, ABackupLeavesNothingToTheKernel) {
    HostsWorld world;
    world.set_master(false);
    EXPECT_EQ(world.send(to_vip().udp(1, 53)), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 1U);
    EXPECT_EQ(world.counted(&C::kernel), 0U);
}

TEST(HostAddress, ErrorsAboutTheHostsOwnPacketsAreTheKernels) {
    HostsWorld world;
    Frame quoted = PacketBuilder().ethernet(vip_mac, client_mac).ip(vip, client).udp(53, 4000);
    quoted.erase(quoted.begin(), quoted.begin() + 14);
    EXPECT_EQ(world.send(to_vip().icmp(3, 3, 0).payload(quoted)), silence);
    EXPECT_EQ(world.counted(&C::kernel), 1U);
    EXPECT_EQ(world.dropped(Drop::icmp_unmatched), 0U);
}

// As from a veth by AF_XDP: the kernel would drop it as damaged.
TEST(HostAddress, TheKernelPortHasNoOpenChecksum) {
    for (const Frame& whole : {to_vip().tcp(4000, 22, "S").build(), to_vip().udp(1, 53).build()}) {
        HostsWorld world({.kernel_port = true});
        Frame frame = whole;
        net::open_checksum(frame, net::parse(frame));
        world.send(frame);
        EXPECT_EQ(world.taken_by_kernel(), Lines{packets::describe(whole)});
    }
}

// The kernel behind a card of our own takes frames to the card's MAC, and sends with it.
TEST(HostAddress, TheKernelPortSpeaksForTheVirtualMac) {
    HostsWorld world({.kernel_port = true});
    world.use_virtual_mac();
    world.send(PacketBuilder().ethernet(client_mac, virtual_mac).ip(client, vip).udp(1, 53));
    const Lines taken = world.taken_by_kernel();
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].find("02:00:00:00:00:c1 > 02:00:00:00:00:64 "), 0U) << taken[0];

    const auto source_of = [&](const Frame& frame) {
        const Lines sent = world.send_from_kernel(frame);
        return sent.empty() ? std::string() : sent[0].substr(0, 17);
    };
    EXPECT_EQ(source_of(PacketBuilder().ethernet(vip_mac, client_mac).ip(vip, client).udp(53, 1)),
              virtual_mac);
    EXPECT_EQ(
        source_of(
            PacketBuilder().ethernet(vip_mac, client_mac).ip("192.168.8.4", client).udp(53, 1)),
        vip_mac)
        << "the host's own address";
    const Lines asked = world.send_from_kernel(
        PacketBuilder().ethernet(vip_mac, "ff:ff:ff:ff:ff:ff").arp_request(vip, client));
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_NE(asked[0].find("00:00:5e:00:01:33", 17), std::string::npos) << asked[0];
    const Frame solicitation = PacketBuilder()
                                   .ethernet(vip_mac, "33:33:ff:00:00:50")
                                   .ip(vip6, "ff02::1:ff00:50")
                                   .neighbour_solicitation("fd00::50", vip_mac);
    const Frame expected = PacketBuilder()
                               .ethernet(virtual_mac, "33:33:ff:00:00:50")
                               .ip(vip6, "ff02::1:ff00:50")
                               .neighbour_solicitation("fd00::50", virtual_mac);
    EXPECT_EQ(world.send_from_kernel(solicitation), world.send_from_kernel(expected));
}

}  // namespace
}  // namespace warren::datapath
