// SPDX-License-Identifier: BSD-3-Clause
// What is said of a packet, in a line and step by step.
#include "capture/words.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "exchange/snapshot.h"
#include "packet.h"
#include "ports.h"

namespace warren::capture {
namespace {

using exchange::Drop;
using exchange::Fate;

exchange::CapturedPacket refused() {
    exchange::CapturedPacket packet = admitted();
    packet.went = net::parse(segment("192.168.8.100", 5672, "192.168.8.50", 40000, "RA"));
    packet.target = 0;
    packet.reason = Drop::no_server;
    packet.after = flow::TcpState::none;
    return packet;
}

exchange::CapturedPacket with_fate(Fate fate) {
    exchange::CapturedPacket packet = dropped(Drop::count_);
    packet.fate = fate;
    return packet;
}

TEST(Words, SayWhatAFrameIs) {
    EXPECT_EQ(frame_text(net::parse(syn)),
              "192.168.8.50:40000 > 192.168.8.100:5672  SYN, 0 bytes, seq 7, ack 0");
    EXPECT_EQ(frame_text(net::parse(segment("fd00::1", 1, "fd00::2", 2, "FPA"))),
              "[fd00::1]:1 > [fd00::2]:2  FIN PSH ACK, 0 bytes, seq 7, ack 0");
    EXPECT_EQ(frame_text(
                  net::parse(packets::PacketBuilder().arp_request("10.0.0.1", "10.0.0.2").build())),
              "10.0.0.1 > 10.0.0.2  ARP request");
    EXPECT_EQ(frame_text(net::parse(
                  packets::PacketBuilder().ip("10.0.0.1", "10.0.0.2").echo_request(1, 1).build())),
              "10.0.0.1 > 10.0.0.2  ICMP type 8 code 0");
    EXPECT_EQ(frame_text(net::parse(
                  packets::PacketBuilder().ip("10.0.0.1", "10.0.0.2").protocol(112).build())),
              "10.0.0.1 > 10.0.0.2  protocol 112, 0 bytes");
    EXPECT_EQ(frame_text(net::parse({})), "malformed: truncated_ethernet");
    EXPECT_EQ(frame_text(net::Parsed{}), "neither IP nor ARP");
}

TEST(Words, SayInALineWhatBecameOfIt) {
    EXPECT_EQ(outcome_text(admitted(), ports),
              "to 192.168.8.11:5672, sent by eth1, flow none -> syn_sent");
    EXPECT_EQ(outcome_text(dropped(Drop::no_flow), ports), "dropped: no_flow");
    EXPECT_EQ(outcome_text(refused(), ports), "refused: no_server, answered, sent by eth0");
    EXPECT_EQ(outcome_text(with_fate(Fate::to_kernel), ports), "left to the kernel");
    EXPECT_EQ(outcome_text(with_fate(Fate::punted), ports), "given to the control lcore");
    EXPECT_EQ(outcome_text(with_fate(Fate::handed_on), ports),
              "handed to worker 1, which has its flow");
    exchange::CapturedPacket held = admitted();
    held.fate = Fate::held;
    held.target = exchange::loopback_port;
    EXPECT_EQ(outcome_text(held, ports),
              "to 192.168.8.11:5672, held until the peer knows its flow, then sent by lo, flow "
              "none -> syn_sent");
    EXPECT_EQ(origin_text(admitted()), "from 192.168.8.50:40000");
    EXPECT_EQ(origin_text(with_fate(Fate::made)), "made here");
    EXPECT_EQ(port_name(7, ports), "port 7");
}

class Trace : public testing::Test {
  protected:
    Trace() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
    static constexpr std::uint64_t noon_ns = 43'200'123'456'789;
};

TEST_F(Trace, HasALineForEachStep) {
    EXPECT_EQ(trace_text(admitted(), ports, noon_ns),
              "12:00:00.123456  192.168.8.50:40000 > 192.168.8.100:5672  SYN, 0 bytes, seq 7, ack "
              "0\n"
              "    parsed      came by eth0, worker 0\n"
              "    classified  a segment to a virtual_server\n"
              "    flow        none -> syn_sent\n"
              "    rewritten   192.168.8.100:1024 > 192.168.8.11:5672  SYN, 0 bytes, seq 7, ack 0\n"
              "    verdict     sent by eth1\n");
}

TEST_F(Trace, IsALineOfJsonForPrograms) {
    EXPECT_EQ(
        trace_json(admitted(), ports, noon_ns),
        "{\"time\":\"1970-01-01T12:00:00.123456Z\",\"frame\":\"192.168.8.50:40000 > "
        "192.168.8.100:5672  SYN, 0 bytes, seq 7, ack 0\",\"parsed\":\"came by eth0, worker "
        "0\",\"classified\":\"a segment "
        "to a virtual_server\",\"flow\":\"none -> syn_sent\",\"rewritten\":\"192.168.8.100:1024 > "
        "192.168.8.11:5672  SYN, 0 bytes, seq 7, ack 0\",\"verdict\":\"sent by eth1\"}\n");
}

TEST_F(Trace, SaysWhyAClientIsRefused) {
    exchange::CapturedPacket packet = refused();
    packet.handed_by = 3;
    EXPECT_EQ(trace_text(packet, ports, noon_ns),
              "12:00:00.123456  192.168.8.50:40000 > 192.168.8.100:5672  SYN, 0 bytes, seq 7, ack "
              "0\n"
              "    parsed      came by eth0, worker 0, handed over by worker 3\n"
              "    classified  a segment to a virtual_server\n"
              "    flow        none\n"
              "    refused     no_server\n"
              "    answered    192.168.8.100:5672 > 192.168.8.50:40000  RST ACK, 0 bytes, seq 7, "
              "ack 0\n"
              "    verdict     sent by eth0\n");
}

TEST_F(Trace, WhatIsMadeHereHasNoPast) {
    exchange::CapturedPacket packet = admitted();
    packet.fate = Fate::made;
    packet.came = {};
    packet.came_bytes = 0;
    packet.what = {};
    packet.before = packet.after = flow::TcpState::established;
    EXPECT_EQ(trace_text(packet, ports, noon_ns),
              "12:00:00.123456  192.168.8.100:1024 > 192.168.8.11:5672  SYN, 0 bytes, seq 7, ack "
              "0\n"
              "    made        here, by worker 0\n"
              "    flow        established\n"
              "    verdict     sent by eth1\n");
}

}  // namespace
}  // namespace warren::capture
