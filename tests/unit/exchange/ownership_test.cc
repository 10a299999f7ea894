// SPDX-License-Identifier: BSD-3-Clause
// Ownership is a lease that ends by itself, snapshots find their addresses, counters are read
// whole.
#include "exchange/ownership.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "exchange/counters.h"
#include "exchange/snapshot.h"

namespace warren::exchange {
namespace {

constexpr std::uint64_t lease_ns = 3'000'000'000;

bool owns_at(const Ownership& ownership, std::size_t router, std::uint64_t now_ns) {
    OwnershipView view;
    ownership.read(view, max_virtual_routers, now_ns);
    return view.owns(router, lease_ns);
}

TEST(Ownership, EachRouterHasItsOwnBit) {
    Ownership ownership;
    ownership.beat(1);
    for (const std::size_t router :
         {std::size_t{0}, std::size_t{63}, std::size_t{64}, max_virtual_routers - 1}) {
        ownership.set(router, true);
        for (std::size_t other = 0; other < max_virtual_routers; ++other)
            ASSERT_EQ(other == router, owns_at(ownership, other, 1)) << router << ' ' << other;
        ownership.set(router, false);
        EXPECT_FALSE(owns_at(ownership, router, 1));
    }
}

TEST(Ownership, EndsByItselfWhenTheHeartbeatIsTooOld) {
    constexpr std::uint64_t beat = 5'000'000'000;
    Ownership ownership;
    ownership.set(3, true);
    ownership.beat(beat);
    EXPECT_TRUE(owns_at(ownership, 3, beat));
    EXPECT_TRUE(owns_at(ownership, 3, beat + lease_ns - 1));
    EXPECT_FALSE(owns_at(ownership, 3, beat + lease_ns));
    EXPECT_TRUE(owns_at(ownership, 3, beat - 1))
        << "a beat after the worker read its clock is young";
    ownership.beat(beat + lease_ns);
    EXPECT_TRUE(owns_at(ownership, 3, beat + lease_ns));
}

TEST(Ownership, AnOfferIsOfOneRouterAndEachNewOneIsKnownAsNew) {
    Ownership ownership;
    OwnershipView view;
    ownership.read(view, max_virtual_routers, 1);
    EXPECT_FALSE(view.has_offers);
    ownership.offer(65, true);
    ownership.offer(65, true);
    ownership.read(view, max_virtual_routers, 1);
    EXPECT_TRUE(view.has_offers);
    EXPECT_TRUE(view.is_offered(65));
    EXPECT_FALSE(view.is_offered(1));
    const std::uint32_t first = view.offers_begun;
    ownership.offer(1, true);
    ownership.offer(65, false);
    ownership.read(view, max_virtual_routers, 1);
    EXPECT_NE(view.offers_begun, first);
    EXPECT_TRUE(view.is_offered(1));
    EXPECT_FALSE(view.is_offered(65));
    ownership.offer(1, false);
    ownership.offer(2, false);
    ownership.read(view, max_virtual_routers, 1);
    EXPECT_FALSE(view.has_offers);
}

// Bit and heartbeat are set in this order: whoever sees the new heartbeat sees the bit as well.
TEST(Ownership, AReaderNeverSeesAFreshHeartbeatWithAnOldBit) {
    constexpr std::uint64_t rounds = 20'000;
    Ownership ownership;
    std::thread control([&ownership] {
        for (std::uint64_t i = 1; i <= rounds; ++i) {
            if (i == rounds / 2) ownership.set(5, true);
            ownership.beat(i);
        }
    });
    std::uint64_t wrong = 0;
    OwnershipView view;
    while (view.heartbeat_ns < rounds) {
        ownership.read(view, 64, 0);
        wrong += view.heartbeat_ns >= rounds / 2 && !view.owns(5, lease_ns);
    }
    control.join();
    EXPECT_EQ(0U, wrong);
}

TEST(Counters, AreReadWholeWhileTheirWriterAdds) {
    constexpr std::uint64_t step = 0x1'0000'0001;  // both halves change
    Counter counter;
    std::thread writer([&counter] {
        for (unsigned i = 0; i < 50'000; ++i)
            counter.add(step);
    });
    std::uint64_t last = 0;
    std::uint64_t wrong = 0;
    while (last < 50'000 * step) {
        const std::uint64_t value = counter.value();
        wrong += value % step != 0 || value < last;
        last = value;
    }
    writer.join();
    EXPECT_EQ(0U, wrong);
}

TEST(Counters, EachReasonOfADropHasANameOfItsOwn) {
    const std::set<std::string_view> names(drop_names.begin(), drop_names.end());
    EXPECT_EQ(drop_count, names.size());
    EXPECT_FALSE(names.contains(""));
    EXPECT_EQ("tx_full", name_of(Drop::tx_full));
}

TEST(Snapshot, FindsEachAddressAndServiceAndNoOther) {
    Snapshot snapshot;
    for (int i = 0; i < 200; ++i)
        snapshot.addresses.push_back(
            {net::IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(i)), {}, 0, 0});
    for (int i = 0; i < 200; ++i) {
        Service service;
        service.present = i % 2 == 0;
        service.address = snapshot.addresses[static_cast<std::size_t>(i)].address;
        service.port = net::Be16(5672);
        snapshot.services.push_back(service);
    }
    snapshot.seal();
    for (std::size_t i = 0; i < 200; ++i) {
        const net::IpAddress address = snapshot.addresses[i].address;
        EXPECT_EQ(&snapshot.addresses[i], snapshot.find_address(address));
        EXPECT_EQ(i % 2 == 0 ? i : Snapshot::no_service,
                  snapshot.find_service(address, net::Be16(5672)));
        EXPECT_EQ(Snapshot::no_service, snapshot.find_service(address, net::Be16(5673)));
    }
    EXPECT_EQ(nullptr, snapshot.find_address(net::IpAddress::v4(10, 0, 1, 0)));
}

// Two services on one local address: neither port may become a local port.
TEST(Snapshot, ReservesServicePortsOnSharedLocalAddresses) {
    const net::IpAddress vip = net::IpAddress::v4(192, 168, 8, 100);
    Snapshot snapshot;
    for (const std::uint16_t port : {5672, 15672}) {
        Service service;
        service.present = true;
        service.address = vip;
        service.port = net::Be16(port);
        service.local_addresses = {vip};
        snapshot.services.push_back(service);
    }
    snapshot.seal();
    EXPECT_EQ((std::vector<std::uint16_t>{5672, 15672}), snapshot.services[0].reserved_ports);
}

}  // namespace
}  // namespace warren::exchange
