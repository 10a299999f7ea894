// SPDX-License-Identifier: BSD-3-Clause
// A port that comes while workers run: nobody looks at it before it is named, then all do.
#include <gtest/gtest.h>

#include "world.h"

namespace warren::datapath {
namespace {

constexpr auto far_vip = "10.9.0.100";
constexpr auto far_host = "10.9.0.50";

class AddedPort : public testing::Test {
  protected:
    static packets::Frame question() {
        return packets::PacketBuilder()
            .ethernet(client_mac, broadcast)
            .arp_request(far_host, far_vip);
    }
    void name() {
        world_.change([](exchange::Snapshot& s) {
            s.port_macs = {packets::mac(vip_mac), packets::mac(second_mac)};
            s.virtual_routers.push_back({52, 1, second, packets::mac(second_mac)});
            s.addresses.push_back({packets::address(far_vip), packets::mac(second_mac), 1, 1});
        });
        world_.exchange.ownership.set(1, true);
        world_.exchange.ownership.beat(world_.now_ns);
    }
    void poll_all() {
        for (const auto& worker : world_.workers)
            worker->poll_once(world_.now_ns);
    }

    World world_{{.workers = 2}};
};

TEST_F(AddedPort, IsPolledAndAnswersWhenASnapshotNamesIt) {
    poll_all();
    EXPECT_NE(world_.exchange.seen_ns(0), 0U);
    world_.add_port();
    world_.queue(question(), 1);
    EXPECT_EQ(world_.run(), silence);
    EXPECT_EQ(world_.exchange.seen_ns(1), 0U) << "no master may be believed silent there";
    name();
    EXPECT_EQ(world_.run().size(), 1U);
    EXPECT_EQ(world_.counted(&exchange::WorkerCounters::arp_replies), 1U);
    EXPECT_EQ(world_.exchange.seen_ns(1), world_.now_ns);
}

TEST_F(AddedPort, IsKnownFromAFrameOfItThatIsHandedOver) {
    world_.add_port();
    world_.hand_over(question(), 1, 1);
    world_.queue(question(), 1, 1);
    EXPECT_EQ(world_.run(), silence);
    EXPECT_EQ(world_.counted(&exchange::WorkerCounters::kernel), 2U) << "the queue's, too";
}

}  // namespace
}  // namespace warren::datapath
