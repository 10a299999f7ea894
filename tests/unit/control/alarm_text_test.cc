// SPDX-License-Identifier: BSD-3-Clause
// What an operator reads about a peer that is configured otherwise, and how often.
#include "control/alarm_text.h"
#include "election/alarm_pacer.h"
#include "election/plan.h"

#include <gtest/gtest.h>

#include <functional>

#include "unit/election/engine_world.h"

namespace warren::control {
namespace {

using namespace election;  // the words of its fixture

using vrrp::AlarmKind;
using vrrp::RejectReason;

vrrp::Settings ours() {
    vrrp::Settings settings;
    settings.vrid = 51;
    settings.advert_addresses = {ip("192.168.8.100")};
    return settings;
}

election::VrrpReport about(AlarmKind kind) {
    election::VrrpReport report{.kind = election::VrrpReport::Kind::alarm};
    report.alarm = kind;
    report.address = ip("192.168.8.9");
    report.heard.version = 2;
    report.heard.priority = 90;
    report.heard.ttl = 64;
    report.heard.auth_type = 1;
    report.heard.advert_interval_ns = 2'500'000'000;
    report.heard.address_count = 6;
    report.heard.addresses_kept = 2;
    report.heard.addresses = {ip("192.168.8.101"), ip("192.168.8.102")};
    report.heard.destination = ip("224.0.0.7");
    return report;
}

election::VrrpReport about(RejectReason reason) {
    election::VrrpReport report = about(AlarmKind::other_master);
    report.kind = election::VrrpReport::Kind::rejected;
    report.reject = reason;
    return report;
}

TEST(AlarmText, NamesWhatDiffers) {
    const std::pair<election::VrrpReport, const char*> rows[] = {
        {about(AlarmKind::address_list),
         "adverts of 192.168.8.9 list other addresses: theirs 192.168.8.101, 192.168.8.102, … 6 in "
         "all, ours 192.168.8.100"},
        {about(AlarmKind::interval),
         "adverts of 192.168.8.9 come at another interval: advert_int theirs 2.50 s, ours 1.00 s"},
        {about(AlarmKind::other_master),
         "another master: 192.168.8.9 advertises priority 90, ours is 100"},
        {about(RejectReason::interval),
         "adverts of 192.168.8.9 are refused: advert_int: theirs 2.50 s, ours 1.00 s"},
        {about(RejectReason::auth_type),
         "adverts of 192.168.8.9 are refused: authentication: theirs PASS, ours none (auth_type)"},
        {about(RejectReason::version),
         "adverts of 192.168.8.9 are refused: theirs is VRRP version 2, ours 2 (vrrp_version)"},
        {about(RejectReason::ttl),
         "adverts of 192.168.8.9 are refused: TTL 64, wanted 255: it came through a router, or is "
         "forged"},
        {about(RejectReason::destination),
         "adverts of 192.168.8.9 are refused: sent to 224.0.0.7, ours go to 224.0.0.18"},
        {about(RejectReason::auth_data),
         "adverts of 192.168.8.9 are refused: its password differs from ours (auth_pass)"},
    };
    for (const auto& [report, text] : rows)
        EXPECT_EQ(alarm_text(report, ours(), 100), text);
}

// No kind without words of its own.
TEST(AlarmText, EveryReasonSaysSomething) {
    for (std::size_t i = 0; i < vrrp::reject_reason_count; ++i)
        EXPECT_FALSE(alarm_text(about(static_cast<RejectReason>(i)), ours(), 100).ends_with(": "));
    for (std::size_t i = 0; i < vrrp::alarm_kind_count; ++i)
        EXPECT_GT(alarm_text(about(static_cast<AlarmKind>(i)), ours(), 100).size(), 20U);
}

// One each second for an hour, of two kinds: a line at once and one a minute of each.
TEST(AlarmPacer, FirstSightAndThenASummaryAMinute) {
    election::AlarmPacer pacer;
    unsigned lines = 0;
    std::uint64_t told = 0;
    election::VrrpReport lists = about(AlarmKind::address_list);
    election::VrrpReport refused = about(RejectReason::auth_type);
    for (std::uint64_t second = 1; second <= 3600; ++second) {
        lists.total = refused.total = second * 10;
        for (const election::VrrpReport& report : {lists, refused})
            lines += pacer.see(report, second * s) ? 1 : 0;
        pacer.summarise(second * s, [&](const election::VrrpReport& last, std::uint64_t more) {
            ++lines;
            told += last.kind == election::VrrpReport::Kind::alarm ? more : 0;
        });
    }
    EXPECT_LE(lines, 2U * 60U);
    EXPECT_GE(lines, 2U * 59U);
    EXPECT_EQ(told, 59U * 600U) << "each of them is in one of the summaries";
}

TEST(AlarmPacer, WhatComesOnceIsSaidOnce) {
    election::AlarmPacer pacer;
    election::VrrpReport report = about(AlarmKind::address_list);
    report.total = 1;
    EXPECT_TRUE(pacer.see(report, s));
    for (std::uint64_t second = 1; second < 300; ++second)
        pacer.summarise(second * s,
                        [](const election::VrrpReport&, std::uint64_t) { ADD_FAILURE(); });
    report.total = 2;
    EXPECT_TRUE(pacer.see(report, s + election::AlarmPacer::forget_ns)) << "it is news again";
}

// As they come off the wire.
struct Peers : EngineWorld {
    election::VrrpReport hear(const packets::PacketBuilder& frame) {
        engine_->on_frame(0, packets::Frame(frame), round());
        election::VrrpReport last;
        for (election::VrrpReport report; link_.reports.pop(report);)
            if (report.kind == election::VrrpReport::Kind::alarm ||
                report.kind == election::VrrpReport::Kind::rejected)
                last = report;
        return last;
    }
    static packets::PacketBuilder from_peer(int ttl) {
        return packets::PacketBuilder()
            .ethernet("02:00:00:00:00:09", "01:00:5e:00:00:12")
            .ip("192.168.8.9", "224.0.0.18")
            .ttl(static_cast<std::uint8_t>(ttl));
    }
    std::string text(const election::VrrpReport& report) {
        return alarm_text(report, plans_[0].settings, 100);
    }
};

TEST_F(Peers, AreToldWithWhatTheySaid) {
    election::RouterPlan plan = plan_of(51, {ip("192.168.8.100")});
    plan.settings.version = vrrp::Version::v2;
    plan.settings.advert_interval_ns = s;
    run({plan});
    advance(10 * ms);
    EXPECT_EQ(text(hear(from_peer(255).vrrp_v2(51, 90, 1, {"192.168.8.77"}, ""))),
              "adverts of 192.168.8.9 list other addresses: theirs 192.168.8.77, ours "
              "192.168.8.100");
    EXPECT_EQ(text(hear(from_peer(255).vrrp_v2(51, 90, 3, {"192.168.8.100"}, ""))),
              "adverts of 192.168.8.9 are refused: advert_int: theirs 3.00 s, ours 1.00 s");
    EXPECT_EQ(text(hear(from_peer(255).vrrp_v2(51, 90, 1, {"192.168.8.100"}, "1111"))),
              "adverts of 192.168.8.9 are refused: authentication: theirs PASS, ours none "
              "(auth_type)");
}

// A flood costs a report a second, not the channel that a takeover is told by.
TEST_F(Peers, AFloodOfRefusedAdvertsLeavesRoomForOthers) {
    election::RouterPlan plan = plan_of(51, {ip("192.168.8.100")});
    plan.settings.version = vrrp::Version::v2;
    run({plan});
    advance(10 * ms);
    const packets::Frame frame = from_peer(64).vrrp_v2(51, 90, 1, {"192.168.8.100"}, "");
    for (int i = 0; i < 10'000; ++i) {
        engine_->on_frame(0, frame, round());
        now_ns_ += ms;
    }
    unsigned reports = 0;
    election::VrrpReport last;
    for (election::VrrpReport report; link_.reports.pop(report);)
        if (report.kind == election::VrrpReport::Kind::rejected) {
            ++reports;
            last = report;
        }
    EXPECT_LE(reports, 10U);
    EXPECT_EQ(link_.counters.reports_lost.value(), 0U);
    EXPECT_GT(last.total, 8'000U);
}

}  // namespace
}  // namespace warren::control
