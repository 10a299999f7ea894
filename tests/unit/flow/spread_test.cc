// SPDX-License-Identifier: BSD-3-Clause
#include "flow/spread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "flow_samples.h"

namespace warren::flow {
namespace {

Tuple reply_over(bool ipv6) {
    if (!ipv6) return samples::flow(0).server_tuple();
    return {net::IpAddress::parse("fd00:8::b").value(),
            net::IpAddress::parse("fd00:8::64").value(),
            net::Be16(5672),
            {}};
}

class SpreadTest : public testing::TestWithParam<bool> {};

// Each worker's ports are those whose replies it owns, all workers' together are all ports.
TEST_P(SpreadTest, TheWorkersShareThePortsByTheReplysHash) {
    const net::RssKey key = Spread::key_of(3);
    for (const unsigned workers : {1U, 2U, 3U, 7U, 15U}) {
        const Spread spread(key, workers);
        std::set<std::uint16_t> all;
        for (unsigned worker = 0; worker < workers; ++worker) {
            Tuple reply = reply_over(GetParam());
            const Spread::Ports ports(spread, worker, reply);
            ASSERT_EQ(ports.count(), spread.port_count(worker));
            for (std::uint32_t i = 0; i < ports.count(); ++i) {
                reply.destination_port = net::Be16(ports.at(i));
                ASSERT_GE(ports.at(i), first_local_port);
                ASSERT_EQ(spread.owner(reply), worker);
                ASSERT_TRUE(all.insert(ports.at(i)).second) << ports.at(i) << " has two owners";
            }
        }
        EXPECT_EQ(all.size(), end_of_ports - first_local_port) << workers << " workers";
    }
}

// In that order whole ranges are passed at once; and who walks has the next ports of an entry in
// the line that brought the last one.
TEST_P(SpreadTest, PortsStandInTheOrderOfTheirBlocksEightOfAnEntryTogether) {
    const Spread spread(Spread::key_of(3), 3);
    Tuple reply = reply_over(GetParam());
    const Spread::Ports ports(spread, 1, reply);
    unsigned entry = Spread::entries;
    for (std::uint32_t i = 0; i < ports.count(); ++i) {
        if (i != 0) {
            ASSERT_LE(ports.at(i - 1) / 1024, ports.at(i) / 1024) << i;
        }
        reply.destination_port = net::Be16(ports.at(i));
        ASSERT_TRUE(i % 8 == 0 || spread.entry_of(reply) == entry) << i;
        entry = spread.entry_of(reply);
    }
}

// One server's table of ports must not serve another's replies.
TEST_P(SpreadTest, AnotherServersPortsAreOthers) {
    const Spread spread(Spread::key_of(3), 4);
    const Tuple reply = reply_over(GetParam());
    Tuple other = reply;
    other.source_port = net::Be16(5671);
    const Spread::Ports a(spread, 0, reply), b(spread, 0, other);
    std::uint32_t same = 0;
    for (std::uint32_t i = 0; i < a.count(); ++i)
        same += a.at(i) == b.at(i) ? 1 : 0;
    EXPECT_LT(same, a.count() / 2);
}

// Whoever owns the client's segments owns the replies, on a machine of any number of workers.
TEST_P(SpreadTest, PortsOfTheClientsEntryHaveItsOwnerForEveryNumberOfWorkers) {
    const net::RssKey key = Spread::key_of(3);
    Tuple reply = reply_over(GetParam());
    std::vector<Spread> spreads;
    for (unsigned workers = 1; workers <= 16; ++workers)
        spreads.emplace_back(key, workers);
    for (std::uint32_t n = 0; n < 40; ++n) {
        const Tuple at_client = samples::flow(n * 1'001).client_tuple();
        const Spread::Ports ports(spreads[0], spreads[0].entry_of(at_client), reply, {1, 2});
        for (std::uint32_t i = 0; i < ports.count(); i += 50) {
            reply.destination_port = net::Be16(ports.at(i));
            for (const Spread& spread : spreads)
                ASSERT_EQ(spread.owner(reply), spread.owner(at_client))
                    << spread.workers() << " workers";
        }
    }
}

TEST_P(SpreadTest, SharesOfAnEntryHaveNoPortInCommonAndAreAllOfIt) {
    const Spread spread(Spread::key_of(3), 3);
    const Tuple reply = reply_over(GetParam());
    for (const std::uint16_t machines : {1, 2, 3, 5}) {
        std::set<std::uint16_t> all;
        for (std::uint16_t rank = 0; rank < machines; ++rank) {
            const Spread::Ports ports(spread, 77, reply, {rank, machines});
            EXPECT_NEAR(ports.count(), Spread::ports_per_entry / machines, 1);
            for (std::uint32_t i = 0; i < ports.count(); ++i)
                ASSERT_TRUE(all.insert(ports.at(i)).second);
        }
        EXPECT_EQ(all.size(), Spread::ports_per_entry);
    }
}

// Computed by another table and from other words than a card's hash, whose low bits it must be.
TEST_P(SpreadTest, AnEntryIsTheLowBitsOfTheCardsHash) {
    const net::RssKey key = Spread::key_of(3);
    const Spread spread(key, 5);
    const net::RssTable<std::uint32_t> card(key);
    Tuple reply = reply_over(GetParam());
    for (std::uint32_t port = 0; port < end_of_ports; port += 251) {
        reply.destination_port = net::Be16(static_cast<std::uint16_t>(port));
        const std::uint32_t hash =
            card.tuple(reply.source, reply.destination, reply.source_port, reply.destination_port);
        ASSERT_EQ(spread.entry_of(reply), hash % Spread::entries);
        ASSERT_EQ(spread.owner(reply), hash % Spread::entries % 5);
    }
}

INSTANTIATE_TEST_SUITE_P(Families, SpreadTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "Ipv6" : "Ipv4"; });

TEST(Spread, ClientsReachTheWorkersEvenly) {
    constexpr unsigned workers = 4, clients = 40'000;
    const Spread spread(Spread::key_of(9), workers);
    std::array<unsigned, workers> flows{}, by_client{};
    for (std::uint32_t n = 0; n < clients; ++n) {
        const Flow f = samples::flow(n);
        ++flows.at(spread.owner(f.client_tuple()));
        ++by_client.at(spread.owner_of_client(f.client_address(), f.client_port));
    }
    for (const auto& counts : {flows, by_client}) {
        EXPECT_GT(*std::min_element(counts.begin(), counts.end()), clients / workers * 9 / 10);
        EXPECT_LT(*std::max_element(counts.begin(), counts.end()), clients / workers * 11 / 10);
    }
}

TEST(Spread, EverySeedGivesAUsableKeyOfItsOwn) {
    std::set<net::RssKey> keys;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        keys.insert(Spread::key_of(seed));
        const Spread spread(Spread::key_of(seed), 2);  // asserts that the ports spread evenly
        EXPECT_EQ(spread.port_count(0) + spread.port_count(1), end_of_ports - first_local_port);
    }
    EXPECT_EQ(keys.size(), 200U);
}

}  // namespace
}  // namespace warren::flow
