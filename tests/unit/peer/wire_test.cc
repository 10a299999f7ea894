// SPDX-License-Identifier: BSD-3-Clause
// On loopback: 127.0.0.2 and 127.0.0.3.
#include "peer/wire.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

namespace warren::peer {
namespace {

const net::IpAddress a = net::IpAddress::v4(127, 0, 0, 2);
const net::IpAddress b = net::IpAddress::v4(127, 0, 0, 3);
constexpr std::uint16_t wire_port = 18'851;

std::vector<std::vector<std::uint8_t>> all_of(Wire& wire) {
    pollfd descriptor{wire.descriptor(), POLLIN, 0};
    poll(&descriptor, 1, 1'000);
    std::array<Wire::Received, Wire::burst> received;
    std::vector<std::vector<std::uint8_t>> datagrams;
    while (const std::size_t count = wire.receive(received))
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_FALSE(received[i].has_travelled);
            datagrams.emplace_back(received[i].bytes.begin(), received[i].bytes.end());
        }
    return datagrams;
}

TEST(Wire, CarriesMoreThanABurst) {
    Wire here({.local = a, .peer = b, .interface = "", .port = wire_port});
    Wire there({.local = b, .peer = a, .interface = "lo", .port = wire_port});
    EXPECT_EQ(here.keep_open(1), "");
    EXPECT_EQ(there.keep_open(1), "");
    std::vector<std::vector<std::uint8_t>> sent;
    for (std::uint8_t i = 0; i < 40; ++i) {
        sent.push_back({i, 1, 2});
        here.send(sent.back());
    }
    here.flush();
    EXPECT_EQ(all_of(there), sent);
}

TEST(Wire, LivesThroughAPeerWhoIsNotThereYet) {
    Wire here({.local = a, .peer = b, .interface = "", .port = wire_port});
    here.keep_open(1);
    for (int i = 0; i < 3; ++i) {
        here.send(std::array<std::uint8_t, 1>{1});
        here.flush();
    }
    Wire there({.local = b, .peer = a, .interface = "", .port = wire_port});
    there.keep_open(1);
    here.send(std::array<std::uint8_t, 1>{2});
    here.flush();
    EXPECT_EQ(all_of(there).size(), 1U);
}

TEST(Wire, SaysOnceWhyItDoesNotOpenAndTriesAgain) {
    Wire wire({.local = a, .peer = b, .interface = "no_such_if", .port = wire_port});
    EXPECT_NE(wire.keep_open(1), "");
    EXPECT_EQ(wire.descriptor(), -1);
    EXPECT_EQ(wire.keep_open(500'000'000), "") << "not yet";
    EXPECT_EQ(wire.keep_open(2'000'000'000), "") << "said already";
}

}  // namespace
}  // namespace warren::peer
