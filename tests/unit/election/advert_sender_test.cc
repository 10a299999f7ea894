// SPDX-License-Identifier: BSD-3-Clause
// Adverts on their way out: to whom, what happens to one that the port refuses, and whose numbers
// an authentication header carries.
#include "election/advert_sender.h"

#include <gtest/gtest.h>

#include <vector>

#include "packets/packet_builder.h"
#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

// Takes `room` frames and keeps them.
class NarrowSink : public FrameSink {
  public:
    bool send(std::uint8_t, net::ConstBytes frame) override {
        if (room == 0) return false;
        --room;
        frames.emplace_back(frame.begin(), frame.end());
        return true;
    }
    std::vector<packets::Frame> frames;
    std::size_t room = 1000;
};

RouterPlan with_peers(std::vector<net::IpAddress> peers) {
    RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    for (const net::IpAddress& peer : peers)
        plan.settings.unicast_peers.push_back({.address = peer});
    return plan;
}

net::MacAddress mac(std::uint8_t last) {
    return {{2, 0, 0, 0, 0, last}};
}

class Sender : public testing::Test {
  protected:
    // Where the frames went since the last call, by the last byte of the destination.
    std::vector<int> destinations() {
        std::vector<int> out;
        for (const packets::Frame& frame : sink_.frames)
            out.push_back(frame[5]);
        sink_.frames.clear();
        return out;
    }
    NarrowSink sink_;
    exchange::Counter failures_;
    AdvertSender sender_{4, sink_, failures_};
};

using Destinations = std::vector<int>;

TEST_F(Sender, SendsOneToTheGroup) {
    const RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    sender_.place(0, plan);
    sender_.send(0, 100, start_ns);
    EXPECT_EQ(destinations(), Destinations{18}) << "01:00:5e:00:00:12";
    EXPECT_EQ(sender_.deadline_ns(), vrrp::no_deadline);
}

TEST_F(Sender, SendsOneToEachPeerWhoseMacIsKnown) {
    const RouterPlan plan = with_peers({ip("192.168.8.2"), ip("192.168.8.3"), ip("192.168.8.4")});
    sender_.place(0, plan);
    sender_.set_peer_mac(0, 0, mac(2));
    sender_.set_peer_mac(0, 2, mac(4));
    sender_.set_peer_mac(0, max_unicast_peers, mac(9));  // no such peer
    sender_.send(0, 100, start_ns);
    EXPECT_EQ(destinations(), (Destinations{2, 4}));
    EXPECT_EQ(sender_.unresolved_adverts(0), 1U);
}

TEST_F(Sender, ReachesTheLastOfManyPeers) {
    std::vector<net::IpAddress> peers;
    for (int i = 1; i <= 200; ++i)
        peers.push_back(net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(i)));
    const RouterPlan plan = with_peers(peers);
    sender_.place(0, plan);
    sender_.set_peer_mac(0, 199, mac(200));
    sender_.send(0, 100, start_ns);
    EXPECT_EQ(destinations(), Destinations{200});
    EXPECT_EQ(sender_.unresolved_adverts(0), 199U);
}

TEST_F(Sender, TriesAgainFromThePeerThatWasRefused) {
    const RouterPlan plan = with_peers({ip("192.168.8.2"), ip("192.168.8.3")});
    sender_.place(0, plan);
    sender_.set_peer_mac(0, 0, mac(2));
    sender_.set_peer_mac(0, 1, mac(3));
    sink_.room = 1;
    sender_.send(0, 100, start_ns);
    EXPECT_EQ(destinations(), Destinations{2});
    EXPECT_EQ(failures_.value(), 1U);
    EXPECT_EQ(sender_.deadline_ns(), start_ns + AdvertSender::retry_ns);
    sink_.room = 1000;
    sender_.retry(sender_.deadline_ns() - 1);
    EXPECT_EQ(destinations(), Destinations{}) << "not before its time";
    sender_.retry(sender_.deadline_ns());
    EXPECT_EQ(destinations(), Destinations{3}) << "the first peer has it";
    EXPECT_EQ(sender_.deadline_ns(), vrrp::no_deadline);
    EXPECT_EQ(sender_.unsent_adverts(0), 0U);
}

TEST_F(Sender, ANewerAdvertReplacesTheOneThatWaits) {
    const RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    sender_.place(0, plan);
    sink_.room = 0;
    sender_.send(0, 100, start_ns);
    sender_.send(0, 0, start_ns);
    EXPECT_EQ(sender_.unsent_adverts(0), 1U);
    sink_.room = 1000;
    sender_.retry(start_ns + AdvertSender::retry_ns);
    ASSERT_EQ(sink_.frames.size(), 1U);
    EXPECT_NE(packets::describe(sink_.frames[0]).find("priority 0"), std::string::npos)
        << packets::describe(sink_.frames[0]);
}

TEST_F(Sender, WhatIsCancelledNeverLeaves) {
    const RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    sender_.place(0, plan);
    sender_.place(1, plan);
    sink_.room = 0;
    sender_.send(0, 100, start_ns);
    sender_.send(1, 100, start_ns);
    sender_.cancel(0);
    sender_.place(1, plan);  // another router has come to the index
    EXPECT_EQ(sender_.deadline_ns(), vrrp::no_deadline) << "the loop may sleep";
    sink_.room = 1000;
    sender_.retry(start_ns + ms);
    EXPECT_EQ(destinations(), Destinations{});
}

TEST_F(Sender, AnotherPlanKeepsWhatIsKnownOfPeersByTheirAddresses) {
    const RouterPlan before = with_peers({ip("192.168.8.2"), ip("192.168.8.3")});
    const RouterPlan after = with_peers({ip("192.168.8.3"), ip("192.168.8.4"), ip("192.168.8.2")});
    sender_.place(0, before);
    sender_.set_peer_mac(0, 0, mac(2));
    sender_.set_peer_mac(0, 1, mac(3));
    sink_.room = 1;
    sender_.send(0, 100, start_ns);
    sink_.frames.clear();
    sender_.change_plan(0, after);
    sink_.room = 1000;
    sender_.retry(start_ns + AdvertSender::retry_ns);
    EXPECT_EQ(destinations(), (Destinations{3, 2})) << "the one that waited is for all again";
    EXPECT_EQ(sender_.unresolved_adverts(0), 1U) << "nothing is known of the new one";
}

TEST_F(Sender, AnAuthenticatedAdvertGoesOnFromThePeersNumber) {
    RouterPlan ours = plan_of(7, {ip("192.168.8.100")});
    ours.settings.version = vrrp::Version::v2;
    ours.settings.advert_interval_ns = s;
    ours.settings.auth_type = vrrp::AuthType::ah;
    ours.settings.auth_data = {'1', '1', '1', '1'};
    RouterPlan peer = ours;
    peer.settings.primary_address = ip("192.168.8.2");
    HmacMd5 hmac;
    vrrp::AhSequence theirs{100};
    packets::Frame frame(max_advert_frame_bytes);
    frame.resize(build_advert_frame(frame, peer, 200, multicast_target(peer)));
    ASSERT_TRUE(vrrp::seal_ah(ah_packet(frame), peer.settings, theirs, hmac));

    sender_.place(0, ours);
    EXPECT_TRUE(std::holds_alternative<vrrp::Advert>(sender_.decode_ah(0, ah_packet(frame))));
    EXPECT_EQ(std::get<vrrp::RejectReason>(sender_.decode_ah(0, ah_packet(frame))),
              vrrp::RejectReason::ah_replay);
    sender_.send(0, 100, start_ns);
    ASSERT_EQ(sink_.frames.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<vrrp::Advert>(
        vrrp::decode_ah(ah_packet(sink_.frames[0]), peer.settings, theirs, hmac)));
    EXPECT_EQ(theirs.last(), 102U);
}

}  // namespace
}  // namespace warren::election
