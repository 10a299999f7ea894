// SPDX-License-Identifier: BSD-3-Clause
// The bytes of records, every family and every length.
#include "sync/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "samples.h"

namespace warren::sync {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes encoded(const Record& record) {
    Bytes bytes(encoded_bytes(record));
    EXPECT_EQ(encode(record, bytes), bytes.size());
    return bytes;
}

std::vector<Record> decoded(const Bytes& bytes, bool malformed = false) {
    std::vector<Record> records;
    RecordReader reader(bytes);
    while (const auto record = reader.next())
        records.push_back(*record);
    EXPECT_EQ(reader.malformed(), malformed);
    return records;
}

EndRecord end_of(const FlowRecord& flow) {
    return EndRecord::of(flow.identity(), EndCause::reset);
}

PersistenceRecord persistence() {
    PersistenceRecord r;
    r.clients = {samples::v4(0x0a000000), 24};
    r.vip = samples::vip;
    r.server_address = samples::v4(0xc0a8080b);
    r.service_port = net::Be16(5672);
    r.server_port = net::Be16(5673);
    r.seconds_left = 300;
    return r;
}

TEST(Record, EachFieldOfAFlowStandsInItsPlace) {
    FlowRecord flow = samples::flow(2);
    flow.method = flow::Method::nat;
    flow.state = flow::TcpState::fin_client;
    flow.flags = record_flag::proxy_pending;
    flow.client_interface = 0xf095;
    const Bytes expected = {
        0x01, 15,   0x14, 0x01, 0,    7,    0x9c, 0x40, 0x16, 0x28, 0x16, 0x29,  // to server_port
        0x04, 0x02, 0,    0,    0x01, 0x02, 0x03, 0x06, 0x11, 0x11, 0x11, 0x11,
        0x22, 0x22, 0x22, 0x22, 0x33, 0x33, 0x33, 0x33, 0x44, 0x44, 0x44, 0x44,
        2,    0,    0,    0,    0,    9,    0xf0, 0x95, 10,   0,    0,    2,  // client
        192,  168,  8,    100,  192,  168,  8,    11,   192,  168,  8,    2};
    EXPECT_EQ(encoded(flow), expected);
    EXPECT_EQ(decoded(expected), std::vector<Record>{flow});
}

TEST(Record, EachFieldOfAnEndStandsInItsPlace) {
    const Bytes expected = {0x02, 6,    1, 0, 0x9c, 0x40, 0x16, 0x28, 0x04, 0x02, 0x16, 0x29,
                            0x01, 0x02, 3, 6, 10,   0,    0,    2,    192,  168,  8,    100};
    EXPECT_EQ(encoded(end_of(samples::flow(2))), expected);
    EXPECT_EQ(decoded(expected), std::vector<Record>{end_of(samples::flow(2))});
}

TEST(Record, EachFieldOfAPersistenceStandsInItsPlace) {
    const Bytes expected = {0x03, 6, 24, 0, 0x16, 0x28, 0x16, 0x29, 0,   0,   1, 0x2c,
                            10,   0, 0,  0, 192,  168,  8,    100,  192, 168, 8, 11};
    EXPECT_EQ(encoded(persistence()), expected);
    EXPECT_EQ(decoded(expected), std::vector<Record>{persistence()});
}

TEST(Record, TakesNoMoreThanItsFamiliesNeed) {
    FlowRecord wide = samples::mixed_flow();
    wide.server_address = samples::v6(3);
    wide.local_address = samples::v6(4);
    EXPECT_EQ(encoded_bytes(samples::flow(1)), 60U);
    EXPECT_EQ(encoded_bytes(samples::mixed_flow()), 84U);
    EXPECT_EQ(encoded_bytes(wide), longest_record_bytes);
    EXPECT_EQ(encoded_bytes(end_of(samples::flow(1))), shortest_record_bytes);
    EXPECT_EQ(encoded_bytes(end_of(wide)), 48U);
}

// TUN: the local address is the client's, whatever the server's family is.
TEST(Record, KeepsFamiliesThatDifferWithinASide) {
    FlowRecord tunnelled = samples::flow(1);
    tunnelled.method = flow::Method::tun;
    tunnelled.server_address = samples::v6(3);
    tunnelled.local_address = tunnelled.client_address;
    EXPECT_EQ(decoded(encoded(tunnelled)), std::vector<Record>{tunnelled});
}

TEST(Record, EveryFamilyComesBackAsItWas) {
    for (const bool wide_client : {false, true})
        for (const bool wide_server : {false, true}) {
            FlowRecord flow = wide_client ? samples::mixed_flow() : samples::flow(1);
            PersistenceRecord person = persistence();
            if (wide_server) flow.server_address = flow.local_address = samples::v6(3);
            if (wide_server) person.server_address = samples::v6(3);
            if (wide_client) person.clients = {samples::v6(0), 64};
            if (wide_client) person.vip = samples::v6(2);
            for (const Record& record : {Record(flow), Record(end_of(flow)), Record(person)})
                EXPECT_EQ(decoded(encoded(record)), std::vector<Record>{record});
        }
}

TEST(Record, ManyFollowEachOther) {
    Bytes bytes;
    const std::vector<Record> all = {samples::flow(1), end_of(samples::flow(2)), persistence(),
                                     samples::mixed_flow()};
    for (const Record& record : all)
        std::ranges::copy(encoded(record), std::back_inserter(bytes));
    EXPECT_EQ(decoded(bytes), all);
}

TEST(Record, WhatANewerPeerAddsIsSkipped) {
    Bytes bytes = {0x0f, 2, 1, 2, 3, 4, 5, 6};  // an unknown kind of eight bytes
    Bytes longer = encoded(samples::flow(1));
    longer[1] += 2;
    longer.resize(longer.size() + 8, 0xee);
    std::ranges::copy(longer, std::back_inserter(bytes));
    std::ranges::copy(encoded(end_of(samples::flow(2))), std::back_inserter(bytes));
    EXPECT_EQ(decoded(bytes), (std::vector<Record>{samples::flow(1), end_of(samples::flow(2))}));
}

TEST(Record, EveryCutIsMalformed) {
    for (const Record& record : {Record(samples::flow(1)), Record(samples::mixed_flow()),
                                 Record(end_of(samples::flow(1))), Record(persistence())}) {
        const Bytes whole = encoded(record);
        for (std::size_t length = 1; length < whole.size(); ++length)
            EXPECT_TRUE(
                decoded({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}, true)
                    .empty());
    }
}

TEST(Record, ALengthThatCannotBeIsMalformed) {
    Bytes none = encoded(samples::flow(1));
    none[1] = 0;
    Bytes shorter = encoded(samples::flow(1));
    shorter[1] -= 1;
    EXPECT_TRUE(decoded(none, true).empty());
    EXPECT_TRUE(decoded(shorter, true).empty());
}

TEST(Record, OnlyStatesThatAreSentAreTaken) {
    for (unsigned state = 0; state < 16; ++state) {
        Bytes bytes = encoded(samples::flow(1));
        bytes[2] = static_cast<std::uint8_t>(state);
        EXPECT_EQ(decoded(bytes, state < 2 || state > 5).size(), state < 2 || state > 5 ? 0U : 1U)
            << state;
    }
}

TEST(Record, AMethodOrAPrefixThatCannotBeIsMalformed) {
    Bytes flow = encoded(samples::flow(1));
    flow[2] = 0x43;
    EXPECT_TRUE(decoded(flow, true).empty());
    Bytes person = encoded(persistence());
    person[2] = 33;
    EXPECT_TRUE(decoded(person, true).empty());
}

TEST(Record, GoesToAFlowAndBack) {
    for (const FlowRecord& record : {samples::flow(1), samples::mixed_flow()})
        EXPECT_EQ(FlowRecord::of(record.to_flow(), record.idle_s), record);
    EXPECT_EQ(FlowRecord::of(samples::flow(1).to_flow(), 70'000).idle_s, 0xffff);
}

TEST(Record, AnEndNamesItsFlowOnly) {
    const FlowRecord flow = samples::flow(1);
    FlowRecord next_life = flow;
    ++next_life.seq_delta;
    FlowRecord elsewhere = flow;
    elsewhere.local_port = net::Be16(1);
    EXPECT_TRUE(end_of(flow).names(flow.identity()));
    EXPECT_FALSE(end_of(flow).names(next_life.identity()));
    EXPECT_FALSE(end_of(flow).names(elsewhere.identity()));
    EXPECT_FALSE(end_of(flow).names(samples::flow(2).identity()));
}

TEST(Record, ItsIdentityHashesAsTheFlowDoes) {
    const flow::SipKey key{1, 2};
    const FlowRecord record = samples::mixed_flow();
    EXPECT_EQ(record.identity(), Identity::of(record.to_flow()));
    EXPECT_EQ(record.identity().hash(key), flow::identity_hash(key, record.to_flow()));
}

}  // namespace
}  // namespace warren::sync
