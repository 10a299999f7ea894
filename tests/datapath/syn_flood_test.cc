// SPDX-License-Identifier: BSD-3-Clause
// A flood of SYNs under forged addresses: who is connected stays so, who comes is served.
#include <map>

#include "connection.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using C = exchange::WorkerCounters;

constexpr std::uint16_t forged_port = 4000;

// The n-th forged client of a flood.
net::IpAddress forged_source(std::uint32_t n) {
    return net::IpAddress::v4(net::Be32(0x0b000000 + n));
}
packets::PacketBuilder forged(std::uint32_t n, std::string_view flags = "S") {
    return packets::PacketBuilder()
        .ethernet(client_mac, vip_mac)
        .ip(forged_source(n).to_string(), vip)
        .tcp(forged_port, 5672, flags)
        .seq(1000);
}

// What a server says to each SYN that reaches it, all in one.
class Flood {
  public:
    explicit Flood(World& world, bool servers_answer) : world_(world), answers_(servers_answer) {}

    void send(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            send_one(sent_++);
    }

    // The next forged client, if that worker owns its flow.
    bool send_to_owner(unsigned worker) {
        const bool owned = world_.spread.owner({forged_source(sent_), packets::address(vip),
                                                net::Be16(forged_port), net::Be16(5672)}) == worker;
        if (owned) send_one(sent_);
        ++sent_;
        return owned;
    }

    // SYNs at the servers that nobody has taken back with RST.
    std::size_t waiting() const { return waiting_.size(); }
    std::uint32_t resets() const { return resets_; }

  private:
    void send_one(std::uint32_t n) {
        const auto queues = static_cast<std::uint32_t>(world_.workers.size());
        note(world_.send_raw(forged(n), n % queues));
    }

    using Key = std::pair<std::string, std::uint16_t>;  // server, local port

    void note(const std::vector<packets::Frame>& frames) {
        for (const packets::Frame& frame : frames) {
            const net::Parsed parsed = net::parse(frame);
            const Key key{parsed.destination.to_string(), parsed.source_port.host()};
            if (parsed.tcp_flags == net::tcp_flag::syn) {
                waiting_[key] = parsed.sequence + 1;
                if (answers_) world_.send_raw(answer(frame, parsed));
            } else if ((parsed.tcp_flags & net::tcp_flag::rst) != 0) {
                EXPECT_EQ(parsed.sequence, waiting_[key]) << "RFC 5961: exactly RCV.NXT";
                const bool acks = (parsed.tcp_flags & net::tcp_flag::ack) != 0;
                EXPECT_EQ(acks, answers_) << "only what is known may be acknowledged";
                EXPECT_EQ(parsed.acknowledgement, acks ? 70'001U : 0U);
                waiting_.erase(key);
                ++resets_;
            }
        }
    }
    static packets::Frame answer(const packets::Frame& frame, const net::Parsed& syn) {
        const auto ethernet = net::load<net::EthernetHeader>(frame, 0);
        return packets::PacketBuilder()
            .ethernet(ethernet.destination.to_string(), vip_mac)
            .ip(syn.destination.to_string(), vip)
            .tcp(5672, syn.source_port.host(), "SA")
            .seq(70'000)
            .ack(syn.sequence + 1)
            .build();
    }

    World& world_;
    bool answers_;
    std::uint32_t sent_ = 0;
    std::uint32_t resets_ = 0;
    std::map<Key, std::uint32_t> waiting_;
};

// Opens a connection whose SYN takes the place of another: its server gets RST at the same time.
void open_amid_flood(World& world, Connection& c) {
    const auto frames = world.send_raw(c.client_segment("S"));
    ASSERT_FALSE(frames.empty());
    const net::Parsed syn = net::parse(frames.back());
    ASSERT_EQ(syn.tcp_flags, net::tcp_flag::syn) << packets::describe(frames.back());
    c.local_port = syn.source_port.host();
    c.server_address = syn.destination.to_string();
    c.server_mac = net::load<net::EthernetHeader>(frames.back(), 0).destination.to_string();
    c.delta = syn.sequence - c.client_seq++;
    c.server_seq = 70'000;
    c.from_server("SA");
    ++c.server_seq;
    c.from_client("A");
}

struct FloodCase {
    unsigned workers;
    bool servers_answer;
};

class SynFlood : public testing::TestWithParam<FloodCase> {};

TEST_P(SynFlood, TakesNothingFromAnybody) {
    constexpr std::uint32_t capacity = 1024;
    const auto [worker_count, servers_answer] = GetParam();
    World world({.workers = worker_count, .servers = 2, .flow_capacity = capacity});
    std::vector<Connection> established;
    for (std::uint16_t i = 0; i < 100; ++i) {
        established.emplace_back(world, static_cast<std::uint16_t>(20'000 + i));
        established.back().open();
    }
    Flood flood(world, servers_answer);
    flood.send(worker_count * 3 * capacity);
    EXPECT_EQ(world.refused(Drop::flow_table_full), 0U);
    EXPECT_LE(flood.waiting(), worker_count * capacity / 2) << "half the table at most";
    EXPECT_EQ(world.counted(&C::half_open_recycled), flood.resets());
    EXPECT_EQ(flood.waiting() + flood.resets(), worker_count * 3 * capacity);
    for (std::uint16_t i = 0; i < 50; ++i) {
        Connection c(world, static_cast<std::uint16_t>(30'000 + i));
        open_amid_flood(world, c);
    }
    for (Connection& c : established) {
        EXPECT_NE(c.from_client("PA", "x").line.find(c.server_address), std::string::npos);
        ++c.client_seq;
        c.from_server("PA", "y");
    }
    EXPECT_EQ(world.exchange.workers[0]->events_lost.value(), 0U) << "nobody's news is lost";
}

INSTANTIATE_TEST_SUITE_P(Workers, SynFlood,
                         testing::Values(FloodCase{1, true}, FloodCase{1, false},
                                         FloodCase{2, true}, FloodCase{2, false}));

// SYN and RST, SYN and an ACK made up: neither may leave the share of the half-open.
TEST(SynFloodOf, ForgedEndsAndForgedAcksStaysInItsShare) {
    for (const auto* const second : {"R", "A", "FA", "PA"}) {
        World world({.flow_capacity = 256});
        for (std::uint32_t n = 0; n < 1000; ++n) {
            const auto syn = world.send_raw(forged(n));
            ASSERT_FALSE(syn.empty());
            const net::Parsed parsed = net::parse(syn.back());
            ASSERT_EQ(parsed.tcp_flags, net::tcp_flag::syn) << n << second;
            world.send_raw(packets::PacketBuilder()
                               .ethernet("02:00:00:00:00:0b", vip_mac)
                               .ip(parsed.destination.to_string(), vip)
                               .tcp(5672, parsed.source_port.host(), "SA")
                               .seq(70'000)
                               .ack(parsed.sequence + 1));
            world.send_raw(forged(n, second).seq(1001).ack(4711));
        }
        EXPECT_EQ(world.refused(Drop::flow_table_full), 0U) << second;
        Connection c(world);
        open_amid_flood(world, c);
    }
}

// A server's ports are fewer than the flows that a table may hold half open.
TEST(SynFloodOf, OneServerDoesNotUseUpItsLocalPorts) {
    constexpr std::uint32_t ports = 4032;  // a worker's
    World world({.workers = 16, .servers = 1, .flow_capacity = 4 * ports});
    Flood flood(world, true);
    for (std::uint32_t sent = 0; sent < ports + 500;)
        sent += flood.send_to_owner(0) ? 1U : 0U;
    EXPECT_EQ(world.refused(Drop::no_local_port), 0U);
    EXPECT_EQ(flood.resets(), 500U);
    EXPECT_EQ(flood.waiting(), ports);
}

// What a flood leaves in the memory of clients' servers must go with its flows.
TEST(SynFloodOf, APersistentServiceRemembersNobodyWhoNeverOpened) {
    World world({.servers = 2, .flow_capacity = 2});
    world.change([](exchange::Snapshot& s) { s.services[0].persistence = {300 * second, 32}; });
    const auto server_of = [&](std::uint32_t n) {
        return net::parse(world.send_raw(forged(n)).back()).destination.to_string();
    };
    EXPECT_EQ(server_of(1), "192.168.8.11");
    EXPECT_EQ(server_of(2), "192.168.8.12") << "takes the first one's place";
    EXPECT_EQ(server_of(3), "192.168.8.11");
    EXPECT_EQ(server_of(1), "192.168.8.12") << "who was forgotten";
}

// uthreshold counts them, but not for longer than a client needs.
TEST(SynFloodOf, AFullServerIsNotKeptFullByNobody) {
    World world({.servers = 1});
    world.change([](exchange::Snapshot& s) { s.servers[0].limit.upper = 5; });
    Connection open(world, 20'000);
    open.open();
    Flood flood(world, true);
    flood.send(4);
    Connection c(world);
    EXPECT_NE(world.send(c.client_segment("S")).at(0).find("[RA]"), std::string::npos)
        << "they may be clients";
    world.advance(second);
    open_amid_flood(world, c);
    EXPECT_EQ(world.counted(&C::half_open_recycled), 4U);
    EXPECT_NE(open.from_client("PA", "x").line.find(open.server_address), std::string::npos);
}

// Sending what a drowning server does not answer to the others would drown them too.
TEST(SynFloodOf, AFloodIsNotSentOnToOtherServers) {
    World world({.servers = 3, .flow_capacity = 256});
    Flood flood(world, false);
    flood.send(100);
    world.advance(second);
    world.run();
    EXPECT_EQ(world.counted(&C::syns_replayed), 0U);
}

}  // namespace
}  // namespace warren::datapath
