// SPDX-License-Identifier: BSD-3-Clause
#include "flow/local_ports.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

#include "flow_samples.h"

namespace warren::flow {
namespace {

constexpr std::uint32_t port_count = end_of_ports - first_local_port;

class LocalPortsTest : public testing::Test {
  protected:
    LocalPortsTest() : table_(options()) {}

    static TableOptions options() {
        TableOptions o;
        o.capacity = 70'000;
        o.servers = 1;
        return o;
    }
    // Occupies a port towards the server of samples::flow(0).
    FlowIndex occupy(std::uint32_t port, TcpState state = TcpState::established) {
        Flow f = samples::flow(0);
        f.client_port = net::Be16(static_cast<std::uint16_t>(port));
        f.local_port = f.client_port;
        f.state = state;
        return table_.insert(f);
    }
    void occupy_all_but(const std::set<std::uint32_t>& free) {
        for (std::uint32_t p = first_local_port; p < end_of_ports; ++p)
            if (free.count(p) == 0 && occupy(p) == no_flow) FAIL() << "the table is too small";
    }
    FlowIndex holder_of(std::uint16_t port) const {
        Tuple reply = samples::flow(0).server_tuple();
        reply.destination_port = net::Be16(port);
        return table_.find(reply).index;
    }
    // The port that comes nth in the walk.
    std::uint16_t nth(std::uint32_t n) const {
        return Spread::Ports(spread_, 0, samples::flow(0).server_tuple()).at(n);
    }
    PortChoice pick(const ExcludedPorts& excluded = {}) {
        return ports_.pick(table_, 0, samples::flow(0).server_tuple(), excluded, now_);
    }

    FlowTable table_;
    Spread spread_{Spread::key_of(1), 1};
    LocalPorts ports_{0, spread_, 0, 1};
    Tick now_ = 0;
};

// The host's own connections are numbered from such a range.
TEST_F(LocalPortsTest, ARangeIsLeftOut) {
    const ExcludedPorts excluded{.range = {32'768, 60'999}};
    std::set<std::uint16_t> seen;
    for (std::uint32_t i = 0; i < port_count - excluded.range.size(); ++i) {
        const PortChoice choice = pick(excluded);
        ASSERT_EQ(choice.verdict, PortVerdict::free);
        ASSERT_FALSE(excluded.range.contains(choice.port));
        ASSERT_NE(occupy(choice.port), no_flow);
        ASSERT_TRUE(seen.insert(choice.port).second);
    }
    EXPECT_EQ(pick(excluded).verdict, PortVerdict::no_port);
    EXPECT_EQ(pick({.range = {1, 65'535}}).verdict, PortVerdict::no_port);
    ++now_;
    EXPECT_TRUE(excluded.range.contains(pick().port));
}

// Short connections, one after another: where the host's range lies each has a port that has rested
// as long as everywhere else, and none has that of its predecessor.
TEST_F(LocalPortsTest, ARangeMakesNoPortRestLess) {
    for (const PortRange range : {PortRange{32'768, 60'999}, PortRange{1'024, 60'000},
                                  PortRange{10'000, 65'535}, PortRange{5'000, 5'003}}) {
        ports_ = LocalPorts(0, spread_, 0, 1);
        const ExcludedPorts excluded{.range = range};
        const std::uint32_t first = std::max<std::uint32_t>(range.first, first_local_port);
        const std::uint32_t usable = port_count - (range.last - first + 1U);
        std::set<std::uint16_t> seen;
        for (std::uint32_t i = 0; i < usable; ++i) {
            const PortChoice choice = pick(excluded);
            ASSERT_TRUE(seen.insert(choice.port).second) << i << " of " << usable;
            table_.erase(occupy(choice.port));
        }
    }
}

TEST_F(LocalPortsTest, EachPortRestsUntilAllOthersHaveServed) {
    std::set<std::uint16_t> seen;
    for (std::uint32_t i = 0; i < port_count; ++i)
        ASSERT_TRUE(seen.insert(pick().port).second);
    EXPECT_EQ(pick().port, nth(0)) << "round and round";
}

TEST_F(LocalPortsTest, WhereItStartsIsRandom) {
    LocalPorts other(4711, spread_, 0, 1);
    EXPECT_EQ(other.pick(table_, 0, samples::flow(0).server_tuple(), {}, 0).port, nth(4711));
}

TEST_F(LocalPortsTest, SkipsUsedAndExcludedPorts) {
    occupy(nth(0));
    occupy(nth(2));
    const std::array<std::uint16_t, 1> excluded{nth(1)};
    const PortChoice choice = pick({.some = excluded});
    EXPECT_EQ(choice.verdict, PortVerdict::free);
    EXPECT_EQ(choice.port, nth(3));
}

TEST_F(LocalPortsTest, AnotherServersPortIsFreeForThisOne) {
    Flow other = samples::flow(0);
    other.set_server_address(samples::address(1));
    other.local_port = net::Be16(nth(0));
    table_.insert(other);
    EXPECT_EQ(pick().port, nth(0));
}

TEST_F(LocalPortsTest, RecyclesAClosedFlowWhereNoPortNearbyIsFree) {
    const FlowIndex old = occupy(nth(6), TcpState::time_wait);
    for (std::uint32_t n = 0; n < 6; ++n)
        occupy(nth(n));
    EXPECT_EQ(pick().port, nth(7)) << "a free one is preferred";

    for (std::uint32_t n = 7; n < 200; ++n)
        occupy(nth(n));
    ports_ = LocalPorts(0, spread_, 0, 1);
    const PortChoice choice = pick();
    EXPECT_EQ(choice.verdict, PortVerdict::recycled);
    EXPECT_EQ(choice.port, nth(6));
    EXPECT_EQ(choice.old_flow, old);
}

// A burst of reconnecting clients occupies thousands of ports in a row for days.
TEST_F(LocalPortsTest, ALongRunOfLongLivedFlowsRefusesNobody) {
    for (std::uint32_t n = 0; n < 40'000; ++n)
        ASSERT_NE(occupy(nth(n)), no_flow);
    for (int i = 0; i < 20'000; ++i) {
        const PortChoice choice = pick();
        ASSERT_EQ(choice.verdict, PortVerdict::free) << i;
        ASSERT_NE(occupy(choice.port), no_flow);
    }
}

// Short connections beside them: the port of the one before may have segments under way.
TEST_F(LocalPortsTest, BesideALongRunNoPortIsUsedAgainAtOnce) {
    for (std::uint32_t n = 0; n < 30'000; ++n)
        ASSERT_NE(occupy(nth(n)), no_flow);
    std::set<std::uint16_t> seen;
    for (int i = 0; i < 30'000 / 64; ++i) {  // so long the walk is in the run
        const PortChoice choice = pick();
        ASSERT_TRUE(seen.insert(choice.port).second) << i;
        table_.erase(occupy(choice.port));
    }
}

// From 99 % on up to the very last port, whichever they are.
TEST_F(LocalPortsTest, EveryFreePortIsFound) {
    std::mt19937 random(7);
    std::set<std::uint32_t> free;
    while (free.size() < port_count / 100)
        free.insert(first_local_port + random() % port_count);
    occupy_all_but(free);
    for (std::size_t left = free.size(); left > 0; --left) {
        const PortChoice choice = pick();
        ASSERT_EQ(choice.verdict, PortVerdict::free) << left << " are left";
        ASSERT_EQ(free.erase(choice.port), 1U);
        ASSERT_NE(occupy(choice.port), no_flow);
    }
    EXPECT_EQ(pick().verdict, PortVerdict::no_port);
}

TEST_F(LocalPortsTest, TheSameWithManyWorkers) {
    const Spread spread(Spread::key_of(2), 7);
    const Spread::Ports set(spread, 5, samples::flow(0).server_tuple());
    ports_ = LocalPorts(1, spread, 5, 1);
    for (std::uint32_t i = 0; i < set.count(); ++i)
        if (i % 3000 != 17) occupy(set.at(i));
    for (std::uint32_t i = 17; i < set.count(); i += 3000) {
        const PortChoice choice = pick();
        ASSERT_EQ(choice.verdict, PortVerdict::free);
        Tuple reply = samples::flow(0).server_tuple();
        reply.destination_port = net::Be16(choice.port);
        ASSERT_EQ(spread.owner(reply), 5U);
        occupy(choice.port);
    }
    EXPECT_EQ(pick().verdict, PortVerdict::no_port);
}

// While all are taken a flood of SYNs must not cost a search each; a port that is given back is
// found at once, and any other in the next tick.
TEST_F(LocalPortsTest, AFullSetIsSearchedOncePerTick) {
    occupy_all_but({});
    EXPECT_EQ(pick().verdict, PortVerdict::no_port);
    table_.erase(holder_of(40'000));
    EXPECT_EQ(pick().port, 40'000) << "its server's last";
    occupy(40'000);
    for (const std::uint16_t port : {50'000, 50'001})
        table_.set_state(holder_of(port), TcpState::closed, 0);
    EXPECT_EQ(pick().old_flow, holder_of(50'001));
    table_.erase(holder_of(50'001));
    occupy(50'001);
    ++now_;
    EXPECT_EQ(pick().old_flow, holder_of(50'000));
}

// Nobody's SYN may keep a port from a client, but anything else that is free comes first.
TEST_F(LocalPortsTest, AHalfOpenFlowGivesUpItsPortWhereNoneIsFree) {
    occupy_all_but({40'000, 50'000});
    occupy(40'000, TcpState::syn_received);
    EXPECT_EQ(pick().port, 50'000);
    occupy(50'000);
    const PortChoice choice = pick();
    EXPECT_EQ(choice.verdict, PortVerdict::recycled);
    EXPECT_EQ(choice.old_flow, holder_of(40'000));
}

// In a flood the ports go round: the next one is the oldest, and no search is made.
TEST_F(LocalPortsTest, InAFloodTheOldestHalfOpenFlowsPortIsNext) {
    for (std::uint32_t n = 0; n < 20'000; ++n)
        occupy(nth(n), TcpState::syn_sent);
    ASSERT_TRUE(table_.half_open().is_crowded());
    const PortChoice choice = pick();
    EXPECT_EQ(choice.verdict, PortVerdict::recycled);
    EXPECT_EQ(choice.port, nth(0));
    EXPECT_EQ(pick().port, nth(1));
}

// The share of the client's entry goes first, then the others', then any port of the worker.
TEST_F(LocalPortsTest, AShareIsUsedUpBeforeItSpills) {
    constexpr unsigned entry = 9;
    const Tuple reply = samples::flow(0).server_tuple();
    const auto share_of = [&](std::uint16_t rank) {
        const Spread::Ports ports(spread_, entry, reply, {rank, 2});
        std::set<std::uint16_t> all;
        for (std::uint32_t i = 0; i < ports.count(); ++i)
            all.insert(ports.at(i));
        return all;
    };
    ports_ = LocalPorts(3, spread_, 0, 1, {1, 2});
    const auto take_all = [&](std::set<std::uint16_t> expected, bool spilled) {
        while (!expected.empty()) {
            const PortChoice choice = ports_.pick(table_, 0, reply, {}, ++now_, entry);
            ASSERT_EQ(choice.verdict, PortVerdict::free);
            ASSERT_EQ(choice.is_spilled, spilled);
            ASSERT_EQ(expected.erase(choice.port), 1U) << choice.port;
            ASSERT_NE(occupy(choice.port), no_flow);
        }
    };
    take_all(share_of(1), false);
    take_all(share_of(0), true);
    const PortChoice other = ports_.pick(table_, 0, reply, {}, ++now_, entry);
    EXPECT_EQ(other.verdict, PortVerdict::free);
    EXPECT_TRUE(other.is_spilled);
    table_.erase(holder_of(*share_of(1).begin()));
    EXPECT_TRUE(ports_.pick(table_, 0, reply, {}, now_, entry).is_spilled)
        << "not looked through again in the same tick";
    EXPECT_FALSE(ports_.pick(table_, 0, reply, {}, ++now_, entry).is_spilled);
}

TEST_F(LocalPortsTest, EachPortOfAShareRestsUntilAllOthersHaveServed) {
    constexpr unsigned entry = 9;
    const Tuple reply = samples::flow(0).server_tuple();
    std::vector<std::uint16_t> order;
    for (std::uint32_t i = 0; i < Spread::ports_per_entry; ++i)
        order.push_back(ports_.pick(table_, 0, reply, {}, now_, entry).port);
    EXPECT_EQ(std::set<std::uint16_t>(order.begin(), order.end()).size(), order.size());
    EXPECT_EQ(ports_.pick(table_, 0, reply, {}, now_, entry).port, order[0]);
}

// What is handed to a worker is served there, though the client's entry is another one's.
TEST_F(LocalPortsTest, AnotherWorkersEntryIsNone) {
    const Spread spread(Spread::key_of(2), 2);
    ports_ = LocalPorts(1, spread, 1, 1);
    const PortChoice choice = ports_.pick(table_, 0, samples::flow(0).server_tuple(), {}, now_, 4);
    Tuple reply = samples::flow(0).server_tuple();
    reply.destination_port = net::Be16(choice.port);
    EXPECT_EQ(spread.owner(reply), 1U);
    EXPECT_FALSE(choice.is_spilled);
}

}  // namespace
}  // namespace warren::flow
