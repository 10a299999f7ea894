// SPDX-License-Identifier: BSD-3-Clause
#include "peer/routers.h"

#include <gtest/gtest.h>

namespace warren::peer {
namespace {

constexpr flow::SipKey fingerprint_key{1, 2};

net::IpAddress vip(std::uint8_t last) {
    return net::IpAddress::v4(192, 168, 8, last);
}

// Two routers of two VIPs each, a virtual_server with a real_server on the first VIP of each.
exchange::Snapshot snapshot() {
    exchange::Snapshot s;
    s.generation = 1;
    for (std::uint8_t router = 0; router < 2; ++router) {
        s.virtual_routers.push_back(
            {.vrid = static_cast<std::uint8_t>(51 + router), .lease_ns = 10});
        for (std::uint8_t i = 0; i < 2; ++i)
            s.addresses.push_back({.address = vip(static_cast<std::uint8_t>(110 + router * 10 - i)),
                                   .mac = {},
                                   .virtual_router = router});
        exchange::Service service;
        service.present = true;
        service.address = vip(static_cast<std::uint8_t>(110 + router * 10));
        service.port = net::Be16(5672);
        service.local_addresses = {service.address};
        service.servers = {static_cast<std::uint16_t>(s.servers.size())};
        s.services.push_back(service);
        exchange::Server server;
        server.address = vip(11);
        server.port = net::Be16(5672);
        server.state = exchange::ServerState::up;
        server.service = router;
        s.servers.push_back(server);
    }
    return s;
}

exchange::OwnershipView owner_of(std::uint64_t routers) {
    exchange::OwnershipView view;
    view.words[0] = routers;
    return view;
}

TEST(Routers, AreNamedByTheirLowestAddressAndVrid) {
    exchange::Snapshot s = snapshot();
    s.seal();
    Routers routers(fingerprint_key);
    EXPECT_TRUE(routers.follow(s, owner_of(2)));
    ASSERT_EQ(routers.all().size(), 2U);
    EXPECT_EQ(routers.all()[0].key, (sync::RouterKey{vip(109), 51}));
    EXPECT_EQ(routers.all()[0].role, sync::Role::backup);
    EXPECT_EQ(routers.all()[1].role, sync::Role::master);
    EXPECT_EQ(routers.index_of({vip(119), 52}), 1);
    EXPECT_EQ(routers.index_of({vip(119), 51}), exchange::Snapshot::no_router);
    EXPECT_EQ(Routers::router_of(s, vip(120)), 1);
    EXPECT_EQ(Routers::router_of(s, vip(1)), exchange::Snapshot::no_router);
}

TEST(Routers, SayWhenSomethingHasChanged) {
    exchange::Snapshot s = snapshot();
    s.seal();
    Routers routers(fingerprint_key);
    EXPECT_TRUE(routers.follow(s, owner_of(0)));
    EXPECT_FALSE(routers.follow(s, owner_of(0)));
    EXPECT_TRUE(routers.follow(s, owner_of(1)));
    EXPECT_EQ(routers.find(0)->role, sync::Role::master);
    ++s.generation;
    EXPECT_TRUE(routers.follow(s, owner_of(1)));
}

TEST(Routers, HaveAFingerprintOfWhatMustBeAlike) {
    const auto fingerprints = [](exchange::Snapshot s) {
        s.seal();
        Routers routers(fingerprint_key);
        routers.follow(s, owner_of(0));
        return std::array{routers.all()[0].fingerprint, routers.all()[1].fingerprint};
    };
    const auto before = fingerprints(snapshot());
    EXPECT_EQ(fingerprints(snapshot()), before);

    exchange::Snapshot other = snapshot();
    other.servers[0].port = net::Be16(5671);
    EXPECT_NE(fingerprints(other)[0], before[0]);
    EXPECT_EQ(fingerprints(other)[1], before[1]) << "of the other router";

    other = snapshot();
    other.servers[0].weight = 9;
    other.servers[0].next_hop = net::broadcast_mac;
    EXPECT_EQ(fingerprints(other), before) << "each warren's own";

    other = snapshot();
    other.services[1].synced = false;
    EXPECT_NE(fingerprints(other)[1], before[1]);

    other = snapshot();
    std::swap(other.addresses[0], other.addresses[1]);
    EXPECT_EQ(fingerprints(other), before) << "the order does not count";
}

TEST(Routers, SumWhatTheirServicesHave) {
    exchange::Snapshot s = snapshot();
    s.seal();
    Routers routers(fingerprint_key);
    routers.follow(s, owner_of(0));
    const std::array<flow::FlowSum, 2> sums{{{10, 1}, {20, 2}}};
    const auto totals = routers.totals(s, sums);
    ASSERT_EQ(totals.size(), 2U);
    EXPECT_EQ(totals[0].flows, sums[0]);
    EXPECT_EQ(totals[1].flows, sums[1]);
    EXPECT_EQ(totals[1].key, routers.all()[1].key);
}

}  // namespace
}  // namespace warren::peer
