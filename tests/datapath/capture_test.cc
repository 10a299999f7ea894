// SPDX-License-Identifier: BSD-3-Clause
// Workers show packets to who captures, both sides of a connection, and forward as if nobody did.
#include "exchange/capture.h"
#include "connection.h"

namespace warren::datapath {
namespace {

using exchange::CaptureFilter;
using exchange::Drop;
using exchange::Fate;
using exchange::ServerState;
using flow::TcpState;

struct Shown {
    exchange::CapturedPacket packet;
    packets::Frame came, went;
};

packets::Frame copy_of(net::ConstBytes frame) {
    return {frame.begin(), frame.end()};
}

class Capture {
  public:
    explicit Capture(World& world, const CaptureFilter& filter = {}) : world_(world) {
        auto tap =
            std::make_shared<exchange::CaptureTap>(world.exchange.workers.size(), filter, 256);
        tap_ = tap;
        world.change([&](exchange::Snapshot& s) { s.capture = std::move(tap); });
    }
    void end() const {
        world_.change([](exchange::Snapshot& s) { s.capture.reset(); });
    }

    std::vector<Shown> take() const {
        std::vector<Shown> all;
        const auto tap = tap_.lock();
        exchange::CaptureSlot slot(tap->snap_bytes);
        for (const auto& ring : tap->rings)
            while (ring->pop(slot))
                all.push_back({slot.packet(), copy_of(slot.came()), copy_of(slot.went())});
        return all;
    }
    std::uint64_t lost() const { return tap_.lock()->lost(); }
    bool is_there() const { return !tap_.expired(); }

  private:
    World& world_;
    std::weak_ptr<exchange::CaptureTap> tap_;  // the snapshot's
};

CaptureFilter of_client(std::uint16_t port) {
    return {.client = {packets::address(client), net::Be16(port)}};
}

TEST(Capture, ShowsBothSidesOfOneConnection) {
    World world;
    const Capture capture(world, of_client(4000));
    Connection other(world, 4001), c(world, 4000);
    other.open();
    c.open();
    const Seen down = c.from_server("PA", "hello");
    const std::vector<Shown> shown = capture.take();
    ASSERT_EQ(shown.size(), 4U);
    const std::array<TcpState, 5> states{TcpState::none, TcpState::syn_sent, TcpState::syn_received,
                                         TcpState::established, TcpState::established};
    for (std::size_t i = 0; i < shown.size(); ++i) {
        EXPECT_EQ(shown[i].packet.fate, Fate::sent);
        EXPECT_EQ(shown[i].packet.before, states[i]) << i;
        EXPECT_EQ(shown[i].packet.after, states[i + 1]) << i;
        EXPECT_EQ(shown[i].packet.reason, Drop::count_);
        EXPECT_EQ(shown[i].packet.time_ns, world.now_ns);
    }
    EXPECT_EQ(shown[3].came, c.server_segment("PA").payload("hello").build());
    EXPECT_EQ(shown[3].went, down.frame);
    EXPECT_EQ(shown[3].packet.went_bytes, down.frame.size());
    EXPECT_EQ(shown[0].packet.what, "a segment to a virtual_server");
    EXPECT_EQ(shown[3].packet.what, "a segment to a local address");
}

TEST(Capture, AServersConnectionsComeWithTheirClients) {
    World world;
    const Capture capture(world, {.server = {packets::address("192.168.8.12"), net::Be16(5672)}});
    Connection first(world, 4000), second(world, 4001);
    first.open();
    second.open();
    const auto shown = capture.take();
    ASSERT_EQ(shown.size(), 3U);
    EXPECT_EQ(shown[0].packet.came.source_port.host(), 4001);
    EXPECT_EQ(shown[1].packet.went.destination_port.host(), 4001);
}

// The same frames, whether somebody looks or not.
TEST(Capture, ChangesNothingOfTheTraffic) {
    std::array<Lines, 2> sent;
    for (const bool is_captured : {false, true}) {
        World world;
        std::optional<Capture> capture;
        if (is_captured) capture.emplace(world);
        Lines& lines = sent[is_captured ? 1 : 0];
        for (std::uint16_t port = 4000; port < 4010; ++port) {
            Connection c(world, port);
            lines.push_back(c.from_client("S").line);
            ++c.client_seq;
            lines.push_back(c.from_server("SA").line);
            ++c.server_seq;
            for (const std::string_view flags : {"A", "PA", "FA", "R"}) {
                lines.push_back(c.from_client(flags, flags == "PA" ? "data" : "").line);
                lines.push_back(c.from_server(flags == "R" ? "A" : flags).line);
            }
        }
        for (const Lines& some : {world.send(to_vip().echo_request(1, 1).build()),
                                  world.send(to_vip().tcp(1, 2, "S").build()),
                                  world.send(to_vip().tcp(1, 5672, "A").build())})
            lines.insert(lines.end(), some.begin(), some.end());
        EXPECT_EQ(world.counted(&exchange::WorkerCounters::flows_admitted), 10U);
    }
    EXPECT_EQ(sent[0], sent[1]);
}

TEST(Capture, SaysWhyAClientIsRefused) {
    World world;
    world.change([](exchange::Snapshot& s) {
        for (exchange::Server& server : s.servers)
            server.weight = 0;
    });
    const Capture capture(world, {.drops_only = true, .reason = Drop::no_server});
    world.send(to_vip().echo_request(1, 1).build());
    world.send(to_vip().tcp(4000, 5672, "S").build());
    const auto shown = capture.take();
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(shown[0].packet.reason, Drop::no_server);
    EXPECT_EQ(shown[0].packet.fate, Fate::sent);
    EXPECT_NE(shown[0].packet.went.tcp_flags & net::tcp_flag::rst, 0);
}

TEST(Capture, SaysWhyAFrameIsDropped) {
    World world;
    const Capture capture(world, {.drops_only = true});
    world.send(to_vip().tcp(4000, 5672, "S").bad_l4_checksum().build());
    world.send(to_vip().tcp(4000, 5672, "S").truncate(20).build());
    world.send(to_vip().tcp(4000, 5672, "S").build());
    const auto shown = capture.take();
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].packet.reason, Drop::bad_tcp_checksum);
    EXPECT_EQ(shown[1].packet.reason, Drop::malformed_ip);
    EXPECT_EQ(shown[1].packet.fate, Fate::dropped);
    EXPECT_EQ(shown[1].came.size(), 20U);
    EXPECT_TRUE(shown[1].went.empty());
}

// What a worker makes for a flow is of its client, though the server's end never heard of him.
TEST(Capture, ResetsOfADeadServerAreTheirClients) {
    World world({.servers = 1});
    Connection c(world, 4000), other(world, 4001);
    c.open();
    other.open();
    const Capture capture(world, of_client(4000));
    world.change([](exchange::Snapshot& s) { s.servers[0].state = ServerState::down; });
    const auto sent = world.run_raw();
    const auto shown = capture.take();
    ASSERT_EQ(shown.size(), 2U);
    for (const Shown& one : shown) {
        EXPECT_EQ(one.packet.fate, Fate::made);
        EXPECT_TRUE(one.came.empty());
        EXPECT_NE(std::find(sent.begin(), sent.end(), one.went), sent.end());
    }
    EXPECT_EQ(shown[0].packet.went.destination_port.host(), 4000);
    EXPECT_EQ(shown[1].packet.went.destination.to_string(), "192.168.8.11");
}

TEST(Capture, FollowsAFrameToTheWorkerThatHasItsFlow) {
    World world({.workers = 3});
    Connection c(world, 4000);
    c.open();
    const Capture capture(world, of_client(4000));
    for (unsigned queue = 0; queue < 3; ++queue)
        world.send(c.server_segment("PA").payload("r").build(), queue);
    unsigned sent = 0, came_round = 0;
    for (const Shown& one : capture.take()) {
        if (one.packet.fate != Fate::sent) continue;
        ++sent;
        came_round += one.packet.handed_by != exchange::CapturedPacket::nobody;
    }
    EXPECT_EQ(sent, 3U);
    EXPECT_EQ(came_round, 2U);
}

TEST(Capture, AFullRingLosesCopiesOnly) {
    World world;
    Connection c(world);
    c.open();
    const Capture capture(world);
    constexpr unsigned many = exchange::CaptureRing::capacity + 100;
    for (unsigned i = 0; i < many; ++i)
        ASSERT_EQ(world.send(c.client_segment("PA").payload("x").build()).size(), 1U);
    EXPECT_EQ(capture.take().size(), exchange::CaptureRing::capacity - 1);
    EXPECT_EQ(capture.lost(), 101U);
}

TEST(Capture, NothingIsLeftOfIt) {
    World world;
    const Capture capture(world);
    world.send(to_vip().echo_request(1, 1).build());
    EXPECT_EQ(capture.take().size(), 1U);
    capture.end();
    EXPECT_EQ(world.send(to_vip().echo_request(1, 2).build()).size(), 1U);
    world.exchange.publisher.reclaim();
    EXPECT_FALSE(capture.is_there());
}

}  // namespace
}  // namespace warren::datapath
