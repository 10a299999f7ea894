// SPDX-License-Identifier: BSD-3-Clause
// Frames, commands and time in; ownership, frames and reports out, in the order that matters:
// owned before announced, disowned before good-bye.
#include "election/vrrp_engine.h"
#include "election/plan.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "model/builder.h"
#include "packets/packet_builder.h"
#include "unit/model/sample_state.h"

namespace warren::election {
namespace {

using namespace model;  // the words of its fixture

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t s = 1'000'000'000;

// Writes down what was sent, and whether router 0 was owned at that moment.
class RecordingSink : public FrameSink {
  public:
    explicit RecordingSink(const exchange::Ownership& ownership) : ownership_(ownership) {}

    bool send(std::uint8_t port, net::ConstBytes frame) override {
        if (!works) return false;
        exchange::OwnershipView view;
        ownership_.read(view, 64, 0);
        sent.push_back((view.owns(0, s) ? "owned " : "not owned ") + std::to_string(port) + " " +
                       packets::describe(frame));
        return true;
    }
    std::vector<std::string> take() { return std::exchange(sent, {}); }

    std::vector<std::string> sent;
    bool works = true;

  private:
    const exchange::Ownership& ownership_;
};

class Engine : public testing::Test {
  protected:
    Engine() {
        for (const model::RouterState& r : state_->routers)
            plans_.push_back(r.plan.get());
        snapshot_ = build_snapshot(*state_, 1);
        engine_ = std::make_unique<VrrpEngine>(plans_, start_ns, ownership_, link_, sink_);
    }

    Round round() {
        rx_seen_ns_[0] = seeing_ ? now_ns_ : seen_ns_;
        return {*snapshot_, now_ns_, rx_seen_ns_, polls_ ? now_ns_ : polled_ns_, workers_};
    }
    void advance(std::uint64_t ns) {
        const std::uint64_t end = now_ns_ + ns;
        for (; now_ns_ < end; now_ns_ += 2 * ms)
            engine_->tick(round());
        now_ns_ = end;
        engine_->tick(round());
    }
    void hear(int priority, const char* source = "192.168.8.9", int ttl = 255) {
        packets::PacketBuilder builder;
        builder.ip(source, "224.0.0.18").ttl(static_cast<std::uint8_t>(ttl)).protocol(112);
        const packets::Frame frame = builder.payload(advert(priority));
        engine_->on_frame(0, frame, round());
    }
    // RFC 3768 5.1, without authentication.
    static packets::Frame advert(int priority) {
        packets::Frame m{0x21, 51, static_cast<std::uint8_t>(priority),
                         1,    0,  1,
                         0,    0,  192,
                         168,  8,  100,
                         0,    0,  0,
                         0,    0,  0,
                         0,    0};
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < m.size(); i += 2)
            sum += static_cast<std::uint32_t>(m[i] << 8 | m[i + 1]);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = ~((sum & 0xffff) + (sum >> 16));
        m[6] = static_cast<std::uint8_t>(sum >> 8);
        m[7] = static_cast<std::uint8_t>(sum);
        return m;
    }
    void become_master() {
        advance(4 * s);
        sink_.take();
        reports();
    }
    bool owned() const {
        exchange::OwnershipView view;
        ownership_.read(view, 64, now_ns_);
        return view.owns(0, 3 * s);
    }
    std::vector<std::string> reports() {
        std::vector<std::string> all;
        for (VrrpReport r; link_.reports.pop(r);)
            if (r.kind == VrrpReport::Kind::transition)
                all.push_back(std::string(vrrp::name(r.from)) + " -> " +
                              std::string(vrrp::name(r.to)) + " " +
                              std::string(vrrp::name(r.reason)));
            else
                all.push_back(r.kind == VrrpReport::Kind::stopped      ? "stopped"
                              : r.kind == VrrpReport::Kind::plan_taken ? "plan taken"
                                                                       : "alarm");
        return all;
    }

    std::unique_ptr<model::State> state_ = state_of(router("A", "eth0", 51, "192.168.8.100/24"));
    std::unique_ptr<exchange::Snapshot> snapshot_;
    std::vector<const RouterPlan*> plans_;
    exchange::Ownership ownership_;
    VrrpLink link_;
    RecordingSink sink_{ownership_};
    std::uint64_t now_ns_ = start_ns;
    std::array<std::uint64_t, 2> rx_seen_ns_{};
    std::uint64_t seen_ns_ = 0;
    bool seeing_ = true;  // the workers have just taken all that port 0 held
    std::uint64_t polled_ns_ = 0;
    bool polls_ = true;
    std::vector<std::unique_ptr<exchange::WorkerLink>> workers_;
    std::unique_ptr<VrrpEngine> engine_;
};

// Master_Down_Interval = 3 s + (256 - 100) / 256 s (RFC 3768 6.1); own, then advert, then GARP.
TEST_F(Engine, TakesOverAfterMasterDownOwningBeforeItTellsAnybody) {
    advance(3600 * ms);
    EXPECT_FALSE(owned());
    EXPECT_TRUE(sink_.take().empty());
    advance(14 * ms);
    EXPECT_TRUE(owned());
    const auto sent = sink_.take();
    ASSERT_GE(sent.size(), 2U);
    EXPECT_EQ(sent[0],
              "owned 0 02:00:00:00:00:01 > 01:00:5e:00:00:12 IPv4 192.168.8.1 > 224.0.0.18 ttl 255 "
              "tos 0xc0 DF VRRP v2 vrid 51 priority 100");
    EXPECT_EQ(sent[1],
              "owned 0 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP request 192.168.8.100 "
              "(02:00:00:00:00:01) for 192.168.8.100 (ff:ff:ff:ff:ff:ff)");
    EXPECT_EQ(reports(), (std::vector<std::string>{"initialize -> backup startup",
                                                   "backup -> master master_down"}));
}

TEST_F(Engine, StaysBackupWhileTheMasterIsHeard) {
    for (int i = 0; i < 10; ++i) {
        advance(1 * s);
        hear(200);
    }
    EXPECT_FALSE(owned());
    VrrpStatus last;
    for (VrrpStatus status; link_.statuses.pop(status);)
        last = status;
    EXPECT_EQ(last.status.master_address, ip("192.168.8.9"));
    EXPECT_EQ(last.status.master_priority, 200);
}

// A late worker is not a dead master (DESIGN of lib/vrrp: "waits_for_workers").
TEST_F(Engine, DoesNotTakeOverBeforeEveryWorkerHasLooked) {
    advance(3 * s);
    seeing_ = false;
    seen_ns_ = now_ns_;
    advance(900 * ms);
    EXPECT_FALSE(owned());
    EXPECT_LE(engine_->deadline_ns(), now_ns_ + 10 * ms) << "it asks again soon";
    seeing_ = true;
    advance(2 * ms);
    EXPECT_TRUE(owned());
}

// One that has slept since before the master was due need not sleep on.
TEST_F(Engine, WakesTheWorkersThatItWaitsFor) {
    workers_.push_back(std::make_unique<exchange::WorkerLink>());
    exchange::Doorbell& bell = workers_[0]->doorbell;
    bell.fall_asleep();
    pollfd descriptor{bell.descriptor(), POLLIN, 0};
    advance(3 * s);
    seeing_ = false;
    seen_ns_ = now_ns_;
    EXPECT_EQ(poll(&descriptor, 1, 0), 0);
    advance(650 * ms);
    EXPECT_FALSE(owned());
    EXPECT_EQ(poll(&descriptor, 1, 0), 1);
}

// Port 1 has no router of ours: what waits in its queues is nobody's advert.
TEST_F(Engine, AnotherPortsQueuesDelayNoTakeover) {
    rx_seen_ns_[1] = 0;
    advance(3700 * ms);
    EXPECT_TRUE(owned());
}

// All workers poll, but one's mark does not move: two seconds, and no more.
TEST_F(Engine, AMarkThatNeverMovesDelaysATakeoverByTwoSeconds) {
    static_assert(vrrp::MasterDownTimer::longest_wait_for_workers_ns > VrrpEngine::stall_ns);
    seeing_ = false;
    advance(3620 * ms + vrrp::MasterDownTimer::longest_wait_for_workers_ns - 20 * ms);
    EXPECT_FALSE(owned());
    advance(20 * ms);
    EXPECT_TRUE(owned());
    EXPECT_EQ(reports(), (std::vector<std::string>{"initialize -> backup startup", "alarm",
                                                   "backup -> master master_down"}));
}

// A worker that does not poll is a fault long before, and never makes a master.
TEST_F(Engine, AStalledWorkerMakesNoMaster) {
    advance(3 * s);
    seeing_ = polls_ = false;
    seen_ns_ = polled_ns_ = now_ns_;
    advance(20 * s);
    EXPECT_FALSE(owned());
}

TEST_F(Engine, AStalledWorkerIsAFaultUntilItPollsAgain) {
    become_master();
    polls_ = false;
    polled_ns_ = now_ns_;
    advance(VrrpEngine::stall_ns - 10 * ms);
    EXPECT_TRUE(owned());
    advance(20 * ms);
    EXPECT_FALSE(owned());
    EXPECT_EQ(reports(), std::vector<std::string>{"master -> fault fault"});
    polls_ = true;
    advance(2 * ms);
    EXPECT_EQ(reports(), std::vector<std::string>{"fault -> backup fault_cleared"});
}

// Overload is not death: who polls and never empties its queues goes on serving.
TEST_F(Engine, ABusyWorkerIsNoFault) {
    become_master();
    seeing_ = false;
    seen_ns_ = now_ns_;
    advance(2 * VrrpEngine::stall_ns);  // the lease outlives that
    EXPECT_TRUE(owned());
}

TEST_F(Engine, ShutdownDisownsAndThenSaysPriorityZero) {
    become_master();
    engine_->on_command({.kind = VrrpCommand::Kind::shutdown}, round());
    const auto sent = sink_.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].substr(0, 9), "not owned");
    EXPECT_NE(sent[0].find("priority 0"), std::string::npos) << sent[0];
    EXPECT_EQ(reports(), (std::vector<std::string>{"master -> initialize shutdown", "stopped"}));
    advance(10 * s);
    EXPECT_TRUE(sink_.take().empty()) << "it never starts again";
    EXPECT_FALSE(owned());
}

TEST_F(Engine, LinkDownGivesUpWithoutAWordAndComesBackAsBackup) {
    become_master();
    VrrpCommand command{.kind = VrrpCommand::Kind::fault, .present = true, .can_transmit = false};
    engine_->on_command(command, round());
    EXPECT_FALSE(owned());
    EXPECT_TRUE(sink_.take().empty());
    command.present = false;
    engine_->on_command(command, round());
    EXPECT_EQ(reports(),
              (std::vector<std::string>{"master -> fault fault", "fault -> backup fault_cleared"}));
}

TEST_F(Engine, ANewPlanChangesTheAdvertsAndReturnsTheOldOne) {
    become_master();
    RouterPlan next = *plans_[0];
    next.settings.primary_address = ip("192.168.8.77");
    engine_->on_command({.kind = VrrpCommand::Kind::plan, .plan = &next}, round());
    VrrpReport report;
    ASSERT_TRUE(link_.reports.pop(report));
    EXPECT_EQ(report.kind, VrrpReport::Kind::plan_taken);
    EXPECT_EQ(report.plan, plans_[0]);
    EXPECT_TRUE(owned());
    ASSERT_FALSE(sink_.sent.empty());
    EXPECT_NE(sink_.sent[0].find("192.168.8.77 > 224.0.0.18"), std::string::npos);
}

// Bad input is counted and moves nothing.
TEST_F(Engine, FramesThatAreNobodysAreCounted) {
    engine_->on_frame(0, packets::Frame(20, 0xff), round());
    engine_->on_frame(0, packets::Frame{}, round());
    EXPECT_EQ(link_.counters.malformed.value(), 2U);
    packets::PacketBuilder other;
    other.ip("192.168.8.9", "224.0.0.18").ttl(255).protocol(112);
    packets::Frame message = advert(100);
    message[1] = 52;
    engine_->on_frame(0, packets::Frame(other.payload(message)), round());
    packets::PacketBuilder tagged;
    tagged.vlan(7).ip("192.168.8.9", "224.0.0.18").ttl(255).protocol(112);
    engine_->on_frame(0, packets::Frame(tagged.payload(advert(100))), round());
    engine_->on_frame(3, packets::Frame(other.payload(advert(100))), round());
    EXPECT_EQ(link_.counters.unknown_router.value(), 3U);
    EXPECT_EQ(link_.counters.frames.value(), 5U);
}

TEST_F(Engine, ARejectedAdvertDelaysNoTakeover) {
    for (int i = 0; i < 360; ++i) {
        advance(10 * ms);
        hear(200, "192.168.8.9", 64);  // TTL must be 255 (RFC 3768 7.1)
    }
    advance(20 * ms);
    EXPECT_TRUE(owned());
}

TEST_F(Engine, ASinkThatTakesNothingIsCounted) {
    sink_.works = false;
    advance(4 * s);
    EXPECT_GT(link_.counters.transmit_failures.value(), 1U);
}

TEST_F(Engine, FullReportChannelIsCountedAndStopsNothing) {
    VrrpCommand command{.kind = VrrpCommand::Kind::fault, .present = true};
    advance(10 * ms);
    for (int i = 0; i < 5000; ++i) {
        command.present = !command.present;
        engine_->on_command(command, round());
    }
    EXPECT_GT(link_.counters.reports_lost.value(), 0U);
    command.present = false;
    engine_->on_command(command, round());
    advance(4 * s);
    EXPECT_TRUE(owned());
}

TEST_F(Engine, HandsOverByOrderWithoutAGoodByeAndGlows) {
    become_master();
    engine_->on_command({.kind = VrrpCommand::Kind::hand_over, .for_ns = s}, round());
    EXPECT_EQ(ownership_.grace_until_ns(0), 0U);
    EXPECT_TRUE(ownership_.is_offered(0));
    hear(50);
    EXPECT_FALSE(owned());
    EXPECT_FALSE(ownership_.is_offered(0));
    EXPECT_EQ(reports(), std::vector<std::string>{"master -> backup handover"});
    EXPECT_TRUE(sink_.take().empty());
    EXPECT_EQ(ownership_.grace_until_ns(0), now_ns_ + VrrpEngine::handover_grace_ns);
}

// The virtual MAC would turn the switches back from the peer, which may be master at any moment.
TEST_F(Engine, AnOfferedRoutersAdvertsLeaveWithThePortsMacAndNothingIsAnnounced) {
    auto plan = *plans_[0];
    plan.source_mac = {{0, 0, 0x5e, 0, 1, 51}};
    plans_[0] = &plan;
    engine_ = std::make_unique<VrrpEngine>(plans_, start_ns, ownership_, link_, sink_);
    become_master();
    const auto sent_from = [&](const char* mac) {
        const auto lines = sink_.take();
        return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find(mac) != std::string::npos;
        });
    };
    constexpr auto virtual_mac = "00:00:5e:00:01:33 >";
    advance(4 * s);
    EXPECT_GE(sent_from(virtual_mac), 4);
    engine_->on_command({.kind = VrrpCommand::Kind::hand_over, .for_ns = 90 * s}, round());
    EXPECT_TRUE(ownership_.is_offered(0));
    advance(80 * s + 500 * ms);
    EXPECT_EQ(sent_from(virtual_mac), 0) << "a refresh is due each minute";
    engine_->on_command({.kind = VrrpCommand::Kind::hand_over}, round());
    EXPECT_FALSE(ownership_.is_offered(0));
    EXPECT_EQ(sent_from(virtual_mac), 1);
}

TEST_F(Engine, AdvertsLeaveWithThePortsMacWhereTheFileSaysSo) {
    auto plan = *plans_[0];
    plan.source_mac = {{0, 0, 0x5e, 0, 1, 51}};
    plan.adverts_from_base = true;
    plans_[0] = &plan;
    engine_ = std::make_unique<VrrpEngine>(plans_, start_ns, ownership_, link_, sink_);
    become_master();
    advance(3 * s);
    std::size_t adverts = 0, from_virtual = 0;
    for (const std::string& line : sink_.take()) {
        if (line.find("> 01:00:5e:00:00:12") == std::string::npos) continue;
        ++adverts;
        from_virtual += line.find("00:00:5e:00:01:33 >") != std::string::npos ? 1 : 0;
    }
    EXPECT_GE(adverts, 1U);
    EXPECT_EQ(from_virtual, 0U);
}

// An address of the host's own: master while the host has it, and nobody hears of it.
TEST_F(Engine, AStaticRouterSendsNothing) {
    auto plan = *plans_[0];
    plan.settings.silent = true;
    plan.settings.priority = vrrp::owner_priority;
    plans_[0] = &plan;
    engine_ = std::make_unique<VrrpEngine>(plans_, start_ns, ownership_, link_, sink_);
    advance(2 * s);
    EXPECT_TRUE(owned());
    advance(10 * s);
    EXPECT_EQ(reports(), std::vector<std::string>{"initialize -> master owner_startup"});
    EXPECT_TRUE(sink_.take().empty());
}

// The old master's frames turn the switches back until it has heard: hosts take no notice of ours.
TEST_F(Engine, AVirtualMacIsClaimedForTwentyMillisecondsAfterATakeover) {
    auto plan = *plans_[0];
    plan.source_mac = {{0, 0, 0x5e, 0, 1, 51}};
    plans_[0] = &plan;
    engine_ = std::make_unique<VrrpEngine>(plans_, start_ns, ownership_, link_, sink_);
    const auto claims = [&] {
        const auto lines = sink_.take();
        return std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
            return line.find("00:00:5e:00:01:33 > 00:00:5e:00:01:33") != std::string::npos;
        });
    };
    while (!owned())
        advance(2 * ms);
    EXPECT_LE(claims(), 1);
    advance(10 * ms);
    EXPECT_GE(claims(), 4);
    EXPECT_LE(engine_->deadline_ns(), now_ns_ + ms);
    advance(40 * ms);
    claims();
    advance(100 * ms);
    EXPECT_EQ(claims(), 0);
    engine_->on_command({.present = true}, round());
    advance(100 * ms);
    EXPECT_EQ(claims(), 0);
}

TEST_F(Engine, WhoStopsOrFailsDoesNotGlow) {
    become_master();
    engine_->on_command({.present = true}, round());
    EXPECT_FALSE(owned());
    engine_->on_command({.present = false}, round());
    EXPECT_EQ(ownership_.grace_until_ns(0), 0U);
}

TEST_F(Engine, TakesOverByOrderThoughItsPreemptionIsHeld) {
    advance(100 * ms);
    hear(200);
    reports();
    engine_->on_command({.kind = VrrpCommand::Kind::preempt_hold, .present = true}, round());
    engine_->on_command({.kind = VrrpCommand::Kind::take_over}, round());
    EXPECT_TRUE(owned());
    EXPECT_EQ(reports(), std::vector<std::string>{"backup -> master handover"});
}

TEST_F(Engine, AHoldIsHeldUntilItGoes) {
    advance(100 * ms);
    engine_->on_command({.kind = VrrpCommand::Kind::preempt_hold, .present = true}, round());
    for (int i = 0; i < 10; ++i) {
        hear(50);
        advance(s);
    }
    EXPECT_FALSE(owned());
    engine_->on_command({.kind = VrrpCommand::Kind::preempt_hold}, round());
    for (int i = 0; i < 4; ++i) {
        hear(50);
        advance(s);
    }
    EXPECT_TRUE(owned());
}

}  // namespace
}  // namespace warren::election
