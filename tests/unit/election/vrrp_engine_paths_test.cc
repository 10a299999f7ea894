// SPDX-License-Identifier: BSD-3-Clause
// What the engine sends in its other forms: IPv6, unicast, virtual MAC, many routers, full ports.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "election/advert_frame.h"
#include "election/plan.h"
#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

using EnginePaths = EngineWorld;

RouterPlan ipv6_plan() {
    RouterPlan plan = plan_of(9, {ip("fe80::64"), ip("2001:db8::64")});
    plan.settings.multicast_group = vrrp::multicast_group_v6;
    plan.settings.primary_address = ip("fe80::1");
    plan.source_mac = net::virtual_router_mac(9, true);
    return plan;
}

// RFC 9568 5.1.2: from the link-local address to ff02::12 with hop limit 255; 7.3: the virtual MAC.
TEST_F(EnginePaths, Ipv6AdvertsAndAdvertisements) {
    run({ipv6_plan()});
    advance(50 * ms);
    ASSERT_GE(sink_.sent.size(), 3U);
    EXPECT_EQ(sink_.sent[0].rfind("0 00:00:5e:00:02:09 > 33:33:00:00:00:12 IPv6 fe80::1 > ff02::12 "
                                  "ttl 255",
                                  0),
              0U)
        << sink_.sent[0];
    EXPECT_NE(sink_.sent[1].find("fe80::64 > ff02::1 "), std::string::npos) << sink_.sent[1];
    EXPECT_NE(sink_.sent[2].find("2001:db8::64 > ff02::1 "), std::string::npos) << sink_.sent[2];
    EXPECT_EQ(sink_.count("bad"), 0U);
}

TEST_F(EnginePaths, Ipv6AdvertsAreHeardAndTheVridOfTheOtherFamilyIsAnotherRouter) {
    run({ipv6_plan(), plan_of(9, {ip("192.168.8.100")})});
    const RouterPlan peer = [] {
        RouterPlan plan = ipv6_plan();
        plan.settings.primary_address = ip("fe80::2");
        plan.settings.priority = 200;
        return plan;
    }();
    for (int i = 0; i < 60; ++i) {
        std::array<std::uint8_t, max_advert_frame_bytes> frame;
        const std::size_t bytes = build_advert_frame(frame, peer, 200, multicast_target(peer));
        engine_->on_frame(0, net::ConstBytes(frame).first(bytes), round());
        advance(10 * ms);
    }
    EXPECT_FALSE(owned(0));
    EXPECT_TRUE(owned(1));
    EXPECT_EQ(last_status(0).status.master_address, ip("fe80::2"));
}

RouterPlan unicast_plan() {
    RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    plan.settings.unicast_peers = {{ip("192.168.8.2")}, {ip("192.168.9.3")}};
    plan.settings.unicast_ttl = 64;
    return plan;
}

// One frame for each peer, to its next hop; who has none yet gets nothing, and that is counted.
TEST_F(EnginePaths, UnicastAdvertsGoToEachResolvedPeer) {
    run({unicast_plan()});
    VrrpCommand command{.kind = VrrpCommand::Kind::next_hop, .peer = 1};
    command.mac = {{2, 0, 0, 0, 0, 9}};
    engine_->on_command(command, round());
    advance(60 * ms);
    EXPECT_GT(sink_.count("> 02:00:00:00:00:09 IPv4 192.168.8.1 > 192.168.9.3 ttl 64"), 0U);
    EXPECT_EQ(sink_.count("192.168.8.2 "), 0U);
    EXPECT_EQ(sink_.count("224.0.0.18"), 0U);
    EXPECT_GT(status(0).unresolved_adverts, 0U);
    command.peer = 0;
    engine_->on_command(command, round());
    sink_.sent.clear();
    advance(20 * ms);
    EXPECT_EQ(sink_.count("> 192.168.8.2 ttl 64"), sink_.count("> 192.168.9.3 ttl 64"));
    EXPECT_GT(sink_.count("> 192.168.8.2 ttl 64"), 0U);
}

TEST_F(EnginePaths, ANextHopOfNoPeerIsIgnored) {
    run({unicast_plan()});
    VrrpCommand command{.kind = VrrpCommand::Kind::next_hop, .peer = 5000};
    command.mac = {{2, 0, 0, 0, 0, 9}};
    engine_->on_command(command, round());
    advance(60 * ms);
    EXPECT_EQ(sink_.count("VRRP"), 0U);
}

// keepalived lets several have a VRID on one interface when their peers, or our addresses, differ.
class SharedVrid : public EngineWorld {
  protected:
    static RouterPlan unicast(const char* own, const char* peer, const char* vip) {
        RouterPlan plan = plan_of(7, {ip(vip)});
        plan.settings.primary_address = ip(own);
        plan.settings.unicast_peers = {{ip(peer)}};
        return plan;
    }
    // Which of them are masters after that one has been heard for a while.
    std::string masters_under(const char* source, const char* destination) {
        RouterPlan peer = plan_of(7, {ip("192.168.8.100")});
        peer.settings.primary_address = ip(source);
        const AdvertTarget target{ip(destination), peer.source_mac, 255};
        for (int i = 0; i < 20; ++i) {
            std::array<std::uint8_t, max_advert_frame_bytes> frame;
            const std::size_t bytes = build_advert_frame(frame, peer, 200, target);
            engine_->on_frame(0, net::ConstBytes(frame).first(bytes), round());
            advance(10 * ms);
        }
        std::string masters;
        for (std::size_t i = 0; i < plans_.size(); ++i)
            if (owned(i)) masters += std::to_string(i);
        return masters;
    }
};

TEST_F(SharedVrid, EachHearsItsOwnPeersOrTheGroup) {
    run({unicast("192.168.8.1", "192.168.8.2", "192.168.8.100"),
         unicast("192.168.8.1", "192.168.8.3", "192.168.8.101"),
         plan_of(7, {ip("192.168.8.102")})});
    EXPECT_EQ(masters_under("192.168.8.2", "192.168.8.1"), "12");
    EXPECT_EQ(masters_under("192.168.8.3", "192.168.8.1"), "02");
    EXPECT_EQ(masters_under("192.168.8.3", "192.168.8.9"), "02") << "to another address of ours";
    EXPECT_EQ(masters_under("192.168.8.3", "224.0.0.18"), "01");
}

TEST_F(SharedVrid, APeerOfTwoSaysByTheAddressWhomItMeans) {
    run({unicast("192.168.8.1", "192.168.8.2", "192.168.8.100"),
         unicast("192.168.8.9", "192.168.8.2", "192.168.8.101")});
    EXPECT_EQ(masters_under("192.168.8.2", "192.168.8.9"), "0");
    EXPECT_EQ(masters_under("192.168.8.2", "192.168.8.1"), "1");
}

// A refused advert is tried again soon, and the newest one replaces it: nothing piles up.
TEST_F(EnginePaths, ARefusedAdvertIsTriedAgain) {
    run({plan_of(7, {ip("192.168.8.100")})});
    sink_.works = false;
    advance(60 * ms);
    EXPECT_TRUE(owned(0));
    EXPECT_LE(engine_->deadline_ns(), now_ns_ + AdvertSender::retry_ns);
    const std::uint64_t lost = status(0).unsent_adverts;
    EXPECT_GT(lost, 20U);
    EXPECT_LT(lost, 40U) << "one for each interval";
    sink_.works = true;
    advance(1 * ms);
    EXPECT_EQ(sink_.count("VRRP"), 1U);
    advance(10 * ms);
    EXPECT_EQ(sink_.count("VRRP"), 2U);
}

// An advert of a master must not leave after that master has given up.
TEST_F(EnginePaths, WhatAMasterCouldNotSendIsForgottenWhenItIsOneNoMore) {
    run({plan_of(7, {ip("192.168.8.100")})});
    sink_.works = false;
    advance(60 * ms);
    engine_->on_command({.kind = VrrpCommand::Kind::fault, .present = true, .can_transmit = false},
                        round());
    sink_.works = true;
    advance(100 * ms);
    EXPECT_TRUE(sink_.sent.empty()) << sink_.sent[0];
}

// Issue: 255 instances of 20 addresses, all first adverts before the first gratuitous ARP, in less
// than 100 ms of which this is the engine's share.
TEST_F(EnginePaths, ManyRoutersTakeOverAtOnceAdvertsFirst) {
    std::vector<RouterPlan> plans;
    for (int r = 1; r <= 255; ++r) {
        std::vector<net::IpAddress> addresses;
        for (int n = 0; n < 20; ++n)
            addresses.push_back(net::IpAddress::v4(10, static_cast<std::uint8_t>(r), 0,
                                                   static_cast<std::uint8_t>(n)));
        plans.push_back(plan_of(static_cast<std::uint8_t>(r), std::move(addresses)));
    }
    run(std::move(plans));
    while (sink_.sent.empty())
        advance(ms / 2);
    const std::uint64_t takeover_ns = now_ns_;
    std::size_t ticks = 0;
    while (sink_.count("ARP") < 5100 && ++ticks < 1000) {
        now_ns_ += 60'000;  // the runner's shortest sleep
        engine_->tick(round());
    }
    for (std::size_t i = 0; i < 255; ++i) {
        EXPECT_TRUE(owned(i));
        EXPECT_NE(sink_.sent[i].find("VRRP"), std::string::npos) << i << " " << sink_.sent[i];
    }
    EXPECT_LT(now_ns_ - takeover_ns, 30 * ms);
}

}  // namespace
}  // namespace warren::election
