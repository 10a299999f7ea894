// SPDX-License-Identifier: BSD-3-Clause
#include "flow/table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "flow_samples.h"

namespace warren::flow {
namespace {

TableOptions options(std::uint32_t capacity, std::uint64_t seed = 1) {
    TableOptions o;
    o.capacity = capacity;
    o.servers = 4;
    o.hash = TupleHash(seed, seed + 1);
    return o;
}

FlowTable::Hit hit(FlowIndex i, Side from) {
    return {i, from};
}

testing::AssertionResult is_hit(FlowTable::Hit got, FlowTable::Hit wanted) {
    if (got.index == wanted.index && (!wanted || got.from == wanted.from))
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << "found " << got.index << ", wanted " << wanted.index;
}

// Whatever is due is over.
std::optional<Tick> nothing_again(FlowIndex) {
    return std::nullopt;
}

TEST(FlowTable, FindsAFlowFromBothSides) {
    FlowTable table(options(10));
    const Flow f = samples::flow(1);
    const FlowIndex i = table.insert(f);
    ASSERT_NE(i, no_flow);
    EXPECT_TRUE(is_hit(table.find(f.client_tuple()), hit(i, Side::client)));
    EXPECT_TRUE(is_hit(table.find(f.server_tuple()), hit(i, Side::server)));
    EXPECT_EQ(table.size(), 1U);

    table.erase(i);
    EXPECT_FALSE(table.find(f.client_tuple()));
    EXPECT_FALSE(table.find(f.server_tuple()));
    EXPECT_EQ(table.size(), 0U);
}

TEST(FlowTable, EveryFieldOfTheTupleCounts) {
    FlowTable table(options(10));
    const Flow f = samples::flow(1);
    table.insert(f);
    for (int field = 0; field < 4; ++field) {
        Tuple t = f.client_tuple();
        if (field == 0) t.source = samples::address(1);
        if (field == 1) t.destination = samples::address(1);
        if (field == 2) t.source_port = net::Be16(1);
        if (field == 3) t.destination_port = net::Be16(1);
        EXPECT_FALSE(table.find(t)) << "field " << field;
        // Even where the tag agrees the whole tuple is compared.
        EXPECT_FALSE(table.find(t, table.hash(f.client_tuple()))) << "field " << field;
    }
}

TEST(FlowTable, OneWayMethodsHaveTheClientsKeyOnly) {
    for (const Method m : {Method::dr, Method::tun}) {
        FlowTable table(options(10));
        Flow f = samples::flow(1);
        f.method = m;
        const FlowIndex i = table.insert(f);
        EXPECT_TRUE(is_hit(table.find(f.client_tuple()), hit(i, Side::client)));
        EXPECT_FALSE(table.find(f.server_tuple()));
        table.erase(i);
        EXPECT_FALSE(table.find(f.client_tuple()));
    }
}

TEST(FlowTable, WorksWithIpv6) {
    FlowTable table(options(10));
    Flow f = samples::flow(1);
    f.set_client_address(*net::IpAddress::parse("2001:db8::1"));
    f.set_vip(*net::IpAddress::parse("2001:db8::100"));
    const FlowIndex i = table.insert(f);
    EXPECT_TRUE(is_hit(table.find(f.client_tuple()), hit(i, Side::client)));
}

TEST(FlowTable, CostsAtMost177BytesPerConnectionAt90Percent) {
    for (const std::uint32_t connections : {100'000U, 1'000'000U, 3'000'000U}) {
        const TableOptions o = options(connections / 9 * 10);
        EXPECT_LE(static_cast<double>(FlowTable::bytes_for(o)) / connections, 177.0);
    }
}

// Fills to the last record in several orders of tuples; every flow stays findable.
class Fill : public testing::TestWithParam<int> {
  protected:
    static Flow nth(int pattern, std::uint32_t n, std::mt19937_64& random) {
        Flow f = samples::flow(n);
        if (pattern == 1) {  // anything
            f.set_client_address(samples::address(static_cast<std::uint32_t>(random())));
            f.client_port = net::Be16(static_cast<std::uint16_t>(n));
        } else if (pattern == 2) {  // one port, clients in a row
            f.set_client_address(samples::address(n));
            f.client_port = net::Be16(1024);
        } else if (pattern == 3) {  // only high bits change
            f.set_client_address(samples::address(n << 12 | n >> 20));
            f.client_port = net::Be16(0);
        }
        return f;
    }
};

TEST_P(Fill, ReachesItsCapacity) {
    for (const std::uint32_t capacity : {1U, 2U, 7U, 20U, 100U, 1000U, 200'000U}) {
        std::mt19937_64 random(capacity);
        FlowTable table(options(capacity, capacity));
        std::vector<Flow> all;
        for (std::uint32_t n = 0; n < capacity; ++n) {
            all.push_back(nth(GetParam(), n, random));
            ASSERT_NE(table.insert(all.back()), no_flow) << n << " of " << capacity;
        }
        const Flow more = samples::flow(0x00ffffff);
        EXPECT_EQ(table.insert(more), no_flow);
        EXPECT_FALSE(table.find(more.client_tuple()));
        EXPECT_EQ(table.size(), capacity);
        for (const Flow& f : all) {
            const FlowTable::Hit h = table.find(f.client_tuple());
            ASSERT_TRUE(h);
            ASSERT_EQ(table[h.index].local_port, f.local_port);
            ASSERT_TRUE(is_hit(table.find(f.server_tuple()), hit(h.index, Side::server)));
        }
        table.erase(table.find(all[capacity / 2].client_tuple()).index);
        EXPECT_NE(table.insert(more), no_flow) << "an erased record is used again";
    }
}
INSTANTIATE_TEST_SUITE_P(Patterns, Fill, testing::Values(0, 1, 2, 3));

std::string key(const Tuple& t) {
    return t.source.to_string() + " " + std::to_string(t.source_port.host()) + " " +
           t.destination.to_string() + " " + std::to_string(t.destination_port.host());
}

// A churning table against std::unordered_map.
TEST(FlowTable, AgreesWithAReferenceUnderRandomOperations) {
    constexpr std::uint32_t capacity = 500;
    std::mt19937 random(7);
    FlowTable table(options(capacity));
    std::unordered_map<std::string, FlowIndex> reference;
    std::vector<std::uint32_t> live(4, 0);
    for (int round = 0; round < 200'000; ++round) {
        const Flow f = samples::flow(random() % 600);
        const std::string k = key(f.client_tuple());
        const auto known = reference.find(k);
        const FlowTable::Hit h = table.find(f.client_tuple());
        ASSERT_TRUE(is_hit(
            h, known == reference.end() ? FlowTable::Hit{} : hit(known->second, Side::client)));
        ASSERT_TRUE(is_hit(table.find(f.server_tuple()), known == reference.end()
                                                             ? FlowTable::Hit{}
                                                             : hit(h.index, Side::server)));
        if (h) {
            table.erase(h.index);
            reference.erase(known);
            --live[f.server_id];
        } else {
            const FlowIndex i = table.insert(f);
            ASSERT_EQ(i == no_flow, reference.size() == capacity);
            if (i == no_flow) continue;
            reference.emplace(k, i);
            ++live[f.server_id];
        }
        ASSERT_EQ(table.size(), reference.size());
        for (std::uint16_t s = 0; s < 4; ++s)
            ASSERT_EQ(table.servers().live(s), live[s]);
    }
}

TEST(FlowTable, ListsTheLiveFlowsOfAServerByAge) {
    FlowTable table(options(100));
    std::vector<FlowIndex> born;
    for (std::uint32_t n = 0; n < 30; ++n)
        if (const FlowIndex i = table.insert(samples::flow(n)); table[i].server_id == 1)
            born.push_back(i);
    table.erase(born.front());
    table.set_state(born[5], TcpState::closed, 5);
    born.erase(born.begin() + 5);
    born.erase(born.begin());
    std::vector<FlowIndex> met;
    for (FlowIndex i = table.servers().oldest(1); i != no_flow; i = table.servers().younger(i))
        met.push_back(i);
    EXPECT_EQ(met, born);
    for (const FlowIndex i : born)
        table.erase(i);
    EXPECT_EQ(table.servers().oldest(1), no_flow);
}

TEST(FlowTable, ListsTheLiveFlowsOfAServer) {
    FlowTable table(options(100));
    for (std::uint32_t n = 0; n < 30; ++n)
        table.insert(samples::flow(n));
    EXPECT_EQ(table.servers().live(1), 10U);

    // "Reset all flows of server 1, 4 per round."
    int rounds = 0;
    std::uint32_t reset = 0;
    while (table.servers().first(1) != no_flow) {
        ++rounds;
        for (int n = 4; n > 0; --n) {
            const FlowIndex i = table.servers().first(1);
            if (i == no_flow) break;
            EXPECT_EQ(table[i].server_id, 1);
            table.set_state(i, TcpState::dead, 5);
            ++reset;
        }
    }
    EXPECT_EQ(rounds, 3);
    EXPECT_EQ(reset, 10U);
    EXPECT_EQ(table.servers().live(1), 0U);
    EXPECT_EQ(table.servers().live(0), 10U);
    EXPECT_EQ(table.size(), 30U) << "stubs stay";
    EXPECT_TRUE(table.find(samples::flow(1).client_tuple()));

    std::uint32_t walked = 0;
    for (FlowIndex i = table.servers().first(2); i != no_flow; i = table.servers().next(i))
        ++walked;
    EXPECT_EQ(walked, 10U);
}

TEST(FlowTable, AClosingFlowIsLiveButNoLoad) {
    FlowTable table(options(10));
    const FlowIndex i = table.insert(samples::flow(1));
    for (const TcpState state : {TcpState::syn_received, TcpState::established}) {
        table.set_state(i, state, 0);
        EXPECT_EQ(table.servers().load(1), 1U);
    }
    table.set_state(i, TcpState::fin_server, 0);
    EXPECT_EQ(table.servers().load(1), 0U);
    EXPECT_EQ(table.servers().live(1), 1U);
    table.erase(i);
    EXPECT_EQ(table.servers().load(1), 0U);
}

TEST(FlowTable, KeepsTheDeadFlowsWhoseServerIsUntold) {
    FlowTable table(options(100));
    FlowIndex flows[3];
    for (std::uint32_t n = 0; n < 3; ++n)
        flows[n] = table.insert(samples::flow(n));
    EXPECT_EQ(table.servers().first_to_reset(), no_flow);
    table.set_state(flows[0], TcpState::closed, 5);
    EXPECT_EQ(table.servers().first_to_reset(), no_flow) << "its server knows";
    for (const FlowIndex i : {flows[1], flows[2]})
        table.set_state(i, TcpState::dead, 5);
    EXPECT_EQ(table.servers().first_to_reset(), flows[2]);
    table.servers().set_reset(flows[2]);
    EXPECT_EQ(table.servers().first_to_reset(), flows[1]);
    table.erase(flows[1]);
    EXPECT_EQ(table.servers().first_to_reset(), no_flow);
    table.erase(flows[2]);
    for (std::uint16_t server = 0; server < 3; ++server)
        EXPECT_EQ(table.servers().live(server), 0U);
}

TEST(FlowTable, MovesAFlowToAnotherServer) {
    FlowTable table(options(10));
    const Flow before = samples::flow(1);
    const FlowIndex i = table.insert(before);
    Flow target = before;
    target.server_id = 2;
    target.set_server_address(samples::address(0xc0a8080d));
    target.local_port = net::Be16(4711);
    ASSERT_TRUE(table.move_to_server(i, target));
    EXPECT_FALSE(table.find(before.server_tuple()));
    EXPECT_TRUE(is_hit(table.find(target.server_tuple()), hit(i, Side::server)));
    EXPECT_TRUE(is_hit(table.find(before.client_tuple()), hit(i, Side::client)));
    EXPECT_EQ(table.servers().live(1), 0U);
    EXPECT_EQ(table.servers().live(2), 1U);
    EXPECT_EQ(table.servers().load(1), 0U);
    EXPECT_EQ(table.servers().load(2), 1U);
}

// Whose answers do not come by has no tuple of the server's.
TEST(FlowTable, MovesAFlowBetweenMethods) {
    FlowTable table(options(10));
    const Flow before = samples::flow(1);
    const FlowIndex i = table.insert(before);
    Flow target = before;
    target.method = Method::dr;
    ASSERT_TRUE(table.move_to_server(i, target));
    EXPECT_FALSE(table.find(before.server_tuple()));
    EXPECT_TRUE(is_hit(table.find(before.client_tuple()), hit(i, Side::client)));
    ASSERT_TRUE(table.move_to_server(i, before));
    EXPECT_TRUE(is_hit(table.find(before.server_tuple()), hit(i, Side::server)));
    target.local_port = net::Be16(4711);
    ASSERT_TRUE(table.move_to_server(i, target));
    table.erase(i);
    EXPECT_FALSE(table.find(before.client_tuple()));
    EXPECT_FALSE(table.find(before.server_tuple()));
}

TEST(FlowTable, AgesByStateAndLastSegment) {
    struct Case {
        TcpState state;
        std::uint32_t seconds;
    };
    const Case cases[] = {
        {TcpState::syn_sent, 30},    {TcpState::syn_received, 60}, {TcpState::established, 7440},
        {TcpState::fin_client, 240}, {TcpState::fin_server, 240},  {TcpState::time_wait, 60},
        {TcpState::closed, 10},      {TcpState::dead, 60},
    };
    for (const Case& c : cases) {
        TableOptions o = options(4);
        o.start = 0xffffff00;  // the clock wraps on the way
        FlowTable table(o);
        Flow f = samples::flow(1);
        f.last_seen = o.start;
        f.state = TcpState::established;
        const FlowIndex i = table.insert(f);
        table.set_state(i, c.state, o.start + 8);
        Tick died = 0;
        for (Tick t = 0; t < ticks_of_seconds(8000) && table.size() > 0; ++t)
            table.advance(o.start + t, 64, nothing_again, [&](const Flow& gone, const Carried&) {
                died = t;
                EXPECT_EQ(gone.state, c.state);
            });
        EXPECT_EQ(table.size(), 0U);
        EXPECT_EQ(died, 8 + ticks_of_seconds(c.seconds)) << c.seconds << " s";
    }
}

TEST(FlowTable, ASegmentPostponesTheEnd) {
    FlowTable table(options(4));
    Flow f = samples::flow(1);
    f.state = TcpState::established;
    const FlowIndex i = table.insert(f);
    const Tick idle = ticks_of_seconds(7440);
    auto none = [](const Flow&, const Carried&) { FAIL(); };
    for (Tick t = 0; t <= 3 * idle; ++t) {
        if (t % (idle - 1) == 0) table[i].last_seen = t;  // all that a packet does
        table.advance(t, 64, nothing_again, none);
    }
    EXPECT_EQ(table.size(), 1U);
}

// The caller may know a reason to wait on: an unanswered SYN, a keepalive probe.
TEST(FlowTable, AFlowThatIsDueMayBeLookedAtAgainLater) {
    FlowTable table(options(4));
    table.insert(samples::flow(1));
    const Tick due = ticks_of_seconds(30);
    std::vector<Tick> asked;
    Tick now = 0;
    const auto twice_more = [&](FlowIndex) -> std::optional<Tick> {
        asked.push_back(now);
        if (asked.size() > 2) return std::nullopt;
        return now + 5;
    };
    for (; table.size() > 0 && now < 2 * due; ++now)
        table.advance(now, 64, twice_more, [](const Flow&, const Carried&) {});
    EXPECT_EQ(asked, (std::vector<Tick>{due, due + 5, due + 10}));
}

// These bytes mean something else before the SYN is answered (syn_offer.h).
TEST(FlowTable, LeavingSynSentUnansweredClearsWhatStoodInItsWords) {
    FlowTable table(options(4));
    Flow f = samples::flow(1);
    f.syn_options = 0x17;
    f.syn_sent_us = 4711;
    f.syn = {1460, 1};
    f.syn_attempts = 2;
    const FlowIndex i = table.insert(f);
    table.set_state(i, TcpState::dead, 1);
    EXPECT_EQ(table[i].resets_to_client, 0);
    EXPECT_EQ(table[i].resets_to_server, 0);
    EXPECT_EQ(table[i].next_to_client, 0U) << "our clock";
    EXPECT_EQ(table[i].ack_from_client, 0U);
}

TEST(FlowTable, AgeingIsBoundedPerCallAndCatchesUp) {
    FlowTable table(options(1000));
    for (std::uint32_t n = 0; n < 1000; ++n)
        table.insert(samples::flow(n));
    unsigned calls = 0;
    std::uint32_t gone = 0;
    while (table.size() > 0) {
        ASSERT_LT(++calls, 200U);
        EXPECT_LE(table.advance(ticks_of_seconds(31), 10, nothing_again,
                                [&](const Flow&, const Carried&) { ++gone; }),
                  10U);
    }
    EXPECT_EQ(gone, 1000U);
    EXPECT_GE(calls, 100U);
}

TEST(FlowTable, AListingMeetsEveryFlowByIndex) {
    FlowTable table(options(10));
    for (std::uint32_t n = 0; n < 5; ++n)
        table.insert(samples::flow(n));
    table.erase(2);
    std::uint32_t met = 0;
    for (FlowIndex i = 0; i < table.end_index(); ++i)
        met += table[i].state != TcpState::none;
    EXPECT_EQ(met, 4U);
}

// --- the index by itself

TEST(BucketIndex, TwentyEqualHashesFitAndTheNextIsRefused) {
    std::vector<Bucket> memory(64);
    BucketIndex index(memory);
    const std::uint64_t hash = 0x123456789abcdef0U;
    for (std::uint32_t v = 0; v < 20; ++v)
        ASSERT_TRUE(index.insert(hash, v));
    EXPECT_FALSE(index.insert(hash, 20));
    for (std::uint32_t v = 0; v < 20; ++v)
        EXPECT_EQ(index.find(hash, [v](std::uint32_t found) { return found == v; }), v);
    EXPECT_EQ(index.find(hash, [](std::uint32_t found) { return found == 20; }), BucketIndex::none);
    for (std::uint32_t v = 0; v < 20; ++v)
        index.erase(hash, v);
    for (const Bucket& b : memory) {
        EXPECT_EQ(b.overflow, 0);
        EXPECT_EQ(b.match(0), 0x3ffU);
    }
}

TEST(BucketIndex, FirstLooksIntoOneBucketAndNamesTheOther) {
    std::vector<Bucket> memory(64);
    BucketIndex index(memory);
    const std::uint64_t hash = 0x123456789abcdef0U;
    for (std::uint32_t v = 0; v < Bucket::slots; ++v)  // no room at home but under another tag
        ASSERT_TRUE(index.insert(hash ^ 1, v));
    ASSERT_TRUE(index.insert(hash, 77));
    std::vector<std::uint32_t> met;
    const auto visit = [&](std::uint32_t value) { met.push_back(value); };
    BucketIndex::Place place = index.place_of(hash);
    EXPECT_TRUE(index.first(place, visit));
    EXPECT_TRUE(met.empty());
    EXPECT_FALSE(index.first(place, visit));
    EXPECT_EQ(met, std::vector<std::uint32_t>{77});

    place = index.place_of(hash ^ 2);  // nowhere: after both buckets
    EXPECT_TRUE(index.first(place, visit));
    EXPECT_FALSE(index.first(place, visit));
    EXPECT_EQ(met.size(), 1U);
}

TEST(BucketIndex, MovesAnEntryWhenBothBucketsAreFull) {
    std::vector<Bucket> memory(64);
    BucketIndex index(memory);
    std::mt19937_64 random(3);
    std::vector<std::uint64_t> hashes;
    const std::uint64_t same_home = 5ULL << 58;
    while (hashes.size() < 40) {  // 40 entries with one home, their other buckets differ
        const std::uint64_t hash = same_home | (random() & 0xffff);
        ASSERT_TRUE(index.insert(hash, static_cast<std::uint32_t>(hashes.size())));
        hashes.push_back(hash);
    }
    for (std::uint32_t v = 0; v < hashes.size(); ++v)
        EXPECT_EQ(index.find(hashes[v], [v](std::uint32_t found) { return found == v; }), v);
    for (std::uint32_t v = 0; v < hashes.size(); ++v)
        index.erase(hashes[v], v);
    for (const Bucket& b : memory)
        EXPECT_EQ(b.overflow, 0);
}

TEST(BucketIndex, ChurnAtTheBrinkLosesNothingAndKeepsTheCounts) {
    std::vector<Bucket> memory(16);
    BucketIndex index(memory);
    std::mt19937_64 random(8);
    std::vector<std::uint64_t> in;  // value = position, erased by swapping with a new hash
    while (index.insert(random(), 0xfffffff))
        in.push_back(0);
    EXPECT_GT(in.size(), 16U * Bucket::slots * 95 / 100);
    memory.assign(16, Bucket{});

    const std::size_t kept = in.size() * 95 / 100;
    in.clear();
    for (int round = 0; round < 50'000; ++round) {
        const std::uint64_t hash = random();
        if (in.size() < kept) {
            if (index.insert(hash, static_cast<std::uint32_t>(in.size()))) in.push_back(hash);
            continue;
        }
        const auto v = static_cast<std::uint32_t>(random() % in.size());
        index.erase(in[v], v);
        in[v] = hash;
        if (!index.insert(hash, v)) {  // full: the last one takes its place
            const auto last = static_cast<std::uint32_t>(in.size() - 1);
            if (last != v) {
                index.erase(in[last], last);
                in[v] = in[last];
                ASSERT_TRUE(index.insert(in[v], v));
            }
            in.pop_back();
        }
        for (std::uint32_t i = 0; i < in.size(); i += 13)
            ASSERT_EQ(index.find(in[i], [i](std::uint32_t found) { return found == i; }), i);
    }
    for (std::uint32_t v = 0; v < in.size(); ++v)
        index.erase(in[v], v);
    for (const Bucket& b : memory)
        EXPECT_EQ(b.overflow, 0);
}

// What a lookup needs: how many flows of a 90 % full table make it touch a second bucket.
TEST(BucketIndex, FewLookupsNeedTheSecondLine) {
    std::vector<Bucket> memory(BucketIndex::buckets_for(200'000));
    BucketIndex index(memory);
    std::mt19937_64 random(3);
    for (std::uint32_t v = 0; v < 180'000; ++v)
        ASSERT_TRUE(index.insert(random(), v));
    std::uint32_t away = 0;
    for (const Bucket& b : memory)
        away += b.overflow;
    EXPECT_LT(away, 180'000U * 15 / 100);
}

// --- the hash

TEST(TupleHash, SpreadsTuplesInARow) {
    const TupleHash hash(1, 2);
    constexpr std::size_t cells = 256;
    std::vector<std::uint64_t> hashes;
    for (std::uint32_t n = 0; n < 256 * cells; ++n)
        hashes.push_back(hash(samples::flow(n).client_tuple()));
    for (const int shift : {0, 8, 24, 32, 48, 56}) {
        std::vector<int> count(cells, 0);
        for (const std::uint64_t h : hashes)
            ++count[h >> shift & (cells - 1)];
        double chi = 0;  // 255 degrees of freedom: mean 255, deviation 22.6
        for (const int c : count)
            chi += (c - 256.0) * (c - 256.0) / 256.0;
        EXPECT_LT(chi, 255 + 6 * 22.6) << "bits from " << shift;
    }
}

TEST(TupleHash, TheKeyDecidesWhatCollides) {
    const TupleHash one(1, 2);
    const TupleHash other(1, 3);
    constexpr std::uint32_t mask = 0xfff;
    std::vector<Tuple> crafted;  // tuples in one bucket of the table with key `one`
    for (std::uint32_t n = 0; crafted.size() < 64; ++n) {
        const Tuple t = samples::flow(n).client_tuple();
        if ((one(t) >> 32 & mask) == 0) crafted.push_back(t);
    }
    std::unordered_map<std::uint64_t, int> hit_count;
    int most = 0;
    for (const Tuple& t : crafted)
        most = std::max(most, ++hit_count[other(t) >> 32 & mask]);
    EXPECT_LE(most, 3);
}

TEST(TupleHash, FlippingAnyBitChangesAboutHalfOfTheHash) {
    const TupleHash hash(5, 6);
    Tuple t = samples::flow(99).client_tuple();
    const std::uint64_t before = hash(t);
    for (std::size_t bit = 0; bit < 8 * sizeof(Tuple); ++bit) {
        auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(Tuple)>>(t);
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        const int changed = std::popcount(before ^ hash(std::bit_cast<Tuple>(bytes)));
        EXPECT_GE(changed, 10) << "bit " << bit;
        EXPECT_LE(changed, 54) << "bit " << bit;
    }
}

}  // namespace
}  // namespace warren::flow
