// SPDX-License-Identifier: BSD-3-Clause
// Which packets are of a capture: with a flow by its ends, without by the frames of both sides.
#include "capture/filter.h"

#include <gtest/gtest.h>

#include "packet.h"

namespace warren::capture {
namespace {

using exchange::CaptureFilter;
using exchange::Drop;
using exchange::End;

End end_at(std::string_view address, std::uint16_t port = 0) {
    return {packets::address(address), net::Be16(port)};
}

const End the_client = end_at("192.168.8.50", 40000), the_vip = end_at("192.168.8.100", 5672),
          the_server = end_at("192.168.8.11", 5672);
const std::array<End, 3> strangers{end_at("192.168.8.50", 40001), end_at("192.168.8.101"),
                                   end_at("192.168.8.12")};

// Of a connection of theirs through FNAT.
bool is_about_it(const CaptureFilter& filter) {
    return is_about_flow(filter,
                         {the_client.address, the_vip.address, the_client.port, the_vip.port},
                         {the_server.address, the_vip.address, the_server.port, net::Be16(1024)});
}

flow::Tuple ends(const packets::Frame& frame) {
    return ends_of(frame, net::parse(frame));
}

TEST(CaptureFilter, AFlowIsKnownByEachOfItsEnds) {
    EXPECT_TRUE(is_about_it(CaptureFilter{}));
    EXPECT_TRUE(is_about_it({.client = the_client, .server = the_server, .service = the_vip}));
    EXPECT_TRUE(is_about_it({.client = end_at("192.168.8.50")}));
    for (const End& stranger : strangers) {
        EXPECT_FALSE(is_about_it({.client = stranger}));
        EXPECT_FALSE(is_about_it({.client = the_client, .server = stranger}));
        EXPECT_FALSE(is_about_it({.client = the_client, .service = stranger}));
    }
}

// What a server sends in FNAT names no client; what it became does.
TEST(CaptureFilter, WithoutAFlowTwoFramesAreOnePacket) {
    const flow::Tuple came = ends(segment("192.168.8.11", 5672, "192.168.8.100", 1024, "A"));
    const flow::Tuple went = ends(segment("192.168.8.100", 5672, "192.168.8.50", 40000, "A"));
    EXPECT_TRUE(
        is_about({.client = the_client, .server = the_server, .service = the_vip}, came, went));
    EXPECT_FALSE(is_about({.client = the_client}, came, {}));
    EXPECT_TRUE(is_about({.server = the_server}, came, {}));
    EXPECT_TRUE(is_about({.client = the_client}, ends(syn), ends(syn_to_server)));
    EXPECT_TRUE(is_about({.server = the_server}, ends(syn), ends(syn_to_server)));
    EXPECT_FALSE(is_about({.service = the_server}, ends(syn), ends(syn_to_server)));
    EXPECT_FALSE(is_about({.client = strangers[0]}, ends(syn), ends(syn_to_server)));
}

TEST(CaptureFilter, NothingIsAtNoAddress) {
    EXPECT_FALSE(is_about({.client = the_client}, flow::Tuple{}, flow::Tuple{}));
    EXPECT_TRUE(is_about(CaptureFilter{}, flow::Tuple{}, flow::Tuple{}));
}

// ARP has no ports: its sender's address is enough.
TEST(CaptureFilter, WhatHasNoPortsIsAtItsAddress) {
    const packets::Frame arp =
        packets::PacketBuilder().arp_request("192.168.8.50", "192.168.8.100").build();
    EXPECT_TRUE(is_about({.client = the_client, .service = the_vip}, ends(arp), {}));
    EXPECT_FALSE(is_about({.client = the_server}, ends(arp), {}));
}

// A router says that the server's port is closed; it quotes what we sent there.
TEST(CaptureFilter, AnIcmpErrorIsOfWhatItQuotes) {
    packets::Frame quoted = syn_to_server;
    quoted.erase(quoted.begin(), quoted.begin() + 14);
    const packets::Frame error = packets::PacketBuilder()
                                     .ip("192.168.8.1", "192.168.8.100")
                                     .icmp(3, 3, 0)
                                     .payload(quoted)
                                     .build();
    const flow::Tuple is = ends(error);
    EXPECT_EQ(is.source, the_server.address);
    EXPECT_EQ(is.source_port, the_server.port);
    EXPECT_EQ(is.destination, the_vip.address);
    EXPECT_EQ(is.destination_port.host(), 1024);
}

TEST(CaptureFilter, APortIsThatOfEitherWay) {
    EXPECT_TRUE(is_kind({.port = 0}, admitted()));
    EXPECT_TRUE(is_kind({.port = 1}, admitted()));
    EXPECT_FALSE(is_kind({.port = 2}, admitted()));
    exchange::CapturedPacket lost = dropped(Drop::no_flow);
    EXPECT_FALSE(is_kind({.port = 1}, lost)) << "it left by none";
}

TEST(CaptureFilter, DropsAreThoseWithThatReason) {
    const CaptureFilter any{.drops_only = true};
    const CaptureFilter one{.drops_only = true, .reason = Drop::no_server};
    EXPECT_FALSE(is_kind(any, admitted()));
    EXPECT_TRUE(is_kind(any, dropped(Drop::no_flow)));
    EXPECT_FALSE(is_kind(one, dropped(Drop::no_flow)));
    EXPECT_TRUE(is_kind(one, dropped(Drop::no_server)));
    exchange::CapturedPacket refused = admitted();
    refused.reason = Drop::no_server;
    EXPECT_TRUE(is_kind(one, refused)) << "RST was sent: refused";
}

}  // namespace
}  // namespace warren::capture
