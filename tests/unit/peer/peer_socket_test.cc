// SPDX-License-Identifier: BSD-3-Clause
// On loopback: 127.0.0.2 and 127.0.0.3.
#include "peer/peer_socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <vector>

namespace warren::peer {
namespace {

const net::IpAddress a = net::IpAddress::v4(127, 0, 0, 2);
const net::IpAddress b = net::IpAddress::v4(127, 0, 0, 3);
constexpr std::uint16_t wire_port = 18'851;

std::vector<std::vector<std::uint8_t>> all_of(PeerSocket& socket) {
    pollfd descriptor{socket.descriptor(), POLLIN, 0};
    poll(&descriptor, 1, 1'000);
    std::vector<std::vector<std::uint8_t>> datagrams;
    for (auto received = socket.receive(); !received.empty(); received = socket.receive())
        for (const PeerSocket::Received& one : received) {
            EXPECT_FALSE(one.was_routed);
            datagrams.emplace_back(one.bytes.begin(), one.bytes.end());
        }
    return datagrams;
}

// What arrives of datagrams of these lengths, each with bytes of its own.
void expect_all_to_arrive(const std::vector<std::size_t>& lengths) {
    PeerSocket here({.local = a, .peer = b, .interface = "", .port = wire_port});
    PeerSocket there({.local = b, .peer = a, .interface = "lo", .port = wire_port});
    EXPECT_EQ(here.keep_open(1), "");
    EXPECT_EQ(there.keep_open(1), "");
    std::vector<std::vector<std::uint8_t>> sent;
    for (const std::size_t length : lengths) {
        sent.emplace_back(length, static_cast<std::uint8_t>(sent.size()));
        here.send(sent.back());
    }
    here.flush();
    EXPECT_EQ(all_of(there), sent);
}

TEST(PeerSocket, CarriesMoreThanABurst) {
    expect_all_to_arrive(std::vector<std::size_t>(200, 3));
    expect_all_to_arrive(std::vector<std::size_t>(100, sync::max_datagram_bytes));
}

TEST(PeerSocket, PartsAreAsLongAsTheyWere) {
    expect_all_to_arrive({1'444, 1'444, 1'444, 64, 1'444, 200, 200, 200, 199, 200, 201, 1'452, 64});
}

// One by one a call takes eight.
TEST(PeerSocket, ManyLongOnesAreReceivedByOneCall) {
    PeerSocket here({.local = a, .peer = b, .interface = "", .port = wire_port});
    PeerSocket there({.local = b, .peer = a, .interface = "", .port = wire_port});
    here.keep_open(1);
    there.keep_open(1);
    for (int i = 0; i < 40; ++i)
        here.send(std::vector<std::uint8_t>(1'444));
    here.flush();
    EXPECT_EQ(there.receive().size(), 40U);
}

// Without a checksum it does not part them (udp_send_skb()).
TEST(PeerSocket, GoesOnWhereTheKernelTakesThemOneByOneOnly) {
    PeerSocket here({.local = a, .peer = b, .interface = "", .port = wire_port});
    PeerSocket there({.local = b, .peer = a, .interface = "", .port = wire_port});
    here.keep_open(1);
    there.keep_open(1);
    const int none = 1;
    ASSERT_EQ(setsockopt(here.descriptor(), SOL_SOCKET, SO_NO_CHECK, &none, sizeof none), 0);
    std::vector<std::vector<std::uint8_t>> sent;
    for (std::uint8_t i = 0; i < 100; ++i) {
        sent.emplace_back(1'444, i);
        here.send(sent.back());
    }
    here.flush();
    EXPECT_EQ(all_of(there), sent);
}

TEST(PeerSocket, LivesThroughAPeerWhoIsNotThereYet) {
    PeerSocket here({.local = a, .peer = b, .interface = "", .port = wire_port});
    here.keep_open(1);
    for (int i = 0; i < 3; ++i) {
        here.send(std::array<std::uint8_t, 1>{1});
        here.flush();
    }
    PeerSocket there({.local = b, .peer = a, .interface = "", .port = wire_port});
    there.keep_open(1);
    here.send(std::array<std::uint8_t, 1>{2});
    here.flush();
    EXPECT_EQ(all_of(there).size(), 1U);
}

TEST(PeerSocket, SaysOnceWhyItDoesNotOpenAndTriesAgain) {
    PeerSocket socket({.local = a, .peer = b, .interface = "no_such_if", .port = wire_port});
    EXPECT_NE(socket.keep_open(1), "");
    EXPECT_EQ(socket.descriptor(), -1);
    EXPECT_EQ(socket.keep_open(500'000'000), "") << "not yet";
    EXPECT_EQ(socket.keep_open(2'000'000'000), "") << "said already";
}

}  // namespace
}  // namespace warren::peer
