// SPDX-License-Identifier: BSD-3-Clause
// sh and mh: even by weight, the same for everybody, and what a change of servers moves.
#include "balance/slot_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "balance/client_key.h"

namespace warren::balance {
namespace slot_table_test {

using Weights = std::vector<std::uint32_t>;

std::uint64_t name_of(std::size_t server) {
    return client_key(net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(11 + server)),
                      net::Be16(5672));
}

std::vector<SlotOwner> owners_of(const Weights& weights) {
    std::vector<SlotOwner> owners;
    for (const std::uint32_t w : weights)
        owners.push_back({name_of(owners.size()), w * weight_one, w * weight_one});
    return owners;
}

std::vector<Candidate> candidates_of(const Weights& weights) {
    std::vector<Candidate> all;
    for (const std::uint32_t w : weights)
        all.push_back({static_cast<std::uint16_t>(all.size()), w * weight_one, 0});
    return all;
}

std::vector<double> shares(const SlotTable& table, std::size_t servers) {
    std::vector<double> share(servers);
    for (const std::uint16_t owner : table.slots())
        share.at(owner) += 1.0 / static_cast<double>(table.slots().size());
    return share;
}

void expect_shares(const SlotTable& table, const Weights& weights, double tolerance) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const std::vector<double> got = shares(table, weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i)
        EXPECT_NEAR(got[i], weights[i] / sum, tolerance * weights[i] / sum) << i;
}

const Weights weight_samples[] = {{1},       {1, 1},          {1, 1, 1},
                                  {1, 2, 3}, {100, 90, 1000}, {65'535, 1'000, 30'000},
                                  {5, 0, 5}, Weights(100, 7)};

// Each slot is drawn, so shares are off by some percent.
TEST(SourceHash, SlotsGoByWeight) {
    expect_shares(SlotTable::source_hash(owners_of({1, 1, 1})), {1, 1, 1}, 0.1);
    expect_shares(SlotTable::source_hash(owners_of({1, 2, 4})), {1, 2, 4}, 0.1);
    // IPVS gives the first server of weight 256 and more the whole table.
    expect_shares(SlotTable::source_hash(owners_of({300, 300})), {300, 300}, 0.1);
}

// Where each client goes, IPv4 and IPv6.
std::vector<std::size_t> servers_of_clients(const Weights& weights) {
    const auto table = SlotTable::source_hash(owners_of(weights));
    std::vector<std::size_t> all;
    for (std::uint8_t n = 0; n < 250; ++n)
        for (const net::IpAddress& address :
             {net::IpAddress::v4(192, 168, 9, n),
              net::IpAddress::v6({0x20, 1, 0x0d, 0xb8, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, n})})
            all.push_back(table.pick(candidates_of(weights), client_key(address), false).value());
    return all;
}

// down, drained and disabled are weight 0 alike; a new server had weight 0 before.
TEST(SourceHash, OnlyTheClientsOfAServerThatComesOrGoesMove) {
    for (const Weights& with : {Weights{1, 1, 1}, Weights{1, 2, 4}, Weights(20, 3)})
        for (std::size_t server = 0; server < with.size(); ++server) {
            Weights without = with;
            without[server] = 0;
            const auto there = servers_of_clients(with);
            const auto gone = servers_of_clients(without);
            for (std::size_t client = 0; client < there.size(); ++client) {
                if (there[client] == server)
                    EXPECT_NE(gone[client], server);
                else
                    EXPECT_EQ(gone[client], there[client]) << "of a living server";
            }
            EXPECT_EQ(servers_of_clients(with), there) << "who comes back has his clients again";
        }
}

TEST(SourceHash, AWeightMovesClientsToOrFromItsServerOnly) {
    const auto before = servers_of_clients({2, 2, 2});
    const auto after = servers_of_clients({2, 2, 4});
    std::size_t changed = 0;
    for (std::size_t client = 0; client < before.size(); ++client) {
        if (after[client] == before[client]) continue;
        EXPECT_EQ(after[client], 2U);
        ++changed;
    }
    // From a third of 500 to a half of them.
    EXPECT_NEAR(static_cast<double>(changed), 83, 25);
}

// 3.4: with M > 100 N slots no server's share is off by more than 1 %.
TEST(Maglev, SlotsGoByWeight) {
    for (const Weights& weights : weight_samples)
        expect_shares(SlotTable::maglev(owners_of(weights)), weights, 0.01);
}

TEST(Maglev, EqualWeightsDifferByOneSlotAtMost) {
    for (const std::size_t n : {2U, 3U, 7U, 100U, 256U}) {
        const auto table = SlotTable::maglev(owners_of(Weights(n, 1)));
        std::vector<std::size_t> count(n);
        for (const std::uint16_t owner : table.slots())
            ++count.at(owner);
        const auto [least, most] = std::minmax_element(count.begin(), count.end());
        EXPECT_LE(*most - *least, 1U) << n;
    }
}

double moved(const SlotTable& before, const SlotTable& after, std::uint16_t but) {
    std::size_t changed = 0;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < before.slots().size(); ++i) {
        if (before.slots()[i] == but || after.slots()[i] == but) continue;
        ++kept;
        changed += before.slots()[i] != after.slots()[i] ? 1 : 0;
    }
    return static_cast<double>(changed) / static_cast<double>(kept);
}

// 5.3 of the paper measures how many slots change hands beside those of the servers that failed:
// under 2 % of 65,537 while a few of 1,000 fail.
TEST(Maglev, AFailedServerMovesFewOtherClients) {
    for (const std::size_t n : {3U, 10U, 100U, 250U}) {
        Weights weights(n, 1);
        const auto before = SlotTable::maglev(owners_of(weights));
        for (const std::uint16_t failed : {std::uint16_t{0}, static_cast<std::uint16_t>(n / 2)}) {
            Weights without = weights;
            without[failed] = 0;
            const auto after = SlotTable::maglev(owners_of(without));
            EXPECT_LE(moved(before, after, failed), 0.02) << n << " servers, without " << failed;
            const Weights back = weights;
            EXPECT_TRUE(
                std::ranges::equal(SlotTable::maglev(owners_of(back)).slots(), before.slots()))
                << "who comes back has the same clients again";
        }
    }
}

TEST(Maglev, AChangedWeightMovesLittleMoreThanItMust) {
    const auto before = SlotTable::maglev(owners_of({100, 100, 100, 100}));
    const auto after = SlotTable::maglev(owners_of({100, 100, 100, 50}));
    // The one at half its weight gives away 1/4 - 1/7 of the slots.
    std::size_t changed = 0;
    for (std::size_t i = 0; i < before.slots().size(); ++i)
        changed += before.slots()[i] != after.slots()[i] ? 1 : 0;
    const double share = static_cast<double>(changed) / static_cast<double>(before.slots().size());
    EXPECT_GE(share, 1.0 / 4 - 1.0 / 7 - 0.001);
    EXPECT_LE(share, (1.0 / 4 - 1.0 / 7) * 2.5);
}

TEST(Maglev, NobodyToServeIsAnEmptyTable) {
    for (const Weights& weights : {Weights{}, Weights{0, 0}}) {
        const auto candidates = candidates_of(weights);
        EXPECT_FALSE(SlotTable::maglev(owners_of(weights)).pick(candidates, 1, true));
        EXPECT_FALSE(SlotTable::source_hash(owners_of(weights)).pick(candidates, 1, true));
    }
}

TEST(SlotTables, ClientsAreSpreadByWeight) {
    const Weights weights{4, 2, 1};
    for (const bool maglev : {false, true}) {
        const auto table = maglev ? SlotTable::maglev(owners_of(weights))
                                  : SlotTable::source_hash(owners_of(weights));
        const auto candidates = candidates_of(weights);
        std::vector<double> share(3);
        constexpr int clients = 100'000;
        for (int i = 0; i < clients; ++i) {
            const auto client =
                net::IpAddress::v4(net::Be32(0x0a000000U + static_cast<std::uint32_t>(i)));
            share.at(*table.pick(candidates, client_key(client), false)) += 1.0 / clients;
        }
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_NEAR(share[i], weights[i] / 7.0, 0.1 * weights[i] / 7.0);
    }
}

// Clients with ports of their own, as `hashed` connections are (mh-port).
TEST(SlotTables, ThirtyThousandConnectionsAreWithinFivePercentOfTheWeightsByMaglev) {
    constexpr std::uint32_t connections = 30'000;
    const Weights weights{1, 2, 4};
    const auto table = SlotTable::maglev(owners_of(weights));
    const auto candidates = candidates_of(weights);
    std::vector<double> served(weights.size());
    for (std::uint32_t i = 0; i < connections; ++i) {
        const auto client = net::IpAddress::v4(192, 168, 8, static_cast<std::uint8_t>(i % 100));
        const net::Be16 port(static_cast<std::uint16_t>(32'768 + i / 100));
        ++served.at(*table.pick(candidates, client_key(client, port), false));
    }
    for (std::size_t i = 0; i < weights.size(); ++i)
        EXPECT_NEAR(served[i] / (connections * weights[i] / 7.0), 1, 0.05);
}

// ipvsadm(8): sh-fallback "enables fallback to a different server if the selected server was
// unavailable"; without it the client is refused.
TEST(SlotTables, WithoutFallbackAFullServersClientsAreRefused) {
    const Weights weights{1, 1, 1};
    const auto table = SlotTable::maglev(owners_of(weights));
    auto candidates = candidates_of(weights);
    candidates[1].weight = 0;
    for (std::uint64_t client = 0; client < 1'000; ++client) {
        const auto all = table.pick(candidates_of(weights), mix(client), false);
        const auto strict = table.pick(candidates, mix(client), false);
        const auto kind = table.pick(candidates, mix(client), true);
        ASSERT_TRUE(kind);
        EXPECT_NE(*kind, 1U);
        EXPECT_EQ(kind, table.pick(candidates, mix(client), true)) << "always the same";
        if (*all == 1) {
            EXPECT_FALSE(strict);
        } else {
            EXPECT_EQ(strict, all);
            EXPECT_EQ(kind, all) << "the others' clients stay";
        }
    }
}

TEST(SlotTables, FallbackSpreadsAFullServersClients) {
    const Weights weights{1, 1, 1};
    const auto table = SlotTable::source_hash(owners_of(weights));
    auto candidates = candidates_of(weights);
    candidates[1].weight = 0;
    std::vector<int> moved_to(3);
    for (std::uint64_t client = 0; client < 30'000; ++client)
        if (table.pick(candidates_of(weights), mix(client), false) == 1U)
            ++moved_to.at(*table.pick(candidates, mix(client), true));
    EXPECT_EQ(moved_to[1], 0);
    EXPECT_NEAR(moved_to[0], moved_to[2], 0.1 * moved_to[0]);
}

TEST(SlotTables, TheLastServerIsFoundHoweverFewSlotsItHas) {
    const Weights weights{65'535, 65'535, 1};
    const auto table = SlotTable::maglev(owners_of(weights));
    const auto candidates = candidates_of({0, 0, 1});
    for (std::uint64_t client = 0; client < 100; ++client)
        EXPECT_EQ(table.pick(candidates, mix(client), true), 2U);
}

TEST(SlotTables, ACandidateFewerThanOwnersIsNoAccident) {
    const auto table = SlotTable::maglev(owners_of({1, 1, 1}));
    for (std::uint64_t client = 0; client < 100; ++client) {
        const auto chosen = table.pick(candidates_of({1}), mix(client), false);
        EXPECT_TRUE(!chosen || *chosen == 0U);
    }
}

// The rule about health factors: slot_table.h.
TEST(SlotTables, SmallChangesOfWeightNeedNoNewTable) {
    const auto with_factor = [](std::uint32_t factor) {
        return std::vector<SlotOwner>{{name_of(0), 10 * weight_one, 10 * weight_one},
                                      {name_of(1), 10 * factor, 10 * weight_one}};
    };
    const auto healthy = SlotTable::maglev(with_factor(256), 251);
    EXPECT_TRUE(healthy.fits(with_factor(256)));
    EXPECT_TRUE(healthy.fits(with_factor(248)));
    EXPECT_TRUE(healthy.fits(with_factor(192)));
    EXPECT_FALSE(healthy.fits(with_factor(190))) << "more than a quarter";
    EXPECT_FALSE(healthy.fits(with_factor(0))) << "takes no flows any more";
    const auto slow = SlotTable::maglev(with_factor(128), 251);
    EXPECT_TRUE(slow.fits(with_factor(160)));
    EXPECT_FALSE(slow.fits(with_factor(161)));
    EXPECT_FALSE(slow.fits(with_factor(95)));
    const auto nearly = SlotTable::maglev(with_factor(240), 251);
    EXPECT_TRUE(nearly.fits(with_factor(248)));
    EXPECT_FALSE(nearly.fits(with_factor(256))) << "healthy again: its full share again";
    auto configured = with_factor(256);
    configured[0].weight = configured[0].nominal = 11 * weight_one;
    EXPECT_FALSE(healthy.fits(configured));
    EXPECT_FALSE(healthy.fits(owners_of({10})));
    EXPECT_FALSE(healthy.fits(owners_of({10, 10, 10})));
}

// A factor that falls from 1.0 to 0.1 and comes back, 1/32 a second, needs a handful of tables.
TEST(SlotTables, AFactorOnItsWayDownAndUpNeedsFewTables) {
    const auto with_factor = [](std::uint32_t factor) {
        return std::vector<SlotOwner>{{name_of(0), weight_one, weight_one},
                                      {name_of(1), factor, weight_one}};
    };
    auto table = SlotTable::maglev(with_factor(256), 251);
    int built = 0;
    const auto at = [&](std::uint32_t factor) {
        if (table.fits(with_factor(factor))) return;
        table = SlotTable::maglev(with_factor(factor), 251);
        ++built;
    };
    for (std::uint32_t factor = 256; factor > 26; factor -= 8)
        at(factor);
    for (std::uint32_t factor = 26; factor < 256; factor += 8)
        at(factor);
    at(256);
    EXPECT_LE(built, 18);
}

TEST(ClientKey, OnlyThePortTellsTwoConnectionsOfAnAddressApart) {
    const auto v4 = *net::IpAddress::parse("10.0.0.1");
    const auto v6 = *net::IpAddress::parse("2001:db8::1");
    EXPECT_EQ(client_key(v4), client_key(v4));
    EXPECT_NE(client_key(v4), client_key(v6));
    EXPECT_NE(client_key(v4, net::Be16(1)), client_key(v4, net::Be16(2)));
    EXPECT_NE(client_key(*net::IpAddress::parse("2001:db8::1")),
              client_key(*net::IpAddress::parse("2001:db8::2")));
}

}  // namespace slot_table_test
}  // namespace warren::balance
