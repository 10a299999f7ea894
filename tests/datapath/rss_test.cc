// SPDX-License-Identifier: BSD-3-Clause
// A card that spreads frames as our hash does: what it is set to, and that then no worker needs
// another one.
#include "connection.h"
#include "net/parse.h"
#include "net/toeplitz.h"

namespace warren::datapath {
namespace {

using C = exchange::WorkerCounters;

flow::Tuple tuple_of(const packets::Frame& frame) {
    const net::Parsed parsed = net::parse(frame);
    return {parsed.source, parsed.destination, parsed.source_port, parsed.destination_port};
}

// As such a card would: to the queue of the frame's hash.
std::vector<packets::Frame> arrive(World& world, const packets::Frame& frame) {
    return world.send_raw(frame, world.spread.owner(tuple_of(frame)));
}

TEST(Rss, NothingIsHandedOffWhereTheCardSpreadsAsWeDo) {
    World world({.workers = 3, .servers = 2});
    for (std::uint16_t port = 4000; port < 4060; ++port) {
        Connection c(world, port);
        const auto syn = arrive(world, c.client_segment("S").build());
        ASSERT_EQ(syn.size(), 1U);
        const net::Parsed at_server = net::parse(syn[0]);
        c.local_port = at_server.source_port.host();
        c.delta = at_server.sequence - c.client_seq;
        c.server_address = at_server.destination.to_string();
        c.server_mac = net::load<net::EthernetHeader>(syn[0], 0).destination.to_string();
        ++c.client_seq;
        ASSERT_EQ(arrive(world, c.server_segment("SA").build()).size(), 1U);
        ++c.server_seq;
        ASSERT_EQ(arrive(world, c.client_segment("PA").payload("q").build()).size(), 1U);
        ASSERT_EQ(arrive(world, c.server_segment("PA").payload("r").build()).size(), 1U);
    }
    EXPECT_EQ(world.counted(&C::flows_admitted), 60U);
    EXPECT_EQ(world.counted(&C::handoff_out), 0U);
    for (const auto& link : world.exchange.workers)
        EXPECT_GT(link->counters.flows_admitted.value(), 5U) << "all workers have their share";
}

// Settings may read back right and the card still hash otherwise: its own word on each frame.
TEST(Rss, CountsWhereTheCardsHashIsNotOurs) {
    World world({.workers = 2});
    world.rx_flags = RTE_MBUF_F_RX_RSS_HASH;
    const packets::Frame syn = Connection(world, 4000).client_segment("S").build();
    const flow::Tuple tuple = tuple_of(syn);
    world.rx_hash =
        net::RssTable<std::uint32_t>(world.spread.key())
            .tuple(tuple.source, tuple.destination, tuple.source_port, tuple.destination_port);
    world.send(syn, world.spread.owner(tuple));
    EXPECT_EQ(world.counted(&C::rss_agreed), 1U);
    world.send(Connection(world, 4001).client_segment("S").build());
    EXPECT_GT(world.counted(&C::rss_disagreed), 0U);
}

// net_null has RSS settings as a card has, and reads them back.
TEST(Rss, ACardIsSetToOurKeyAndTable) {
    const port::Mempool pool = port::make_mempool("rss", 8191);
    const flow::Spread spread(flow::Spread::key_of(1), 3);
    port::PortOptions options{.name = "rss",
                              .device = "net_null_rss",
                              .workers = 3,
                              .pool = pool.get(),
                              .rss_key = spread.key()};
    const port::Port port(options);
    ASSERT_EQ(port.rss_trouble(), "");
    rte_eth_rss_reta_entry64 table[2]{{.mask = ~0ULL, .reta = {}}, {.mask = ~0ULL, .reta = {}}};
    ASSERT_EQ(rte_eth_dev_rss_reta_query(port.id(), table, 128), 0);
    for (std::uint32_t hash = 0; hash < 128; ++hash)
        ASSERT_EQ(table[hash / 64].reta[hash % 64], spread.owner_of_entry(hash)) << hash;
}

TEST(Rss, WithoutItTheReasonIsNamed) {
    const port::Mempool pool = port::make_mempool("norss", 8191);
    port::PortOptions options{
        .name = "norss", .device = "net_null_norss", .workers = 2, .pool = pool.get()};
    EXPECT_NE(port::Port(options).rss_trouble(), "") << "no key was given";
    options.workers = 1;
    EXPECT_EQ(port::Port(options).rss_trouble(), "") << "one worker needs none";
}

}  // namespace
}  // namespace warren::datapath
