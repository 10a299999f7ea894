// SPDX-License-Identifier: BSD-3-Clause
#include "peer/inventory.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace warren::peer {
namespace {

using exchange::ConfigDifference;
using Side = ConfigDifference::Side;
using What = ConfigDifference::What;
using sync::Fact;

const net::IpAddress shared_vip = net::IpAddress::v4(192, 168, 8, 100);
const sync::RouterKey router{shared_vip, 51};

Fact server(std::uint16_t port) {
    return {.vip = shared_vip,
            .other = net::IpAddress::v4(192, 168, 8, 11),
            .port = net::Be16(5672),
            .other_port = net::Be16(port),
            .kind = Fact::Kind::server};
}

// As many servers as that, told apart by their ports.
std::vector<Fact> servers(std::uint16_t count) {
    std::vector<Fact> facts;
    for (std::uint16_t port = 1; port <= count; ++port)
        facts.push_back(server(port));
    return facts;
}

// What whoever has `ours` finds, told all of `theirs` in parts.
std::vector<ConfigDifference> differences(const std::vector<Fact>& ours,
                                          const std::vector<Fact>& theirs) {
    std::vector<ConfigDifference> all;
    std::size_t from = 0;
    for (;;) {
        const sync::Inventory part = part_of(theirs, router, from);
        const ConfigDifference found = difference(ours, part);
        if (found.side != Side::none) all.push_back(found);
        if (part.ends) return all;
        from += part.facts.size() - 1;
    }
}

exchange::Snapshot configured() {
    exchange::Snapshot s;
    s.virtual_routers.push_back({.vrid = 51, .lease_ns = 10});
    s.addresses.push_back({.address = shared_vip, .mac = {}, .virtual_router = 0});
    exchange::Service service;
    service.present = true;
    service.address = shared_vip;
    service.port = net::Be16(5672);
    service.local_addresses = {shared_vip};
    for (std::uint8_t last : {12, 11}) {
        service.servers.push_back(static_cast<std::uint16_t>(s.servers.size()));
        exchange::Server one;
        one.address = net::IpAddress::v4(192, 168, 8, last);
        one.port = net::Be16(5672);
        one.state = exchange::ServerState::up;
        s.servers.push_back(one);
    }
    s.services.push_back(service);
    return s;
}

std::vector<Fact> facts(exchange::Snapshot s) {
    s.seal();
    return facts_of(s, 0);
}

TEST(Inventory, HasWhatMustBeAlikeInOrder) {
    const std::vector<Fact> all = facts(configured());
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].kind, Fact::Kind::address);
    EXPECT_EQ(all[1].kind, Fact::Kind::service);
    EXPECT_EQ(all[2].other.to_string(), "192.168.8.11");
    EXPECT_EQ(all[3].other.to_string(), "192.168.8.12");
    EXPECT_EQ(all[4].kind, Fact::Kind::local_address);
}

TEST(Inventory, NamesTheServerThatOneOfThemLacks) {
    exchange::Snapshot less = configured();
    less.servers[0].state = exchange::ServerState::absent;
    const ConfigDifference here = difference(facts(configured()), part_of(facts(less), router, 0));
    EXPECT_EQ(here.side, Side::ours);
    EXPECT_EQ(here.what, What::server);
    EXPECT_EQ(here.other.to_string(), "192.168.8.12");
    EXPECT_EQ(here.other_port.host(), 5672);
    EXPECT_EQ(here.vip, shared_vip);
    EXPECT_EQ(here.port.host(), 5672);
    const ConfigDifference there = difference(facts(less), part_of(facts(configured()), router, 0));
    EXPECT_EQ(there.side, Side::peers);
    EXPECT_EQ(there.other.to_string(), "192.168.8.12");
}

TEST(Inventory, NamesAMissingServiceBeforeItsServers) {
    exchange::Snapshot less = configured();
    less.services[0].present = false;
    const ConfigDifference found = difference(facts(configured()), part_of(facts(less), router, 0));
    EXPECT_EQ(found.side, Side::ours);
    EXPECT_EQ(found.what, What::service);
}

TEST(Inventory, NamesWhatBothHaveInAnotherWay) {
    exchange::Snapshot other = configured();
    other.servers[1].method = flow::Method::dr;
    const ConfigDifference found =
        difference(facts(configured()), part_of(facts(other), router, 0));
    EXPECT_EQ(found.side, Side::both);
    EXPECT_EQ(found.what, What::server);
    EXPECT_EQ(found.other.to_string(), "192.168.8.11");
}

// FNAT of one uses ports that the other's host has: after a takeover their answers are the host's.
TEST(Inventory, NamesAnAddressOnWhichTheHostsHaveOtherPorts) {
    exchange::Snapshot one = configured();
    one.addresses[0].is_hosts = true;
    one.host_ports = {32'768, 60'999};
    exchange::Snapshot other = one;
    other.host_ports = {10'000, 65'535};
    const ConfigDifference found = difference(facts(one), part_of(facts(other), router, 0));
    EXPECT_EQ(found.side, Side::both);
    EXPECT_EQ(found.what, What::local_address);
    EXPECT_EQ(found.other, shared_vip);
    EXPECT_EQ(facts(one).back().detail, 0) << "Linux's own range is that of peers who say none";
    other.addresses[0].is_hosts = one.addresses[0].is_hosts = false;
    EXPECT_EQ(difference(facts(one), part_of(facts(other), router, 0)).side, Side::none);
}

TEST(Inventory, WhatIsAlikeHasNoDifferenceInAnyPart) {
    EXPECT_TRUE(differences(servers(0), servers(0)).empty());
    EXPECT_TRUE(differences(servers(1), servers(1)).empty());
    EXPECT_TRUE(differences(servers(28), servers(28)).empty());
    EXPECT_TRUE(differences(servers(29), servers(29)).empty());
    EXPECT_TRUE(differences(servers(500), servers(500)).empty());
}

TEST(Inventory, FindsAnySingleDifferenceInItsPart) {
    const std::vector<Fact> all = servers(100);
    for (std::size_t gone = 0; gone < all.size(); ++gone) {
        std::vector<Fact> less = all;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(gone));
        for (const auto& [ours, theirs, side] :
             {std::tuple(all, less, Side::ours), std::tuple(less, all, Side::peers)}) {
            const auto found = differences(ours, theirs);
            ASSERT_FALSE(found.empty()) << gone;
            for (const ConfigDifference& one : found) {
                EXPECT_EQ(one.side, side);
                EXPECT_EQ(one.other_port, all[gone].other_port);
            }
        }
    }
}

TEST(Inventory, APartThatSaysNothingIsNoDifference) {
    sync::Inventory part;
    EXPECT_EQ(difference(servers(3), part).side, Side::none);
    part.begins = part.ends = true;
    EXPECT_EQ(difference(servers(3), part).side, Side::ours);
}

}  // namespace
}  // namespace warren::peer
