// SPDX-License-Identifier: BSD-3-Clause
// The fast path does what the slow path does: two worlds that differ in nothing else get the same
// frames, plain and odd ones at random, and must send, count and remember the same.
#include <bit>
#include <cstring>
#include <random>

#include "fast_path/header_words.h"
#include "method_world.h"

namespace warren::datapath {
namespace {

using flow::Method;
using packets::Frame;
using packets::PacketBuilder;

std::unique_ptr<MethodWorld> make_world(bool fast_path, Method method, const Endpoints& ends,
                                        unsigned workers) {
    const bool usual = World::fast_path;
    World::fast_path = fast_path;
    auto world = std::make_unique<MethodWorld>(method, ends, workers);
    World::fast_path = usual;
    return world;
}

class Both : public testing::TestWithParam<std::tuple<Method, Endpoints>> {
  protected:
    explicit Both(unsigned workers = 1)
        : fast(make_world(true, std::get<0>(GetParam()), std::get<1>(GetParam()), workers)),
          slow(make_world(false, std::get<0>(GetParam()), std::get<1>(GetParam()), workers)) {
        open();
    }

    std::vector<Frame> send(const Frame& frame, unsigned port, unsigned worker = 0) {
        fast->rx_flags = slow->rx_flags = flags;
        std::vector<Frame> sent = fast->send_raw(frame, worker, port);
        EXPECT_EQ(packets::describe(sent), packets::describe(slow->send_raw(frame, worker, port)));
        return sent;
    }
    void change(const std::function<void(exchange::Snapshot&)>& edit) {
        fast->change(edit);
        slow->change(edit);
    }

    void open() {
        const Frame syn = send(fast->to_vip("S"), 0).at(0);
        syn_at_server = syn;
        if (flow::sees_both_sides(std::get<0>(GetParam()))) send(answer_to(syn, "SA", 70'000), 1);
        send(client("A"), 0);
    }

    PacketBuilder client(std::string_view letters) {
        return fast->to_vip(letters).seq(1001).ack(70'001);
    }
    PacketBuilder server(std::string_view letters) {
        return answer_to(syn_at_server, letters, 70'001);
    }

    void expect_same_counters() {
        for (std::size_t i = 0; i < fast->exchange.workers.size(); ++i)
            expect_same_counters(*fast->exchange.workers[i], *slow->exchange.workers[i]);
    }
    static void expect_same_counters(const exchange::WorkerLink& one,
                                     const exchange::WorkerLink& other) {
        for (const auto& named : exchange::worker_counters) {
            if (named.name == "busy_ns" || named.name == "polls") continue;
            EXPECT_EQ((one.counters.*named.counter).value(),
                      (other.counters.*named.counter).value())
                << named.name;
        }
        for (std::size_t i = 0; i < exchange::drop_count; ++i)
            EXPECT_EQ(one.counters.drops[i].value(), other.counters.drops[i].value());
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(one.servers[i].to_server.value(), other.servers[i].to_server.value());
            EXPECT_EQ(one.servers[i].to_server_bytes.value(),
                      other.servers[i].to_server_bytes.value());
            EXPECT_EQ(one.servers[i].to_client.value(), other.servers[i].to_client.value());
            EXPECT_EQ(one.servers[i].to_client_bytes.value(),
                      other.servers[i].to_client_bytes.value());
            EXPECT_EQ(one.router_frames[i].value(), other.router_frames[i].value());
        }
    }
    // What the manager hears of connections.
    void expect_same_events() { EXPECT_EQ(events_of(*fast), events_of(*slow)); }
    static Lines events_of(World& world) {
        Lines events;
        for (exchange::FlowEvent event; world.exchange.workers[0]->events.pop(event);)
            events.push_back(std::to_string(event.client_port.host()) + " " +
                             std::to_string(static_cast<int>(event.kind)) + " " +
                             std::string(exchange::name_of(event.cause)));
        return events;
    }
    // What the flow remembers shows in the RSTs to both ends.
    void expect_same_flow() {
        change([](exchange::Snapshot& s) {
            for (exchange::Server& server : s.servers)
                server.state = exchange::ServerState::down;
        });
        EXPECT_EQ(fast->run(), slow->run());
    }

    std::unique_ptr<MethodWorld> fast, slow;
    Frame syn_at_server;
    std::uint64_t flags = 0;
};

std::string name_of(const testing::TestParamInfo<Both::ParamType>& info) {
    static constexpr std::array<const char*, 4> methods{"Fnat", "Nat", "Dr", "Tun"};
    return std::string(methods[static_cast<std::size_t>(std::get<0>(info.param))]) +
           std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(EveryMethod, Both,
                         testing::Combine(testing::Values(Method::fnat, Method::nat, Method::dr,
                                                          Method::tun),
                                          testing::Values(ipv4, ipv6)),
                         name_of);

// One thing in three segments is odd.
PacketBuilder make_odd(PacketBuilder made, unsigned choice) {
    switch (choice) {
        case 0:
            return made.ttl(1);
        case 1:
            return made.ttl(2);
        case 2:
            return made.bad_l4_checksum();
        case 3:
            return made.bad_ip_checksum();
        case 4:
            return made.tcp_offset_words(4);
        case 5:
            return made.tcp_offset_words(15);
        case 6:
            return made.timestamps(7, 8);
        case 7:
            return made.option({1, 1, 5, 10, 0, 0, 4, 0, 0, 0, 8, 0});  // SACK
        case 8:
            return made.fragment(0, true);
        case 9:
            return made.total_length(30);
        case 10:
            return made.ethernet(client_mac, "02:00:00:00:00:99");
        case 11:
            return made.ethernet(client_mac, virtual_mac);
        case 12:
            return made.ethernet("02:00:00:00:00:c2", vip_mac);
        case 13:
            return made.ethernet(vip_mac, vip_mac);
        case 14:
            return made.ethernet(client_mac, broadcast);
        case 15:
            return made.vlan(0);
        case 16:
            return made.vlan(5);
        case 17:
            return made.pad_to(80);
        case 18:
            return made.truncate(50);
        case 19:
            return made.payload(std::string(1460, 'x'));
        case 20:
            return made.payload(std::string(1500, 'x'));
        case 21:
            return made.tos(3);
        case 22:
            return made.ip_version(5);
        case 23:
            return made.ethernet(second_mac, second_mac);
        default:
            return made;
    }
}

TEST_P(Both, WaysAgreeAboutAnySegment) {
    constexpr std::array<std::uint64_t, 6> verdicts{
        0,
        RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD,
        RTE_MBUF_F_RX_L4_CKSUM_GOOD,
        RTE_MBUF_F_RX_IP_CKSUM_GOOD,
        RTE_MBUF_F_RX_IP_CKSUM_BAD,
        RTE_MBUF_F_RX_L4_CKSUM_BAD};
    constexpr std::array<const char*, 8> letters{"A", "A", "PA", "PA", "UA", "P", "SA", "S"};
    std::mt19937 random(1);
    for (unsigned i = 0; i < 1500 && !HasFailure(); ++i) {
        const bool from_client = random() % 2 == 0;
        const char* sent = letters[random() % letters.size()];
        PacketBuilder made = from_client ? client(sent) : server(sent);
        made.seq((from_client ? 1001 : 70'001) + random() % 100)
            .payload(std::string(random() % 30, 'd'));
        flags = random() % 2 == 0 ? 0 : verdicts[random() % verdicts.size()];
        const unsigned oddity = random() % 3 == 0 ? random() % 24 : 24;
        send(make_odd(made, oddity), from_client ? 0 : 1);
        EXPECT_FALSE(HasFailure()) << "segment " << i << ", oddity " << oddity;
    }
    expect_same_counters();
    expect_same_flow();
}

TEST_P(Both, WaysAgreeAboutTheWorld) {
    const auto exchange_all = [&] {
        send(client("PA").payload("to the server"), 0);
        send(server("PA").payload("to the client"), 1);
    };
    using exchange::Snapshot;
    exchange_all();
    change([](Snapshot& s) { s.servers[0].reachable = s.servers[1].reachable = false; });
    exchange_all();
    change([](Snapshot& s) { s.servers[0].reachable = s.servers[1].reachable = true; });
    change([](Snapshot& s) { s.port_mtus = {60, 60}; });
    exchange_all();
    change([](Snapshot& s) { s.port_mtus = {}; });
    change([](Snapshot& s) { s.addresses[0].is_hosts = true; });
    exchange_all();
    change([](Snapshot& s) { s.host_ports = {1, 65'535}; });
    exchange_all();
    change([](Snapshot& s) { s.host_ports = {}; });
    change([](Snapshot& s) { s.services[0].present = false; });
    exchange_all();
    change([](Snapshot& s) { s.services[0].present = true, s.addresses[0].is_hosts = false; });
    change([](Snapshot& s) { s.addresses[0].mac = packets::mac(virtual_mac); });
    send(client("A").ethernet(client_mac, virtual_mac), 0);
    exchange_all();
    change([](Snapshot& s) { s.kernel_addresses = {packets::address("192.168.8.50")}; });
    exchange_all();
    send(client("A"), 1);  // by the wrong port
    send(server("A"), 0);
    fast->set_master(false);
    slow->set_master(false);
    exchange_all();
    expect_same_counters();
}

// What the fast path remembers of its addresses is over with the lease, and good again with the
// next.
TEST_P(Both, WaysAgreeAboutALease) {
    const auto exchange_all = [&] {
        send(client("PA").payload("to the server"), 0);
        send(server("PA").payload("to the client"), 1);
    };
    change([](exchange::Snapshot& s) { s.virtual_routers[0].lease_ns = 3609 * ms; });
    for (World* world : {fast.get(), slow.get()})
        world->set_master(true);
    exchange_all();
    for (World* world : {fast.get(), slow.get()})
        world->advance(3609 * ms);
    exchange_all();
    EXPECT_EQ(fast->dropped(exchange::Drop::not_owned), 1U);
    for (World* world : {fast.get(), slow.get()})
        world->set_master(true);
    exchange_all();
    for (World* world : {fast.get(), slow.get()})
        world->set_master(false);
    exchange_all();
    expect_same_counters();
}

TEST_P(Both, WaysAgreeWhileAConnectionEnds) {
    const auto acknowledge = [&] {
        send(client("A").seq(1002), 0);
        send(server("A").seq(70'002), 1);
        send(client("PA").seq(1001).payload("late"), 0);
    };
    send(client("FA").seq(1001), 0);
    acknowledge();
    send(server("FA").seq(70'001), 1);
    acknowledge();
    send(client("R").seq(1002), 0);
    acknowledge();
    expect_same_counters();
    expect_same_flow();
}

// Whoever answers whom, in whatever order, and with whatever numbers.
TEST_P(Both, WaysAgreeHowConnectionsBeginAndEnd) {
    constexpr std::array<const char*, 8> letters{"A", "A", "A", "PA", "FA", "FPA", "F", "SA"};
    std::mt19937 random(3);
    for (std::uint16_t port = 4001; port < 4101 && !HasFailure(); ++port) {
        const Frame syn = send(fast->to_vip("S").tcp(port, 5672, "S"), 0).at(0);
        if (flow::sees_both_sides(std::get<0>(GetParam()))) send(answer_to(syn, "SA", 70'000), 1);
        for (unsigned i = 0; i < 6; ++i) {
            const bool from_client = random() % 2 == 0;
            const char* sent = letters[random() % letters.size()];
            PacketBuilder made = from_client ? fast->to_vip(sent).tcp(port, 5672, sent).seq(1001)
                                             : answer_to(syn, sent, 70'001);
            if (from_client) made.ack((random() % 4 == 0 ? 60'000 : 70'000) + random() % 3);
            send(made.payload(std::string(random() % 3, 'd')), from_client ? 0 : 1);
            EXPECT_FALSE(HasFailure()) << "port " << port << ", segment " << i;
        }
    }
    expect_same_counters();
    expect_same_events();
    expect_same_flow();
}

// Frames come to any of three workers.
class BothOfThree : public Both {
  protected:
    BothOfThree() : Both(3) {}
};
INSTANTIATE_TEST_SUITE_P(EveryMethod, BothOfThree,
                         testing::Combine(testing::Values(Method::fnat, Method::nat, Method::dr,
                                                          Method::tun),
                                          testing::Values(ipv4, ipv6)),
                         name_of);

TEST_P(BothOfThree, WaysHandOffAlike) {
    constexpr std::array<const char*, 4> letters{"A", "PA", "UA", "P"};
    std::mt19937 random(5);
    for (unsigned i = 0; i < 1000 && !HasFailure(); ++i) {
        if (i == 500) change([](exchange::Snapshot& s) { s.addresses[0].is_hosts = true; });
        const bool from_client = random() % 2 == 0;
        const auto port = static_cast<std::uint16_t>(4000 + random() % 3);
        const auto service = static_cast<std::uint16_t>(random() % 4 == 0 ? 81 : 5672);
        const char* sent = letters[random() % letters.size()];
        PacketBuilder made = from_client ? client(sent).tcp(port, service, sent) : server(sent);
        made.seq((from_client ? 1001 : 70'001) + random() % 100);
        const unsigned oddity = random() % 3 == 0 ? random() % 24 : 24;
        send(make_odd(made, oddity), from_client ? 0 : 1, random() % 3);
        EXPECT_FALSE(HasFailure()) << "segment " << i << ", oddity " << oddity;
    }
    expect_same_counters();
    expect_same_flow();
}

TEST_P(Both, WaysKeepTheOrderOfAFlow) {
    const std::vector<Frame> burst{client("A").seq(1001),  client("A").seq(1002).timestamps(1, 2),
                                   client("A").seq(1003),  client("UA").seq(1004).ttl(9),
                                   client("FA").seq(1005), client("A").seq(1006)};
    for (const Frame& frame : burst) {
        fast->queue(frame, 0);
        slow->queue(frame, 0);
    }
    const Lines sent = fast->run();
    EXPECT_EQ(sent.size(), burst.size());
    EXPECT_EQ(sent, slow->run());
}

// Checksums that follow in words are those that follow field by field.
template <typename Family, typename Words>
void expect_same_checksums(const typename Family::Header& before, const Words& from,
                           const Words& to, typename Family::Address source,
                           typename Family::Address destination, std::uint16_t checksum) {
    typename Family::Header by_field = before, by_word = before;
    net::ChecksumDelta delta;
    Family::redirect(by_field, source, destination,
                     static_cast<std::uint8_t>(Family::hop_limit(before) - 1), delta);
    delta.replace(net::Be32::from_raw(from.ports), net::Be32::from_raw(to.ports));
    net::TcpHeader tcp;
    tcp.checksum = net::Be16(checksum);
    fast_path::rewrite(by_word, tcp, from, to, 0);
    EXPECT_EQ(std::memcmp(&by_field, &by_word, sizeof(by_word)), 0);
    EXPECT_EQ(tcp.checksum, delta.apply(net::Be16(checksum)));
}

TEST(WordsOfASegment, KeepChecksumsAsFieldsDo) {
    std::mt19937_64 random(7);
    constexpr std::array<std::uint64_t, 4> extreme{0, ~std::uint64_t{0}, 0xffff0000, 1};
    const auto any = [&] { return random() % 4 == 0 ? extreme[random() % 4] : random(); };
    for (unsigned i = 0; i < 10'000 && !testing::Test::HasFailure(); ++i) {
        const flow::TupleWords4 from4{any(), static_cast<std::uint32_t>(any())};
        const flow::TupleWords4 to4{any(), static_cast<std::uint32_t>(any())};
        const auto from = std::bit_cast<std::array<net::Be32, 2>>(from4.addresses);
        const auto to = std::bit_cast<std::array<net::Be32, 2>>(to4.addresses);
        net::Ipv4Header ip4;
        ip4.time_to_live = static_cast<std::uint8_t>(2 + random() % 254);
        ip4.checksum = net::Be16(static_cast<std::uint16_t>(any()));
        ip4.source = from[0];
        ip4.destination = from[1];
        const auto checksum = static_cast<std::uint16_t>(any());
        expect_same_checksums<net::Ip4>(ip4, from4, to4, to[0], to[1], checksum);

        const flow::TupleWords6 from6{{any(), any()}, {any(), any()}, from4.ports};
        const flow::TupleWords6 to6{{any(), any()}, {any(), any()}, to4.ports};
        net::Ipv6Header ip6;
        ip6.hop_limit = ip4.time_to_live;
        ip6.source = std::bit_cast<net::Ipv6Bytes>(from6.source);
        ip6.destination = std::bit_cast<net::Ipv6Bytes>(from6.destination);
        expect_same_checksums<net::Ip6>(ip6, from6, to6, std::bit_cast<net::Ipv6Bytes>(to6.source),
                                        std::bit_cast<net::Ipv6Bytes>(to6.destination), checksum);
    }
}

// Otherwise a packet would be looked up among flows of the other family.
TEST_P(Both, WaysAgreeAboutMappedAddresses) {
    if (!std::get<1>(GetParam()).is_v4()) return;
    send(PacketBuilder()
             .ethernet(client_mac, vip_mac)
             .ip("::ffff:192.168.8.50", "::ffff:192.168.8.100")
             .tcp(4000, 5672, "A")
             .seq(1001),
         0);
    expect_same_counters();
    expect_same_flow();
}

}  // namespace
}  // namespace warren::datapath
