// SPDX-License-Identifier: BSD-3-Clause
// Adverts in an authentication header as the engine sends and hears them (RFC 2338 5.3.6.3).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "election/hmac_md5.h"
#include "election/plan.h"
#include "net/headers.h"
#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

RouterPlan ah_plan() {
    RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    plan.settings.version = vrrp::Version::v2;
    plan.settings.advert_interval_ns = s;
    plan.settings.auth_type = vrrp::AuthType::ah;
    plan.settings.auth_data = {'1', '1', '1', '1'};
    return plan;
}

net::ConstBytes bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(const vrrp::Icv& icv) {
    std::string out;
    for (const std::uint8_t byte : icv) {
        out += "0123456789abcdef"[byte / 16];
        out += "0123456789abcdef"[byte % 16];
    }
    return out;
}

// RFC 2202 section 2, test cases 1, 2 and 6 (a key longer than a block).
TEST(HmacMd5, TestVectors) {
    HmacMd5 hmac;
    EXPECT_EQ(hex(hmac(bytes(std::string(16, '\x0b')), bytes("Hi There"))),
              "9294727a3638bb1c13f48ef8");
    EXPECT_EQ(hex(hmac(bytes("Jefe"), bytes("what do ya want for nothing?"))),
              "750c783e6ab0b503eaa86e31");
    EXPECT_EQ(hex(hmac(bytes(std::string(80, '\xaa')),
                       bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "6b1ab7fe4bd7bf8f0b62e6ce");
}

// Keeps the frames as they are.
class RawSink : public FrameSink {
  public:
    bool send(std::uint8_t, net::ConstBytes frame) override {
        frames.emplace_back(frame.begin(), frame.end());
        return true;
    }
    std::vector<packets::Frame> frames;
};

class EngineAh : public EngineWorld {
  protected:
    // What a peer of that priority would send next.
    packets::Frame advert(std::uint8_t priority) {
        RouterPlan peer = ah_plan();
        peer.settings.primary_address = ip("192.168.8.2");
        packets::Frame frame(max_advert_frame_bytes);
        frame.resize(build_advert_frame(frame, peer, priority, multicast_target(peer)));
        EXPECT_TRUE(vrrp::seal_ah(ah_packet(frame), peer.settings, peer_sequence_, hmac_));
        return frame;
    }
    void hear(const packets::Frame& frame) { engine_->on_frame(0, frame, round()); }
    std::uint64_t rejected(vrrp::RejectReason reason) {
        return status(0).status.counters.rejected[static_cast<std::size_t>(reason)];
    }

    HmacMd5 hmac_;
    vrrp::AhSequence peer_sequence_{100};
};

// What one engine seals another one believes.
TEST_F(EngineAh, TwoEnginesUnderstandEachOther) {
    RouterPlan better = ah_plan();
    better.settings.priority = 200;
    better.settings.primary_address = ip("192.168.8.2");
    exchange::Ownership theirs;
    VrrpLink link;
    RawSink sink;
    run({ah_plan()});
    VrrpEngine master({&better}, start_ns, theirs, link, sink);
    for (const std::uint64_t end = now_ns_ + 10 * s; now_ns_ < end; now_ns_ += 10 * ms) {
        master.tick(round());
        for (const packets::Frame& frame : sink.frames)
            if (net::parse(frame).protocol == net::IpProtocol::ah) hear(frame);
        sink.frames.clear();
        engine_->tick(round());
    }
    EXPECT_FALSE(owned(0));
    const vrrp::Status heard = last_status(0).status;
    EXPECT_EQ(heard.master_priority, 200);
    EXPECT_GE(heard.counters.adverts_received, 6U);
}

TEST_F(EngineAh, ABackupHearsItsMasterAndNoReplay) {
    run({ah_plan()});
    engine_->tick(round());
    packets::Frame first = advert(200);
    for (int i = 0; i < 8; ++i) {
        advance(s);
        hear(i == 0 ? first : advert(200));
    }
    EXPECT_FALSE(owned(0));
    EXPECT_EQ(status(0).status.master_priority, 200);
    for (int i = 0; i < 8; ++i) {
        hear(first);
        advance(s / 2);
    }
    EXPECT_EQ(rejected(vrrp::RejectReason::ah_replay), 8U);
    EXPECT_TRUE(owned(0)) << "a replayed advert keeps no dead master alive";
}

// Its peer has heard the master up to that number and refuses what is not above.
TEST_F(EngineAh, ATakeoverGoesOnFromTheMastersNumbers) {
    const RouterPlan ours = ah_plan();
    RawSink sink;
    run({ours});
    VrrpEngine heir({&ours}, start_ns, ownership_, link_, sink);
    heir.tick(round());
    heir.on_frame(0, advert(200), round());
    ASSERT_EQ(peer_sequence_.last(), 101U);
    now_ns_ += 5 * s;
    heir.tick(round());
    ASSERT_FALSE(sink.frames.empty());
    vrrp::AhSequence peers = peer_sequence_;
    RouterPlan peer = ours;
    peer.settings.primary_address = ip("192.168.8.2");
    EXPECT_TRUE(std::holds_alternative<vrrp::Advert>(
        vrrp::decode_ah(ah_packet(sink.frames[0]), peer.settings, peers, hmac_)));
    EXPECT_EQ(peers.last(), 102U);
}

TEST_F(EngineAh, WrongKeysAndPlainAdvertsAreRefused) {
    run({ah_plan()});
    engine_->tick(round());
    packets::Frame altered = advert(200);
    altered.back() ^= 1;  // of the authentication data behind the addresses: counted in the ICV
    hear(altered);
    RouterPlan plain = ah_plan();
    plain.settings.auth_type = vrrp::AuthType::none;
    plain.settings.primary_address = ip("192.168.8.2");
    packets::Frame frame(max_advert_frame_bytes);
    frame.resize(build_advert_frame(frame, plain, 200, multicast_target(plain)));
    hear(frame);
    EXPECT_EQ(status(0).status.counters.adverts_received, 0U);
    EXPECT_EQ(rejected(vrrp::RejectReason::ah_missing), 1U);
}

}  // namespace
}  // namespace warren::election
