// SPDX-License-Identifier: BSD-3-Clause
// Virtual MACs lead to their routers without a walk over all.
#include "exchange/snapshot.h"

#include <gtest/gtest.h>

namespace warren::exchange {
namespace {

constexpr std::uint8_t ports = 2;

// 255 VRIDs of both families on each port.
Snapshot full_snapshot() {
    Snapshot snapshot;
    for (std::uint8_t port = 0; port < ports; ++port)
        for (const bool ipv6 : {false, true})
            for (unsigned vrid = 1; vrid <= 255; ++vrid) {
                VirtualRouter router;
                router.vrid = static_cast<std::uint8_t>(vrid);
                router.port = port;
                router.mac = net::virtual_router_mac(router.vrid, ipv6);
                snapshot.virtual_routers.push_back(router);
            }
    snapshot.seal();
    return snapshot;
}

std::uint16_t router_of(const Snapshot& snapshot, std::uint8_t port, const net::MacAddress& mac) {
    return snapshot.find_router(port, mac, [](std::uint16_t) { return true; });
}

TEST(FindRouter, EachVirtualMacOfEachPortHasItsOwn) {
    const Snapshot snapshot = full_snapshot();
    for (std::uint16_t i = 0; i < snapshot.virtual_routers.size(); ++i) {
        const VirtualRouter& router = snapshot.virtual_routers[i];
        EXPECT_EQ(router_of(snapshot, router.port, router.mac), i);
    }
    EXPECT_EQ(router_of(snapshot, 0, net::virtual_router_mac(0)), Snapshot::no_router);
    EXPECT_EQ(router_of(snapshot, ports, net::virtual_router_mac(1)), Snapshot::no_router);
    EXPECT_EQ(router_of(snapshot, 0, {{2, 0, 0, 0, 1, 1}}), Snapshot::no_router);
}

// Every packet of a NAT server that comes to a virtual MAC asks.
TEST(FindRouter, LooksAtAFewOnly) {
    const Snapshot snapshot = full_snapshot();
    unsigned most = 0;
    for (std::uint16_t i = 0; i < snapshot.virtual_routers.size(); ++i) {
        unsigned looked_at = 0;
        const VirtualRouter& router = snapshot.virtual_routers[i];
        snapshot.find_router(router.port, router.mac, [&](std::uint16_t) {
            ++looked_at;
            return false;
        });
        most = std::max(most, looked_at);
    }
    EXPECT_EQ(most, 1U);
}

TEST(FindRouter, TakesTheOneThatIsWanted) {
    Snapshot snapshot;
    for (int i = 0; i < 2; ++i)
        snapshot.virtual_routers.push_back({.vrid = 51, .mac = net::virtual_router_mac(51)});
    snapshot.virtual_routers.push_back({.vrid = 52, .mac = {{2, 0, 0, 0, 0, 1}}});
    snapshot.seal();
    EXPECT_EQ(router_of(snapshot, 0, net::virtual_router_mac(51)), 0U);
    EXPECT_EQ(snapshot.find_router(0, net::virtual_router_mac(51),
                                   [](std::uint16_t router) { return router == 1; }),
              1U);
    EXPECT_EQ(router_of(snapshot, 0, {{2, 0, 0, 0, 0, 1}}), Snapshot::no_router)
        << "a port's own MAC needs no search";
}

Snapshot two_services_on_one_server() {
    Snapshot snapshot;
    const auto server = net::IpAddress::v4(10, 0, 0, 1);
    snapshot.virtual_routers.resize(2);
    for (std::uint16_t i = 0; i < 2; ++i) {
        Service service;
        service.present = true;
        service.address = net::IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(1 + i));
        service.port = net::Be16(5672);
        service.servers = {i};
        snapshot.services.push_back(service);
        snapshot.servers.emplace_back();
        snapshot.servers[i].address = server;
        snapshot.servers[i].port = net::Be16(5672);
        snapshot.servers[i].service = i;
        snapshot.addresses.emplace_back();
        snapshot.addresses[i].address = service.address;
        snapshot.addresses[i].virtual_router = static_cast<std::uint16_t>(1 - i);
    }
    return snapshot;
}

TEST(FindServer, IsThatServices) {
    Snapshot snapshot = two_services_on_one_server();
    snapshot.seal();
    const auto address = net::IpAddress::v4(10, 0, 0, 1);
    EXPECT_EQ(snapshot.find_server(0, address, net::Be16(5672)), 0);
    EXPECT_EQ(snapshot.find_server(1, address, net::Be16(5672)), 1);
    EXPECT_EQ(snapshot.find_server(1, address, net::Be16(5671)), Snapshot::no_server);
    EXPECT_EQ(snapshot.find_server(2, address, net::Be16(5672)), Snapshot::no_server);
    snapshot.services[1].servers.clear();  // removed; its index may still have flows
    snapshot.seal();
    EXPECT_EQ(snapshot.find_server(1, address, net::Be16(5672)), Snapshot::no_server);
}

TEST(RouterOf, IsItsAddresss) {
    Snapshot snapshot = two_services_on_one_server();
    snapshot.seal();
    EXPECT_EQ(snapshot.router_of(0), 1);
    EXPECT_EQ(snapshot.router_of(1), 0);
    snapshot.addresses.erase(snapshot.addresses.begin());
    snapshot.seal();
    EXPECT_EQ(snapshot.router_of(0), Snapshot::no_router);
}

// A worker that has no flow of a segment asks for its virtual_server only where that may matter.
TEST(GoesByClient, IsSaidOfTheAddressToo) {
    Snapshot snapshot = two_services_on_one_server();
    snapshot.services[1].persistence.timeout_ns = 1;
    snapshot.seal();
    EXPECT_FALSE(snapshot.addresses[0].goes_by_client);
    EXPECT_TRUE(snapshot.addresses[1].goes_by_client);
    snapshot.servers[0].method = flow::Method::nat;
    snapshot.services[1].present = false;
    snapshot.seal();
    EXPECT_TRUE(snapshot.addresses[0].goes_by_client);
    EXPECT_FALSE(snapshot.addresses[1].goes_by_client);
}

TEST(PortNames, AreHowAPeerIsToldOfPorts) {
    Snapshot here, there;
    here.port_names = {0x1111, 0x2222, 0x3333};
    there.port_names = {0x3333, 0x4444};
    EXPECT_EQ(here.name_of(1, 0), 0x2222);
    EXPECT_EQ(here.name_of(0, 0), 0) << "at home it may be called what it likes";
    EXPECT_EQ(here.name_of(9, 0), 0) << "the host itself";
    EXPECT_EQ(here.port_named(here.name_of(1, 0), 0), 1);
    EXPECT_EQ(there.port_named(here.name_of(2, 0), 1), 0) << "in another order";
    EXPECT_EQ(there.port_named(here.name_of(1, 0), 1), 1)
        << "there is none of that name: the VIP's";
    EXPECT_EQ(there.port_named(0, 1), 1) << "nothing is said";
}

}  // namespace
}  // namespace warren::exchange
