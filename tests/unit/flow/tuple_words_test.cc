// SPDX-License-Identifier: BSD-3-Clause
#include "flow/tuple_words.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "flow/hash.h"
#include "flow_samples.h"

namespace warren::flow {
namespace {

const net::IpAddress client4 = net::IpAddress::v4(192, 0, 2, 1);
const net::IpAddress vip4 = net::IpAddress::v4(192, 0, 2, 100);
// Their last 32 bits are those of the two above.
const net::IpAddress client6 = *net::IpAddress::parse("2001:db8::c000:201");
const net::IpAddress vip6 = *net::IpAddress::parse("2001:db8::c000:264");

Flow flow_of(const net::IpAddress& client, const net::IpAddress& vip) {
    return Flow::of_client({client, vip, net::Be16(40'000), net::Be16(5672)}, 0);
}

bool is_clients(const Flow& flow, const Tuple& tuple) {
    return in_words(tuple, [&](const auto& words) { return is_key(flow, Side::client, words); });
}

TEST(FlowAddresses, AreWhatWasSetInEitherFamily) {
    Flow flow = flow_of(client4, vip4);
    flow.set_server_address(vip6);
    flow.set_local_address(client6);
    EXPECT_EQ(flow.client_address(), client4);
    EXPECT_EQ(flow.vip(), vip4);
    EXPECT_EQ(flow.server_address(), vip6);
    EXPECT_EQ(flow.local_address(), client6);
    EXPECT_TRUE(flow.is_v4(Side::client));
    EXPECT_FALSE(flow.is_v4(Side::server));
    flow.set_server_address(vip4);
    EXPECT_FALSE(flow.is_v4(Side::server)) << "one of two";
    flow.set_local_address(client4);
    EXPECT_EQ(flow.families, Flow::all_ipv4);
    flow.set_vip(vip6);
    EXPECT_FALSE(flow.is_v4(Side::client));
    EXPECT_TRUE(flow.is_v4(Side::server));
}

TEST(IsKey, TellsFamiliesApartThatDifferInNothingElse) {
    const Flow four = flow_of(client4, vip4);
    const Flow six = flow_of(client6, vip6);
    EXPECT_TRUE(is_clients(four, four.client_tuple()));
    EXPECT_TRUE(is_clients(six, six.client_tuple()));
    EXPECT_FALSE(is_clients(six, four.client_tuple()));
    EXPECT_FALSE(is_clients(four, six.client_tuple()));
}

TEST(IsKey, LooksAtEachByte) {
    for (const Flow& flow : {flow_of(client4, vip4), flow_of(client6, vip6)}) {
        for (std::size_t byte = flow.is_v4(Side::client) ? 12 : 0; byte < 16; ++byte) {
            net::Ipv6Bytes other = flow.client_address().bytes();
            other[byte] ^= 0x40;
            Tuple tuple = flow.client_tuple();
            tuple.source = net::IpAddress::v6(other);
            EXPECT_FALSE(is_clients(flow, tuple)) << byte;
            tuple = flow.client_tuple();
            other = flow.vip().bytes();
            other[byte] ^= 0x40;
            tuple.destination = net::IpAddress::v6(other);
            EXPECT_FALSE(is_clients(flow, tuple)) << byte;
        }
        Tuple tuple = flow.client_tuple();
        tuple.source_port = net::Be16(40'001);
        EXPECT_FALSE(is_clients(flow, tuple));
        tuple = flow.client_tuple();
        tuple.destination_port = net::Be16(5671);
        EXPECT_FALSE(is_clients(flow, tuple));
    }
}

TEST(IsKey, IsOfOneSide) {
    const Flow flow = samples::flow(1);
    const auto is_of = [&](Side side, const Tuple& tuple) {
        return in_words(tuple, [&](const auto& words) { return is_key(flow, side, words); });
    };
    EXPECT_TRUE(is_of(Side::client, flow.client_tuple()));
    EXPECT_TRUE(is_of(Side::server, flow.server_tuple()));
    EXPECT_FALSE(is_of(Side::server, flow.client_tuple()));
    EXPECT_FALSE(is_of(Side::client, flow.server_tuple()));
}

// What a flow is found by when it comes or goes, without the detour over a Tuple.
TEST(WordsOfAFlow, AreThoseOfItsTuples) {
    const TupleHash hash(1, 2);
    for (const bool is_v4 : {true, false}) {
        Flow flow = samples::flow(1);
        if (!is_v4) {
            flow.set_client_address(*net::IpAddress::parse("2001:db8::1"));
            flow.set_vip(*net::IpAddress::parse("2001:db8::100"));
            flow.set_local_address(*net::IpAddress::parse("fd00::2"));
            flow.set_server_address(*net::IpAddress::parse("fd00::3"));
        }
        EXPECT_EQ(hash(flow, Side::client), hash(flow.client_tuple()));
        EXPECT_EQ(hash(flow, Side::server), hash(flow.server_tuple()));
        for (const Side to : {Side::client, Side::server}) {
            const bool is_sent = in_words(flow.sent_to(to), [&](const auto& words) {
                using Words = std::remove_cvref_t<decltype(words)>;
                const Words sent = words_sent_to<Words>(flow, to);
                constexpr std::size_t addresses = offsetof(Words, ports);
                return std::memcmp(&sent, &words, addresses) == 0 && sent.ports == words.ports;
            });
            EXPECT_TRUE(is_sent) << is_v4;
        }
    }
}

TEST(TupleHash, DependsOnEachPartOfATuple) {
    const TupleHash hash(1, 2);
    const Tuple base{client4, vip4, net::Be16(40'000), net::Be16(5672)};
    Tuple turned{vip4, client4, net::Be16(5672), net::Be16(40'000)};
    EXPECT_NE(hash(base), hash(turned));
    for (const Tuple& other : {Tuple{vip4, vip4, net::Be16(40'000), net::Be16(5672)},
                               Tuple{client4, client4, net::Be16(40'000), net::Be16(5672)},
                               Tuple{client4, vip4, net::Be16(40'001), net::Be16(5672)},
                               Tuple{client4, vip4, net::Be16(40'000), net::Be16(5671)}})
        EXPECT_NE(hash(base), hash(other));
    EXPECT_NE(hash(base), TupleHash(1, 3)(base));
}

}  // namespace
}  // namespace warren::flow
