// SPDX-License-Identifier: BSD-3-Clause
#include "sync/message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "samples.h"

namespace warren::sync {
namespace {

using Bytes = std::vector<std::uint8_t>;

const RouterKey router{samples::vip, 51};
const Bytes router_bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 8, 100, 51};

Bytes bytes_of(const Payload& payload) {
    return {payload.view().begin(), payload.view().end()};
}

Bytes joined(const Bytes& a, const Bytes& b, const Bytes& c = {}) {
    Bytes all = a;
    all.insert(all.end(), b.begin(), b.end());
    all.insert(all.end(), c.begin(), c.end());
    return all;
}

Hello hello() {
    Hello hello;
    hello.lowest_version = 1;
    hello.highest_version = 3;
    hello.capacity = 0x01020304;
    hello.routers.push({{router, Role::master, true, 0x1112131415161718}, 7});
    return hello;
}

// Whatever reads `bytes` refuses each of its beginnings.
template <typename Read>
void refuses_every_cut(const Bytes& bytes, Read read) {
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(read(net::ConstBytes(bytes).first(length)).has_value()) << length;
    EXPECT_TRUE(read(net::ConstBytes(bytes)).has_value());
}

TEST(Message, AHellosBytes) {
    const Bytes expected = joined({1, 3, 1, 7, 1, 2, 3, 4}, router_bytes,
                                  {2, 1, 7, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18});
    EXPECT_EQ(bytes_of(encode(hello())), expected);
    const auto read = hello_at(expected);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->highest_version, 3);
    EXPECT_EQ(read->capacity, 0x01020304U);
    EXPECT_TRUE(std::ranges::equal(read->routers, hello().routers));
    refuses_every_cut(expected, hello_at);
}

TEST(Message, ANewerPeersEntriesMayBeLonger) {
    Bytes bytes = joined({1, 3, 2, 8, 1, 2, 3, 4}, {});
    for (int i = 0; i < 2; ++i)
        bytes = joined(bytes, joined(router_bytes, {2, 1, 7, 1, 2, 3, 4, 5, 6, 7, 8}),
                       {0xee, 0xee, 0xee, 0xee});
    const auto read = hello_at(bytes);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->routers.size(), 2U);
    EXPECT_EQ(read->routers.begin()[1].router.key, router);
    bytes[3] = 6;
    EXPECT_FALSE(hello_at(bytes));
}

TEST(Message, MoreRoutersThanThereCanBeAreMalformed) {
    Bytes bytes = {1, 1, max_routers + 1, 7, 0, 0, 0, 0};
    bytes.resize(2'000);
    EXPECT_FALSE(hello_at(bytes));
    bytes[2] = max_routers;
    EXPECT_TRUE(hello_at(bytes));
}

TEST(Message, ADigestsBytes) {
    Digest digest;
    digest.sums.push({router, {0x0102030405060708, 9}});
    const Bytes expected = joined({1, 9, 0, 0}, joined(router_bytes, {0, 0, 0}),
                                  {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9});
    EXPECT_EQ(bytes_of(encode(digest)), expected);
    const auto read = digest_at(expected);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sums.begin()->flows, digest.sums.begin()->flows);
    refuses_every_cut(expected, digest_at);
}

TEST(Message, ABulkMarksBytes) {
    const Bytes expected =
        joined(joined(router_bytes, {0, 0, 0}), {0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 1, 0});
    EXPECT_EQ(bytes_of(encode(BulkMark{router, 5, 256})), expected);
    const auto read = bulk_mark_at(expected);
    EXPECT_TRUE(read && read->router == router && read->id == 5 && read->count == 256);
    refuses_every_cut(expected, bulk_mark_at);
}

TEST(Message, ATakeOversBytes) {
    Bytes bytes = joined(router_bytes, {2, 0, 0, 0, 0, 0, 9});
    EXPECT_EQ(bytes_of(encode(TakeOver{router, TakeOver::Step::decline, 9})), bytes);
    const auto read = take_over_at(bytes);
    EXPECT_TRUE(read && read->step == TakeOver::Step::decline && read->ticket == 9);
    refuses_every_cut(bytes, take_over_at);
    bytes[17] = 3;
    EXPECT_FALSE(take_over_at(bytes));
}

TEST(Message, AnInventorysBytes) {
    Inventory inventory;
    inventory.router = router;
    inventory.ends = true;
    inventory.facts.push({.vip = samples::vip,
                          .other = samples::v4(0xc0a8080b),
                          .port = net::Be16(5672),
                          .other_port = net::Be16(5671),
                          .kind = Fact::Kind::server,
                          .detail = 3});
    const Bytes vip_bytes(router_bytes.begin(), router_bytes.end() - 1);
    const Bytes bytes = joined(
        joined({1, 10, 2, 0}, router_bytes, {0, 0, 0}), vip_bytes,
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 8, 11, 22, 40, 22, 39, 0, 2, 0, 3});
    EXPECT_EQ(bytes_of(encode(inventory)), bytes);
    const auto read = inventory_at(bytes);
    ASSERT_TRUE(read && read->facts.size() == 1);
    EXPECT_EQ(*read->facts.begin(), *inventory.facts.begin());
    EXPECT_EQ(read->router, router);
    EXPECT_TRUE(read->ends && !read->begins);
    refuses_every_cut(bytes, inventory_at);
    Bytes too_many(24 + 29 * 40);
    too_many[0] = 29;
    too_many[1] = 10;
    EXPECT_FALSE(inventory_at(too_many));
}

TEST(Message, AnAcksBytes) {
    Ack ack;
    ack.highest = 300;
    for (const std::uint64_t sequence : {299U, 290U, 44U})
        ack.add(sequence);
    const Bytes bytes = bytes_of(encode(ack));
    ASSERT_EQ(bytes.size(), 40U);
    EXPECT_EQ(bytes[8], 0x01);
    EXPECT_EQ(bytes[9], 0x02);
    EXPECT_EQ(bytes[39], 0x80);
    EXPECT_EQ(ack_at(bytes)->map, ack.map);
    refuses_every_cut(bytes, ack_at);
}

TEST(Message, AnAckSaysWhoWasOvertakenByThree) {
    Ack ack;
    ack.highest = 10;
    EXPECT_EQ(ack.third(), 0U);
    ack.add(8);
    EXPECT_EQ(ack.third(), 0U);
    ack.add(3);
    EXPECT_EQ(ack.third(), 3U);
    ack.add(7);
    EXPECT_EQ(ack.third(), 7U);
}

}  // namespace
}  // namespace warren::sync
