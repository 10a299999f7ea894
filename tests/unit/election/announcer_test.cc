// SPDX-License-Identifier: BSD-3-Clause
// Gratuitous ARPs and NAs: bounded in one go, spaced, tried again, in turn, and only a master's.
#include "election/announcer.h"
#include "election/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "packets/packet_builder.h"

namespace warren::election {
namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

class CountingSink : public FrameSink {
  public:
    bool send(std::uint8_t, net::ConstBytes frame) override {
        if (room == 0) return false;
        --room;
        frames.emplace_back(frame.begin(), frame.end());
        return true;
    }
    std::vector<packets::Frame> frames;
    std::size_t room = 1'000'000;
};

// `count` virtual routers with `addresses` IPv4 addresses 10.R.0.N each.
exchange::Snapshot routers_with(std::size_t count, std::size_t addresses) {
    exchange::Snapshot snapshot;
    for (std::size_t r = 0; r < count; ++r) {
        snapshot.virtual_routers.push_back({});
        for (std::size_t n = 0; n < addresses; ++n)
            snapshot.addresses.push_back({net::IpAddress::v4(10, static_cast<std::uint8_t>(r), 0,
                                                             static_cast<std::uint8_t>(n)),
                                          {{2, 0, 0, 0, 0, 1}},
                                          static_cast<std::uint16_t>(r),
                                          0});
    }
    snapshot.seal();
    return snapshot;
}

// The announced address' second and last byte.
std::pair<int, int> announced(const packets::Frame& frame) {
    return {frame[14 + 15], frame[14 + 17]};
}

TEST(Announcer, AnnouncesAllAddressesOfARouterOnceARound) {
    const exchange::Snapshot snapshot = routers_with(2, 3);
    Announcer announcer(2);
    CountingSink sink;
    announcer.add(1, {2}, {});
    while (announcer.deadline_ns() <= 1)
        announcer.send(snapshot, 1, 100, sink);
    EXPECT_EQ(sink.frames.size(), 6U);
    for (const packets::Frame& frame : sink.frames)
        EXPECT_EQ(announced(frame).first, 1);
    EXPECT_EQ(announcer.counts(1).gratuitous_arps, 6U);
    EXPECT_EQ(announcer.counts(0).gratuitous_arps, 0U);
    EXPECT_EQ(announcer.deadline_ns(), Announcer::nothing_due);
}

TEST(Announcer, SendsNoMoreThanAskedInOneGoAndGoesOnWhereItStopped) {
    const exchange::Snapshot snapshot = routers_with(1, 5);
    Announcer announcer(1);
    CountingSink sink;
    announcer.add(0, {1}, {});
    announcer.send(snapshot, 1, 2, sink);
    EXPECT_EQ(sink.frames.size(), 2U);
    EXPECT_LE(announcer.deadline_ns(), 1U);
    announcer.send(snapshot, 1, 2, sink);
    announcer.send(snapshot, 1, 2, sink);
    ASSERT_EQ(sink.frames.size(), 5U);
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(announced(sink.frames[static_cast<std::size_t>(i)]).second, i);
}

// Every address is announced once before any is announced twice.
TEST(Announcer, RoutersTakeTurns) {
    const exchange::Snapshot snapshot = routers_with(7, 20);
    Announcer announcer(7);
    CountingSink sink;
    for (std::size_t r = 0; r < 7; ++r)
        announcer.add(r, {3}, {});
    while (announcer.deadline_ns() != Announcer::nothing_due)
        announcer.send(snapshot, 1, 32, sink);
    ASSERT_EQ(sink.frames.size(), 3U * 140);
    std::map<std::pair<int, int>, int> seen;
    for (std::size_t i = 0; i < 140; ++i)
        ++seen[announced(sink.frames[i])];
    EXPECT_EQ(seen.size(), 140U);
}

TEST(Announcer, WhatThePortRefusesIsSentLater) {
    const exchange::Snapshot snapshot = routers_with(1, 4);
    Announcer announcer(1);
    CountingSink sink;
    sink.room = 1;
    announcer.add(0, {1}, {});
    EXPECT_EQ(announcer.send(snapshot, 5, 100, sink), 1U);
    EXPECT_EQ(announcer.deadline_ns(), 5 + Announcer::retry_ns);
    sink.room = 100;
    EXPECT_EQ(announcer.send(snapshot, announcer.deadline_ns(), 100, sink), 0U);
    ASSERT_EQ(sink.frames.size(), 4U);
    EXPECT_EQ(announced(sink.frames[1]).second, 1) << "none is left out or repeated";
}

// keepalived.conf(5): vrrp_garp_interval is the least gap between two on an interface.
TEST(Announcer, KeepsTheGapBetweenTwoOnAPort) {
    const exchange::Snapshot snapshot = routers_with(2, 2);
    Announcer announcer(2);
    CountingSink sink;
    RouterPlan plan;
    plan.garp_gap_ns = 10 * ns_per_ms;
    announcer.add(0, {1}, plan);
    announcer.add(1, {1}, plan);
    std::vector<std::uint64_t> times;
    for (std::uint64_t now_ns = 1; announcer.deadline_ns() != Announcer::nothing_due;
         now_ns = std::max(now_ns + 1, announcer.deadline_ns())) {
        const std::size_t before = sink.frames.size();
        announcer.send(snapshot, now_ns, 100, sink);
        ASSERT_LE(sink.frames.size(), before + 1);
        if (sink.frames.size() > before) times.push_back(now_ns);
        ASSERT_LT(now_ns, 1'000 * ns_per_ms);
    }
    ASSERT_EQ(times.size(), 4U);
    for (std::size_t i = 1; i < times.size(); ++i)
        EXPECT_GE(times[i], times[i - 1] + 10 * ns_per_ms);
}

TEST(Announcer, ARouterThatGaveUpAnnouncesNothingMore) {
    const exchange::Snapshot snapshot = routers_with(2, 50);
    Announcer announcer(2);
    CountingSink sink;
    announcer.add(0, {5}, {});
    announcer.add(1, {1}, {});
    announcer.send(snapshot, 1, 10, sink);
    announcer.cancel(0);
    while (announcer.deadline_ns() <= 1)
        announcer.send(snapshot, 1, 100, sink);
    EXPECT_EQ(sink.frames.size(), 10U + 50);
}

// RFC 9568 6.4.1: unsolicited, R = 1, S = 0, O = 1, target link-layer address option, to ff02::1.
TEST(Announcer, AnIpv6AddressGetsAnUnsolicitedAdvertisement) {
    exchange::Snapshot snapshot;
    snapshot.virtual_routers.push_back({});
    snapshot.addresses.push_back(
        {*net::IpAddress::parse("2001:db8::7"), {{0, 0, 0x5e, 0, 2, 9}}, 0, 0});
    snapshot.seal();
    Announcer announcer(1);
    CountingSink sink;
    announcer.add(0, {1}, {});
    announcer.send(snapshot, 1, 10, sink);
    ASSERT_EQ(sink.frames.size(), 1U);
    EXPECT_EQ(announcer.counts(0).advertisements, 1U);
    const packets::Frame& frame = sink.frames[0];
    EXPECT_EQ(packets::describe(frame),
              "00:00:5e:00:02:09 > 33:33:00:00:00:01 IPv6 2001:db8::7 > ff02::1 ttl 255 NA RO for "
              "2001:db8::7 link 00:00:5e:00:02:09");
    EXPECT_EQ(packets::Frame(frame.end() - 8, frame.end()),
              (packets::Frame{2, 1, 0, 0, 0x5e, 0, 2, 9}));
}

// An address list that a new snapshot made shorter, and a router that it no longer has.
TEST(Announcer, FollowsAShorterSnapshot) {
    Announcer announcer(2);
    CountingSink sink;
    announcer.add(0, {1}, {});
    announcer.add(1, {1}, {});
    announcer.send(routers_with(2, 5), 1, 4, sink);
    const exchange::Snapshot shorter = routers_with(1, 2);
    while (announcer.deadline_ns() <= 1)
        announcer.send(shorter, 1, 100, sink);
    EXPECT_EQ(sink.frames.size(), 4U);
}

}  // namespace
}  // namespace warren::election
