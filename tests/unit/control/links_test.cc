// SPDX-License-Identifier: BSD-3-Clause
// What the kernel tells of an interface becomes the port's state, and says what has changed.
#include "control/links.h"

#include <gtest/gtest.h>

#include <string>

#include "fake_publication.h"

namespace warren::control {
namespace {

class SharedPort : public testing::Test {
  protected:
    // As sample_state.h makes the first port.
    static kernel::Link as_known() {
        kernel::Link link;
        link.index = 1;
        link.name = "eth0";
        link.present = true;
        link.running = true;
        link.mtu = 1500;
        link.mac = {{2, 0, 0, 0, 0, 1}};
        link.addresses.push_back({net::Prefix{net::IpAddress::v4(192, 168, 8, 1), 24}});
        return link;
    }
    PortChange take(const kernel::Link& link) {
        const auto changes = links_.take(link);
        EXPECT_EQ(changes.size(), 1U);
        return changes.empty() ? PortChange{} : changes[0];
    }
    const model::PortState& port() const { return world_.state->ports[0]; }

    Surroundings world_{model::router("A", "eth0", 51, "192.168.8.100/24")};
    port::PortTable ports_;
    tracking::LinkDelays delays_{world_.io, [](const std::string&) {}};
    Links links_{world_.context(), ports_, delays_};
};

TEST_F(SharedPort, WhatIsKnownChangesNothing) {
    EXPECT_FALSE(take(as_known()).any());
}

TEST_F(SharedPort, AnotherInterfaceIsNoPortsBusiness) {
    kernel::Link other = as_known();
    other.name = "eth7";
    EXPECT_TRUE(links_.take(other).empty());
}

TEST_F(SharedPort, MacMtuLinkAndAddressEachSaySo) {
    kernel::Link link = as_known();
    link.mac = {{2, 0, 0, 0, 0, 0x77}};
    EXPECT_TRUE(take(link).mac);
    EXPECT_EQ(port().mac, link.mac);
    link.mtu = 9000;
    EXPECT_TRUE(take(link).mtu);
    EXPECT_EQ(port().mtu, 9000U);
    link.running = false;
    const PortChange down = take(link);
    EXPECT_TRUE(down.link);
    EXPECT_FALSE(down.mac || down.mtu || down.addresses) << "those were told";
    EXPECT_FALSE(port().link_up);
    link.addresses.clear();
    EXPECT_TRUE(take(link).addresses);
    EXPECT_FALSE(port().primary);
}

TEST_F(SharedPort, AnInterfaceThatGoesTakesItsGroupsWithIt) {
    kernel::Link link = as_known();
    link.present = false;
    link.running = false;
    const PortChange gone = take(link);
    EXPECT_FALSE(gone.present);
    EXPECT_TRUE(gone.link);
    EXPECT_EQ(gone.gone_ifindex, 1);
    EXPECT_EQ(port().ifindex, 0);
}

}  // namespace
}  // namespace warren::control
