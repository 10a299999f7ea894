// SPDX-License-Identifier: BSD-3-Clause
// BFD over the kernel's sockets, in a network namespace of the test's own: two sessions of one
// process are each other's neighbours on lo, for who is meant is told by both addresses.
#include "tracking/track_bfd.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <memory>

#include "unit/health/own_namespace.h"
#include "unit/programs/scratch_folder.h"

namespace warren::tracking {
namespace {

using programs::run_until;
using testing_support::run;

const net::IpAddress left = net::IpAddress::v4(127, 0, 0, 1);
const net::IpAddress right = net::IpAddress::v4(127, 0, 0, 2);

class TrackBfdTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { ready = testing_support::enter_own_namespace(); }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
    }
    config::BfdInstance& add(const std::string& name, const net::IpAddress& source,
                             const net::IpAddress& neighbour) {
        config::BfdInstance instance;
        instance.name = name;
        instance.source_ip = source;
        instance.neighbor_ip = neighbour;
        config_.bfd_instances.push_back(instance);
        return config_.bfd_instances.back();
    }
    void add_both_ends() {
        add("left", left, right);
        add("right", right, left);
    }
    void start() {
        track_.reset();
        track_ = std::make_unique<TrackBfd>(io_, config_, events_, [this] { ++changes_; });
    }
    bool is_up(const std::string& name) const { return track_->state(name).number == 1; }
    bool becomes_up(const std::string& name) {
        return run_until(io_, [&] { return is_up(name); });
    }
    bool stays_up(const std::string& name, std::chrono::milliseconds time) {
        return !run_until(
            io_, [&] { return !is_up(name); }, time);
    }
    bool stays_down(const std::string& name, std::chrono::milliseconds time) {
        return !run_until(
            io_, [&] { return is_up(name); }, time);
    }
    void follow() { track_->follow(config_); }
    std::size_t count_events(const std::string& part) const {
        std::size_t count = 0;
        for (std::uint64_t n = events_.first(); n < events_.end(); ++n)
            count += events_.at(n).text.find(part) != std::string::npos ? 1 : 0;
        return count;
    }

    static bool ready;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(io_);
    config::Config config_;
    journal::EventLog events_;
    int changes_ = 0;
    std::unique_ptr<TrackBfd> track_;
};
bool TrackBfdTest::ready = false;

TEST_F(TrackBfdTest, NoneConfiguredIsNothing) {
    start();
    EXPECT_EQ(track_->state("any").standing, vrrp::TrackedState::Standing::ignored);
}

TEST_F(TrackBfdTest, IsDownUntilItIsUp) {
    add_both_ends();
    start();
    EXPECT_EQ(track_->state("left"), vrrp::TrackedState::of(false, "Down"));
    EXPECT_TRUE(becomes_up("left") && becomes_up("right"));
    EXPECT_EQ(track_->state("left"), vrrp::TrackedState::of(true, "Up"));
    EXPECT_EQ(count_events("bfd left: Up"), 1U);
    EXPECT_GE(changes_, 2);
}

TEST_F(TrackBfdTest, Ipv6) {
    ASSERT_TRUE(run("ip addr replace fd00::1/128 dev lo nodad"));
    ASSERT_TRUE(run("ip addr replace fd00::2/128 dev lo nodad"));
    add("left", *net::IpAddress::parse("fd00::1"), *net::IpAddress::parse("fd00::2"));
    add("right", *net::IpAddress::parse("fd00::2"), *net::IpAddress::parse("fd00::1"));
    add_both_ends();
    start();
    EXPECT_TRUE(becomes_up("left") && becomes_up("right"));
}

TEST_F(TrackBfdTest, WhoNamesItsSourceComesBeforeWhoTakesAny) {
    add("any", left, right).source_ip.reset();
    add("left", left, right);
    for (config::BfdInstance& instance : config_.bfd_instances)
        instance.passive = true;  // who is meant hears first and speaks then
    add("right", right, left);
    start();
    EXPECT_TRUE(becomes_up("left") && becomes_up("right"));
    EXPECT_FALSE(is_up("any"));
}

TEST_F(TrackBfdTest, SilenceIsDownAndTold) {
    add_both_ends();
    start();
    ASSERT_TRUE(becomes_up("left") && becomes_up("right"));
    ASSERT_TRUE(run("ip link set lo down"));
    EXPECT_TRUE(run_until(io_, [&] { return !is_up("left"); }));
    EXPECT_EQ(track_->state("left").text, "Down: detection time expired");
    EXPECT_EQ(count_events("bfd left: Down: detection time expired"), 1U);
    ASSERT_TRUE(run("ip link set lo up"));
    EXPECT_TRUE(becomes_up("left") && becomes_up("right"));
}

TEST_F(TrackBfdTest, APacketThatHasComeTooFarIsNotBelieved) {
    add_both_ends();
    config_.bfd_instances[1].ttl = 254;
    start();
    EXPECT_TRUE(stays_down("left", std::chrono::milliseconds(300)));
    config_.bfd_instances[0].max_hops = 1;
    start();
    EXPECT_TRUE(becomes_up("left"));
}

TEST_F(TrackBfdTest, AnAddressMayComeLater) {
    add("late", net::IpAddress::v4(10, 9, 9, 9), right);
    add("right", right, net::IpAddress::v4(10, 9, 9, 9));
    start();
    ASSERT_TRUE(run_until(io_, [&] { return count_events("bfd late: nothing can be sent") == 1; }));
    EXPECT_TRUE(stays_down("late", std::chrono::milliseconds(100)));
    ASSERT_TRUE(run("ip addr add 10.9.9.9/32 dev lo"));
    EXPECT_TRUE(becomes_up("late"));
    EXPECT_EQ(count_events("bfd late: nothing can be sent"), 1U) << "once is enough";
    EXPECT_TRUE(run("ip addr del 10.9.9.9/32 dev lo"));
}

TEST_F(TrackBfdTest, AnotherDaemonsPortIsWaitedFor) {
    BfdReceiver other(io_, Family::v4);
    ASSERT_EQ(other.open(), 0);
    add_both_ends();
    start();
    ASSERT_TRUE(run_until(io_, [&] { return count_events("port 3784 of IPv4") == 1; }));
    other.close();
    EXPECT_TRUE(becomes_up("left"));
}

TEST_F(TrackBfdTest, WhatComesAfterItsEndFindsNobody) {
    add_both_ends();
    start();
    track_.reset();
    io_.poll();
    EXPECT_EQ(changes_, 0);
}

TEST_F(TrackBfdTest, AReloadLeavesWhatIsTheSame) {
    add_both_ends();
    start();
    ASSERT_TRUE(becomes_up("left") && becomes_up("right"));
    config_.bfd_instances[0].weight = 20;  // nothing to the session
    ASSERT_TRUE(run("ip addr replace fd00::1/128 dev lo nodad"));
    ASSERT_TRUE(run("ip addr replace fd00::2/128 dev lo nodad"));
    add("left6", *net::IpAddress::parse("fd00::1"), *net::IpAddress::parse("fd00::2"));
    add("right6", *net::IpAddress::parse("fd00::2"), *net::IpAddress::parse("fd00::1"));
    follow();
    EXPECT_TRUE(is_up("left") && is_up("right"));
    EXPECT_TRUE(becomes_up("left6") && becomes_up("right6")) << "a family that nobody had";
    EXPECT_EQ(count_events("bfd left: "), 1U) << "it has not flapped";
    config_.bfd_instances.resize(2);
    follow();
    EXPECT_EQ(track_->state("left6").text, "no such bfd_instance");
    EXPECT_TRUE(stays_up("left", std::chrono::milliseconds(300)));
    EXPECT_EQ(count_events("bfd left: "), 1U);
}

TEST_F(TrackBfdTest, OtherTimersAreAnotherSession) {
    add_both_ends();
    start();
    ASSERT_TRUE(becomes_up("left") && becomes_up("right"));
    config_.bfd_instances[0].multiplier = 4;
    follow();
    EXPECT_EQ(track_->state("left"), vrrp::TrackedState::of(false, "Down"));
    EXPECT_TRUE(becomes_up("left"));
    EXPECT_TRUE(is_up("right")) << "AdminDown is no failure";
}

TEST_F(TrackBfdTest, WhoIsRemovedSaysSo) {
    add_both_ends();
    start();
    ASSERT_TRUE(becomes_up("left") && becomes_up("right"));
    config_.bfd_instances.erase(config_.bfd_instances.begin());
    follow();
    EXPECT_TRUE(run_until(io_, [&] { return count_events("bfd right: ") == 2; }));
    EXPECT_NE(track_->state("right").text.find("AdminDown"), std::string::npos);
}

TEST_F(TrackBfdTest, TheFirstAndTheLastByReload) {
    start();
    add_both_ends();
    follow();
    EXPECT_TRUE(becomes_up("left"));
    config_.bfd_instances.clear();
    follow();
    BfdReceiver other(io_, Family::v4);
    EXPECT_TRUE(run_until(io_, [&] { return other.open() == 0; })) << "the port is free again";
}

TEST_F(TrackBfdTest, SenderAndReceiverKeepToRfc5881) {
    BfdReceiver receiver(io_, Family::v4);
    ASSERT_EQ(receiver.open(), 0);
    EXPECT_FALSE(receiver.receive());
    const bfd::ControlPacket packet{.detect_mult = 3, .my_discriminator = 7};
    for (const std::uint32_t random : {0U, 16'383U, 0xffffffffU}) {
        BfdSender sender(io_, {.source = left, .neighbour = right, .ttl = 250});
        ASSERT_EQ(sender.send(packet, random), 0);
        ASSERT_EQ(sender.send(packet, ~random), 0) << "the port stays";
        for (int i = 0; i < 2; ++i) {
            const auto datagram = receiver.receive();
            ASSERT_TRUE(datagram);
            EXPECT_EQ(datagram->source, left);
            EXPECT_EQ(datagram->destination, right);
            EXPECT_EQ(datagram->ttl, 250);
            EXPECT_EQ(datagram->source_port, 49'152 + random % 16'384);
            EXPECT_EQ(bfd::decode(datagram->payload()), bfd::Decoded(packet));
        }
    }
}

}  // namespace
}  // namespace warren::tracking
