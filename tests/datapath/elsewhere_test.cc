// SPDX-License-Identifier: BSD-3-Clause
// What comes by another port of ours than the address's, because we are the sender's gateway there:
// connections go on with that port's MAC, everything else is the kernel's.
#include "connection.h"
#include "world.h"

namespace warren::datapath {
namespace {

using packets::PacketBuilder;
using C = exchange::WorkerCounters;

constexpr auto inner = "10.9.0.50";
constexpr auto inner_mac = "02:00:00:00:00:c9";
constexpr std::uint8_t home = 0, elsewhere = 1;

struct TwoPorts : World {
    TwoPorts() : World({.servers = 1, .ports = 2}) {
        change([](exchange::Snapshot& s) {
            s.port_macs = {packets::mac(vip_mac), packets::mac(second_mac)};
            s.addresses[0].is_hosts = true;
            s.host_ports = {32'768, 60'999};
        });
    }
};

PacketBuilder from_inner(const char* to_mac = second_mac) {
    return PacketBuilder().ethernet(inner_mac, to_mac).ip(inner, vip);
}

net::EthernetHeader ethernet_of(const packets::Frame& frame) {
    return net::load<net::EthernetHeader>(frame, 0);
}

// A server behind the second port has us for its gateway: its answers come in there.
TEST(Elsewhere, AServersAnswersBelongToTheirFlow) {
    TwoPorts world;
    Connection c(world);
    c.from_client("S");
    ++c.client_seq;
    const auto answers = world.send_raw(PacketBuilder()
                                            .ethernet("02:00:00:00:00:0b", second_mac)
                                            .ip("192.168.8.11", vip)
                                            .tcp(5672, c.local_port, "SA")
                                            .seq(70'000)
                                            .ack(c.client_seq + c.delta),
                                        0, elsewhere);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(ethernet_of(answers[0]).destination, packets::mac(client_mac));
    EXPECT_EQ(ethernet_of(answers[0]).source, packets::mac(vip_mac));
    EXPECT_EQ(world.counted(&C::kernel), 0U);
}

// Both paths (fast: established) speak to it with that port's MAC.
TEST(Elsewhere, AClientIsServedWithThatPortsMac) {
    TwoPorts world;
    const auto syn = world.send_raw(from_inner().tcp(4000, 5672, "S").seq(100), 0, elsewhere);
    ASSERT_EQ(syn.size(), 1U);
    const net::Parsed at_server = net::parse(syn[0]);
    const std::uint32_t delta = at_server.sequence - 100;
    const auto from_server = [&](const char* flags, std::uint32_t seq) {
        return PacketBuilder()
            .ethernet("02:00:00:00:00:0b", vip_mac)
            .ip("192.168.8.11", vip)
            .tcp(5672, at_server.source_port.host(), flags)
            .seq(seq)
            .ack(101 + delta);
    };
    const auto is_to_inner = [](const std::vector<packets::Frame>& frames) {
        return frames.size() == 1 &&
               ethernet_of(frames[0]).destination == packets::mac(inner_mac) &&
               ethernet_of(frames[0]).source == packets::mac(second_mac);
    };
    EXPECT_TRUE(is_to_inner(world.send_raw(from_server("SA", 500), 0, home)));
    for (int segment = 0; segment < 3; ++segment) {
        EXPECT_EQ(world.send_raw(from_inner().tcp(4000, 5672, "A").seq(101).ack(501), 0, elsewhere)
                      .size(),
                  1U);
        EXPECT_TRUE(is_to_inner(world.send_raw(from_server("A", 501), 0, home)));
    }
    EXPECT_EQ(world.counted(&C::kernel), 0U);
}

TEST(Elsewhere, TheRestIsTheKernels) {
    TwoPorts world;
    const std::vector<packets::Frame> rest{
        from_inner().tcp(4000, 22, "S"),
        from_inner().udp(1, 5672),
        from_inner().echo_request(7, 1),
        from_inner().tcp(4000, 5672, "S").fragment(0, true),
        from_inner("02:00:00:00:00:77").tcp(4000, 5672, "S"),
        from_inner(vip_mac).tcp(4000, 5672, "S"),
    };
    std::uint64_t left = 0;
    for (const packets::Frame& frame : rest) {
        EXPECT_EQ(world.send(frame, 0, elsewhere), silence);
        EXPECT_EQ(world.counted(&C::kernel), ++left);
    }
    EXPECT_EQ(world.send(PacketBuilder().ethernet(inner_mac, broadcast).arp_request(inner, vip), 0,
                         elsewhere),
              silence)
        << "nobody there asks for it rightly";
}

// The host of a backup may be a router: the master is to get it.
TEST(Elsewhere, ABackupLeavesAllOfItToTheKernel) {
    TwoPorts world;
    world.set_master(false);
    EXPECT_EQ(world.send(from_inner().tcp(4000, 5672, "S"), 0, elsewhere), silence);
    EXPECT_EQ(world.counted(&C::kernel), 1U);
}

}  // namespace
}  // namespace warren::datapath
