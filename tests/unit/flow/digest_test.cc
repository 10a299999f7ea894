// SPDX-License-Identifier: BSD-3-Clause
#include "flow/digest.h"

#include <gtest/gtest.h>

namespace warren::flow {
namespace {

constexpr SipKey digest_key{0x0706050403020100, 0x0f0e0d0c0b0a0908};

Flow flow_number(std::uint8_t last_byte) {
    Flow flow;
    flow.set_client_address(net::IpAddress::v4(10, 0, 0, last_byte));
    flow.set_vip(net::IpAddress::v4(192, 168, 8, 100));
    flow.set_server_address(net::IpAddress::v4(192, 168, 8, 11));
    flow.set_local_address(flow.vip());
    flow.client_port = net::Be16(40'000);
    flow.service_port = flow.server_port = net::Be16(5672);
    flow.local_port = net::Be16(2'000);
    flow.seq_delta = 7;
    return flow;
}

TEST(Digest, IsTheIdentitysAndNothingElses) {
    Flow flow = flow_number(1);
    const std::uint64_t before = identity_hash(digest_key, flow);
    flow.state = TcpState::fin_client;
    flow.next_to_client = 99;
    flow.server_id = 3;
    flow.last_seen = 1'000;
    EXPECT_EQ(identity_hash(digest_key, flow), before);
    flow.seq_delta = 8;
    EXPECT_NE(identity_hash(digest_key, flow), before);
    EXPECT_NE(identity_hash(digest_key, flow_number(2)), before);
    EXPECT_NE(identity_hash({digest_key[0] + 1, digest_key[1]}, flow_number(1)), before);
}

TEST(Digest, DependsOnEachPartOfBothTuples) {
    const std::uint64_t before = identity_hash(digest_key, flow_number(1));
    for (net::Be16 Flow::*port :
         {&Flow::client_port, &Flow::service_port, &Flow::server_port, &Flow::local_port}) {
        Flow flow = flow_number(1);
        flow.*port = net::Be16(1);
        EXPECT_NE(identity_hash(digest_key, flow), before);
    }
    for (void (Flow::*set_address)(const net::IpAddress&) :
         {&Flow::set_client_address, &Flow::set_vip, &Flow::set_server_address,
          &Flow::set_local_address}) {
        Flow flow = flow_number(1);
        (flow.*set_address)(net::IpAddress::v4(1, 2, 3, 4));
        EXPECT_NE(identity_hash(digest_key, flow), before);
    }
}

TEST(Digest, AnInterfaceIsItsName) {
    EXPECT_EQ(interface_hash("eth0"), 0xf095) << "on every machine";
    EXPECT_NE(interface_hash("eth0"), interface_hash("eth1"));
    EXPECT_NE(interface_hash("bond0.100"), interface_hash("bond0.101"));
    EXPECT_NE(interface_hash(""), 0);
}

TEST(Digest, SumsDoNotDependOnTheOrder) {
    FlowSum one;
    FlowSum other;
    for (std::uint8_t i = 0; i < 100; ++i)
        one.add(identity_hash(digest_key, flow_number(i)));
    for (std::uint8_t i = 100; i-- > 0;)
        other.add(identity_hash(digest_key, flow_number(i)));
    EXPECT_EQ(one, other);
    other.remove(identity_hash(digest_key, flow_number(50)));
    EXPECT_NE(one, other);
    FlowSum rest;
    rest.add(identity_hash(digest_key, flow_number(50)));
    other += rest;
    EXPECT_EQ(one, other);
}

}  // namespace
}  // namespace warren::flow
