// SPDX-License-Identifier: BSD-3-Clause
// What the engine learns from hosts: another station's claim to an address of ours, and the first
// traffic after a takeover.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

using packets::PacketBuilder;

constexpr auto vip = "192.168.8.100";
constexpr auto vip6 = "2001:db8::64";
constexpr auto rival = "02:00:00:00:00:99";
constexpr auto broadcast = "ff:ff:ff:ff:ff:ff";
constexpr auto all_nodes_mac = "33:33:00:00:00:01";

PacketBuilder from_rival(const char* to = broadcast) {
    return PacketBuilder().ethernet(rival, to);
}

class EngineHosts : public EngineWorld {
  protected:
    EngineHosts() { workers_.push_back(std::make_unique<exchange::WorkerLink>()); }

    void run_master(bool until_traffic = true) {
        RouterPlan plan = plan_of(7, {ip(vip), ip(vip6)});
        plan.settings.announcements.takeover = vrrp::keepalived_schedule(0, 1);
        plan.announce_until_traffic = until_traffic;
        run({plan});
        while (!owned(0) && now_ns_ < start_ns + s)
            advance(ms);
        advance(ms);
        reports();
        sink_.sent.clear();
    }
    void hear(const packets::Frame& frame, std::uint8_t port = 0) {
        engine_->on_frame(port, frame, round());
    }
    std::vector<VrrpReport> reports() {
        std::vector<VrrpReport> all;
        for (VrrpReport r; link_.reports.pop(r);)
            all.push_back(r);
        return all;
    }
    std::vector<VrrpReport> reports(VrrpReport::Kind kind) {
        std::vector<VrrpReport> all = reports();
        std::erase_if(all, [kind](const VrrpReport& r) { return r.kind != kind; });
        return all;
    }
};

// RFC 5227 2.4 (c): defend once in 10 s, keep the address; the operator hears who it is.
TEST_F(EngineHosts, AClaimIsToldAndDefendedOnceInTenSeconds) {
    run_master();
    workers_[0]->router_frames[0].add();  // silence announces nothing more
    for (int i = 0; i < 5; ++i) {
        hear(from_rival().arp_request(vip, vip));
        advance(100 * ms);
    }
    EXPECT_EQ(sink_.count("ARP"), 1U);
    EXPECT_TRUE(owned(0));
    const auto alarms = reports(VrrpReport::Kind::alarm);
    ASSERT_EQ(alarms.size(), 1U) << "one a second";
    EXPECT_EQ(alarms[0].alarm, vrrp::AlarmKind::address_conflict);
    EXPECT_EQ(alarms[0].address, ip(vip));
    EXPECT_EQ(alarms[0].claimant, packets::mac(rival));
    EXPECT_EQ(status(0).status.counters.address_conflicts, 5U);
}

TEST_F(EngineHosts, EachFormOfAClaimCounts) {
    run_master();
    hear(from_rival("02:00:00:00:00:01").arp_reply(vip, "192.168.8.50"));
    hear(from_rival(all_nodes_mac).ip(vip6, "ff02::1").neighbour_advertisement(vip6, "RO", rival));
    hear(from_rival("33:33:ff:00:00:50")
             .ip(vip6, "ff02::1:ff00:50")
             .neighbour_solicitation("2001:db8::50", rival));
    EXPECT_EQ(status(0).status.counters.address_conflicts, 3U);
}

TEST_F(EngineHosts, WhatIsNoClaimIsIgnored) {
    run_master();
    hear(PacketBuilder().ethernet("02:00:00:00:00:01", broadcast).arp_request(vip, vip));
    hear(from_rival().arp_request("192.168.8.50", vip));
    hear(from_rival().arp_request(vip, vip), 3);
    hear(from_rival().vlan(7).arp_request(vip, vip));
    hear(from_rival(all_nodes_mac)
             .ip(vip6, "ff02::1")
             .neighbour_advertisement(vip6, "RO", rival)
             .ttl(64));  // RFC 4861 7.1.2: not of this link
    EXPECT_EQ(status(0).status.counters.address_conflicts, 0U);
    EXPECT_EQ(link_.counters.unknown_router.value(), 3U);
    EXPECT_EQ(link_.counters.malformed.value(), 1U);
}

TEST_F(EngineHosts, AnnouncesUntilTrafficIsSeen) {
    run_master();
    advance(150 * ms);
    EXPECT_EQ(sink_.count("ARP"), 0U);
    advance(60 * ms);
    EXPECT_EQ(sink_.count("ARP"), 1U);
    EXPECT_EQ(reports(VrrpReport::Kind::silence).size(), 1U);
    advance(400 * ms);
    EXPECT_EQ(sink_.count("ARP"), 2U) << "after twice the time";
    EXPECT_TRUE(reports(VrrpReport::Kind::silence).empty()) << "told once";
    EXPECT_EQ(status(0).silent_ns, 0U);
    workers_[0]->router_frames[0].add();
    advance(2 * ms);
    const auto seen = reports(VrrpReport::Kind::traffic);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_GT(seen[0].silent_ns, 600 * ms);
    advance(5 * s);
    EXPECT_EQ(sink_.count("ARP"), 2U);
    EXPECT_EQ(status(0).silent_ns, seen[0].silent_ns);
}

TEST_F(EngineHosts, ASilentNetworkIsNotAnnouncedToForEver) {
    run_master();
    advance(59 * s);
    EXPECT_EQ(sink_.count("ARP"), TrafficWatch::most_repetitions);
}

TEST_F(EngineHosts, AConfiguredBurstIsTakenLiterally) {
    run_master(false);
    advance(s);
    EXPECT_EQ(sink_.count("ARP"), 0U);
    EXPECT_EQ(reports(VrrpReport::Kind::silence).size(), 1U) << "it is told all the same";
}

// Of the port to itself: it shows that the port sends, and concerns nobody.
TEST_F(EngineHosts, AProbeLeavesByTheRoutersPort) {
    RouterPlan plan = plan_of(7, {ip(vip)});
    plan.port = 2;
    run({plan});
    engine_->on_command({.kind = VrrpCommand::Kind::probe, .mac = packets::mac(rival)}, round());
    ASSERT_EQ(sink_.sent.size(), 1U);
    EXPECT_EQ(sink_.sent[0].rfind("2 02:00:00:00:00:99 > 02:00:00:00:00:99", 0), 0U)
        << sink_.sent[0];
}

// Frames of an earlier time as master are no traffic of this one.
TEST_F(EngineHosts, EachTakeoverWaitsAnew) {
    workers_[0]->router_frames[0].add(1000);
    run_master();
    EXPECT_TRUE(reports(VrrpReport::Kind::traffic).empty());
    VrrpCommand fault{.kind = VrrpCommand::Kind::fault, .present = true};
    engine_->on_command(fault, round());
    advance(s);
    EXPECT_EQ(sink_.count("ARP"), 0U) << "no master, no announcement";
    fault.present = false;
    engine_->on_command(fault, round());
    advance(100 * ms);
    ASSERT_TRUE(owned(0));
    workers_[0]->router_frames[0].add();
    advance(2 * ms);
    const auto seen = reports(VrrpReport::Kind::traffic);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_LT(seen[0].silent_ns, 200 * ms);
}

}  // namespace
}  // namespace warren::election
