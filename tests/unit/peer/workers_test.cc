// SPDX-License-Identifier: BSD-3-Clause
#include "peer/workers.h"

#include <gtest/gtest.h>

#include "flow/flow.h"

namespace warren::peer {
namespace {

using exchange::SyncCommand;

flow::Flow fnat_flow(std::uint16_t client_port) {
    flow::Flow flow;
    flow.set_client_address(net::IpAddress::v4(10, 0, 0, 1));
    flow.set_vip(net::IpAddress::v4(192, 168, 8, 100));
    flow.set_local_address(net::IpAddress::v4(192, 168, 8, 100));
    flow.set_server_address(net::IpAddress::v4(192, 168, 8, 11));
    flow.client_port = net::Be16(client_port);
    flow.service_port = flow.server_port = net::Be16(5672);
    flow.local_port = net::Be16(2'000);
    flow.state = flow::TcpState::established;
    return flow;
}

TEST(Placement, IsWhereItsSegmentsCome) {
    const flow::Spread spread(flow::Spread::key_of(3), 4);
    exchange::Service service;
    for (std::uint16_t port = 40'000; port < 40'050; ++port) {
        flow::Flow flow = fnat_flow(port);
        Placement place = placement_of(flow, service, spread);
        EXPECT_EQ(place.owner, spread.owner(flow.server_tuple()));
        EXPECT_EQ(place.client, spread.owner(flow.client_tuple()));
        flow.method = flow::Method::dr;
        place = placement_of(flow, service, spread);
        EXPECT_EQ(place.owner, spread.owner(flow.client_tuple()));
        EXPECT_EQ(place.client, place.owner);
        service.has_nat = true;
        flow.method = flow::Method::nat;
        place = placement_of(flow, service, spread);
        EXPECT_EQ(place.owner, spread.owner_of_client(flow.client_address(), flow.client_port));
        service.has_nat = false;
    }
}

TEST(Placement, OfAPersistentServiceGoesByTheGroup) {
    const flow::Spread spread(flow::Spread::key_of(3), 4);
    exchange::Service service;
    service.persistence = {.timeout_ns = 1, .prefix_length = 24};
    const Placement place = placement_of(fnat_flow(40'000), service, spread);
    EXPECT_EQ(place.client, spread.owner_of_client(net::IpAddress::v4(10, 0, 0, 0), net::Be16(0)));
}

TEST(Workers, GetAFlowAndASignpostWhereItsClientComesIn) {
    exchange::Exchange exchange(4, true);
    const flow::Spread spread(flow::Spread::key_of(3), 4);
    Workers workers(exchange, spread);
    exchange::Service service;
    unsigned signposts = 0;
    for (std::uint16_t port = 40'000; port < 40'050; ++port) {
        const flow::Flow flow = fnat_flow(port);
        const Placement place = placement_of(flow, service, spread);
        sync::FlowRecord record = sync::FlowRecord::of(flow, 9);
        record.client_interface = 0xbeef;
        ASSERT_TRUE(workers.install(record, service, true));
        SyncCommand command;
        ASSERT_TRUE(workers.link(place.owner).commands.pop(command));
        EXPECT_EQ(command.kind, SyncCommand::Kind::install);
        EXPECT_EQ(command.colour, 1);
        EXPECT_EQ(command.idle, flow::ticks_of_seconds(9));
        EXPECT_EQ(command.client_interface, 0xbeef);
        EXPECT_EQ(command.flow.client_tuple(), flow.client_tuple());
        if (place.client == place.owner) continue;
        ++signposts;
        ASSERT_TRUE(workers.link(place.client).commands.pop(command));
        EXPECT_EQ(command.kind, SyncCommand::Kind::signpost);
        EXPECT_EQ(command.number, place.owner);
    }
    EXPECT_GT(signposts, 0U);
}

TEST(Workers, AllHearOfAnEnd) {
    exchange::Exchange exchange(2, true);
    const flow::Spread spread(flow::Spread::key_of(3), 2);
    Workers workers(exchange, spread);
    const flow::Flow flow = fnat_flow(40'000);
    ASSERT_TRUE(workers.end(sync::EndRecord::of(sync::Identity::of(flow), sync::EndCause::closed)));
    for (std::size_t i = 0; i < 2; ++i) {
        SyncCommand command;
        ASSERT_TRUE(workers.link(i).commands.pop(command));
        EXPECT_EQ(command.kind, SyncCommand::Kind::end);
        EXPECT_EQ(command.flow.client_tuple(), flow.client_tuple());
        EXPECT_EQ(command.flow.local_port, flow.local_port);
    }
}

TEST(Workers, AGroupGoesWhereItsFlowsWould) {
    exchange::Exchange exchange(4, true);
    const flow::Spread spread(flow::Spread::key_of(3), 4);
    Workers workers(exchange, spread);
    exchange::Service service;
    service.persistence = {.timeout_ns = 1, .prefix_length = 24};
    const flow::Flow flow = fnat_flow(40'000);
    sync::PersistenceRecord record;
    record.clients = {net::IpAddress::v4(10, 0, 0, 0), 24};
    record.vip = flow.vip();
    record.service_port = flow.service_port;
    record.server_address = flow.server_address();
    record.seconds_left = 9;
    ASSERT_TRUE(workers.bind(record, service));
    SyncCommand command;
    ASSERT_TRUE(workers.link(placement_of(flow, service, spread).client).commands.pop(command));
    EXPECT_EQ(command.kind, SyncCommand::Kind::bind);
    EXPECT_EQ(command.idle, flow::ticks_of_seconds(9));
    EXPECT_EQ(command.flow.server_address(), flow.server_address());
}

TEST(Workers, AFullChannelRefuses) {
    exchange::Exchange exchange(1, true);
    const flow::Spread spread(flow::Spread::key_of(3), 1);
    Workers workers(exchange, spread);
    while (workers.link(0).commands.push({})) {
    }
    const flow::Flow flow = fnat_flow(40'000);
    EXPECT_FALSE(workers.install(sync::FlowRecord::of(flow, 0), {}, false));
    EXPECT_FALSE(
        workers.end(sync::EndRecord::of(sync::Identity::of(flow), sync::EndCause::closed)));
    EXPECT_FALSE(workers.ask_again({0, 1}, sync::Identity::of(flow)));
}

}  // namespace
}  // namespace warren::peer
