// SPDX-License-Identifier: BSD-3-Clause
// Whole connections over wires that lose frames and let them overtake each other, on both sides of
// us: in each method and family both ends get exactly what the other sent, every frame that comes
// to us goes on, and none is counted twice (World looks after each).
#include <algorithm>
#include <random>

#include "method_world.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using flow::Method;
using packets::Frame;

class Random {
  public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::size_t below(std::size_t n) { return engine_() % n; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    Frame bytes(std::size_t n) {
        Frame b(n);
        std::generate(b.begin(), b.end(), [this] { return static_cast<std::uint8_t>(engine_()); });
        return b;
    }

  private:
    std::mt19937 engine_;
};

// One end of a connection whose handshake is over. Offsets count from the first byte of a stream;
// its FIN has the offset behind the last.
class End {
  public:
    // `answered` is a frame to this end that SYN or SYN-ACK came in: its answers go back that way.
    // `unsaid`: so many of the first bytes that it receives are not the other end's, but a header.
    End(const Frame& answered, std::uint32_t first, std::size_t to_send, std::size_t to_receive,
        Random& random, std::size_t unsaid = 0)
        : answered_(answered),
          unsaid_(unsaid),
          first_(first),
          other_first_(net::parse(answered).sequence + 1),
          random_(random),
          sent(random.bytes(to_send)),
          received(to_receive),
          has(to_receive + 1, '\0') {
        range_.fill(static_cast<std::uint32_t>(unsaid));
    }

    // Any part of what is not acknowledged, cut anew; or a bare ACK with the last range as SACK.
    Frame segment() {
        const std::size_t left = sent.size() + 1 - acknowledged_;
        std::size_t at = acknowledged_;
        if (left > 0 && random_.one_in(2)) at += random_.below(left);
        const bool bare = left == 0 || random_.one_in(3);
        const std::size_t bytes =
            bare ? 0 : std::min(random_.below(900) + 1, sent.size() - std::min(at, sent.size()));
        const bool fin = !bare && at + bytes == sent.size();
        auto builder = answer_to(answered_,
                                 fin         ? "FA"
                                 : bytes > 0 ? "PA"
                                             : "A",
                                 first_ + static_cast<std::uint32_t>(at));
        builder.ack(other_first_ + static_cast<std::uint32_t>(next()));
        if (bytes > 0) {
            const auto begin = sent.begin() + static_cast<std::ptrdiff_t>(at);
            builder.payload(Frame(begin, begin + static_cast<std::ptrdiff_t>(bytes)));
        } else if (!fin) {
            builder.option(sack());
        }
        return builder;
    }

    void receive(const Frame& frame, const End& other) {
        const net::Parsed p = net::parse(frame);
        ASSERT_TRUE(p.is_tcp() && net::is_l4_checksum_valid(frame, p)) << packets::describe(frame);
        const std::size_t offset = p.sequence - other_first_;
        ASSERT_LE(offset + p.segment_length(), has.size()) << packets::describe(frame);
        std::copy_n(frame.begin() + p.payload_offset, p.payload_bytes,
                    received.begin() + static_cast<std::ptrdiff_t>(offset));
        has.replace(offset, p.segment_length(), p.segment_length(), '\1');
        if (p.payload_bytes > 0 && offset >= unsaid_) {
            range_[0] = static_cast<std::uint32_t>(offset);
            range_[1] = static_cast<std::uint32_t>(offset + p.payload_bytes);
        }
        // An ACK from before the header may be overtaken by one of it: it says less than nothing.
        const auto ahead = static_cast<std::int32_t>(p.acknowledgement - first_);
        ASSERT_GE(ahead, -static_cast<std::int32_t>(other.unsaid_)) << packets::describe(frame);
        const auto acknowledged = static_cast<std::size_t>(std::max(ahead, 0));
        ASSERT_TRUE(other.has_all(0, acknowledged)) << packets::describe(frame);
        acknowledged_ = std::max(acknowledged_, acknowledged);
        const auto options = net::read_tcp_options(net::ConstBytes(frame).subspan(
            p.l4_offset + 20U, std::size_t{p.payload_offset} - p.l4_offset - 20U));
        for (std::size_t i = 0; i < options.sack_blocks.size(); i += sizeof(net::SackBlock)) {
            const auto block = net::load<net::SackBlock>(options.sack_blocks, i);
            ASSERT_TRUE(other.has_all(block.left.host() - first_, block.right.host() - first_))
                << packets::describe(frame);
        }
    }
    [[nodiscard]] bool is_done() const {
        return next() == has.size() && acknowledged_ == sent.size() + 1;
    }

  private:
    [[nodiscard]] std::size_t next() const { return std::min(has.find('\0'), has.size()); }
    // In the other end's offsets.
    [[nodiscard]] bool has_all(std::size_t begin, std::size_t end) const {
        begin += unsaid_;
        end += unsaid_;
        return begin <= end && end <= has.size() && has.find('\0', begin) >= end;
    }
    Frame sack() const {
        Frame option{1, 1, 5, 10};
        for (const std::uint32_t edge : range_)
            for (int shift = 24; shift >= 0; shift -= 8)
                option.push_back(static_cast<std::uint8_t>((other_first_ + edge) >> shift));
        return option;
    }

    Frame answered_;
    std::size_t unsaid_;
    std::uint32_t first_, other_first_;
    Random& random_;
    std::size_t acknowledged_ = 0;
    std::array<std::uint32_t, 2> range_{};  // that came last

  public:
    Frame sent, received;
    std::string has;  // of each offset, 1: for string's own search is quick in a sanitized test
};

struct Way {
    const char* name;
    Method method;
    Endpoints near, far;
    net::ProxyVersion proxy = net::ProxyVersion::none;
};

class Disorder : public testing::TestWithParam<Way> {
  protected:
    static constexpr unsigned lost_one_in = 20;
    static constexpr unsigned workers = 2;  // frames come to either, whoever owns their flow

    // What the end of a tunnel makes of a frame.
    static Frame opened(Frame frame) {
        if (GetParam().method != Method::tun) return frame;
        const std::ptrdiff_t outer = net::parse(frame).network == net::Network::ipv4 ? 20 : 40;
        const bool four = frame.at(static_cast<std::size_t>(14 + outer)) >> 4 == 4;
        frame.erase(frame.begin() + 14, frame.begin() + 14 + outer);
        frame[12] = four ? 0x08 : 0x86;
        frame[13] = four ? 0x00 : 0xdd;
        return frame;
    }
    static bool is_proxied() { return GetParam().proxy != net::ProxyVersion::none; }
    // What the server gets before all that this client says.
    Frame header_of_client(std::uint16_t port) const {
        const auto header =
            net::proxy_header(GetParam().proxy, {packets::address(world.at.client), port},
                              {packets::address(world.at.vip), 5672});
        return {header.bytes().begin(), header.bytes().end()};
    }
    static bool is_one_way() { return !flow::sees_both_sides(GetParam().method); }

    void put(std::vector<Frame>& wire, const Frame& frame) {
        if (!random.one_in(lost_one_in)) wire.push_back(frame);
    }
    Frame take(std::vector<Frame>& wire) {  // any: the others are overtaken
        std::swap(wire[random.below(wire.size())], wire.back());
        Frame frame = std::move(wire.back());
        wire.pop_back();
        return frame;
    }
    unsigned any_worker() { return static_cast<unsigned>(random.below(workers)); }
    void through_us(std::vector<Frame>& wire, unsigned port, std::vector<Frame>& onward) {
        if (wire.empty()) return;
        const std::vector<Frame> frames = world.send_raw(take(wire), any_worker(), port);
        ASSERT_GE(frames.size(), 1U);
        ASSERT_LE(frames.size(), is_proxied() && port == 0 ? 2U : 1U);
        for (const Frame& frame : frames)
            put(onward, port == 0 ? opened(frame) : frame);
    }

    void step(End& client, End& server) {
        switch (random.below(6)) {
            case 0:
                put(from_client, client.segment());
                break;
            case 1:
                put(is_one_way() ? to_client : from_server, server.segment());
                break;
            case 2:
                through_us(from_client, 0, to_server);
                break;
            case 3:
                through_us(from_server, 1, to_client);
                break;
            case 4:
                if (!to_server.empty()) server.receive(take(to_server), client);
                break;
            default:
                if (!to_client.empty()) client.receive(take(to_client), server);
                break;
        }
        world.advance(ms / 10);
    }

    MethodWorld world{GetParam().method, GetParam().near, GetParam().far, workers};
    Random random{17};
    std::vector<Frame> from_client, to_server, from_server, to_client;
};
INSTANTIATE_TEST_SUITE_P(
    Ways, Disorder,
    testing::Values(Way{"Fnat4", Method::fnat, ipv4, ipv4}, Way{"Fnat6", Method::fnat, ipv6, ipv6},
                    Way{"Fnat4To6", Method::fnat, ipv4, ipv6},
                    Way{"Fnat6To4", Method::fnat, ipv6, ipv4},
                    Way{"Fnat4Proxied", Method::fnat, ipv4, ipv4, net::ProxyVersion::v2},
                    Way{"Fnat6Proxied", Method::fnat, ipv6, ipv6, net::ProxyVersion::v1},
                    Way{"Fnat6To4Proxied", Method::fnat, ipv6, ipv4, net::ProxyVersion::v2},
                    Way{"Nat4Proxied", Method::nat, ipv4, ipv4, net::ProxyVersion::v1},
                    Way{"Nat4", Method::nat, ipv4, ipv4}, Way{"Nat6", Method::nat, ipv6, ipv6},
                    Way{"Dr4", Method::dr, ipv4, ipv4}, Way{"Dr6", Method::dr, ipv6, ipv6},
                    Way{"Tun4", Method::tun, ipv4, ipv4}, Way{"Tun6", Method::tun, ipv6, ipv6},
                    Way{"Tun4In6", Method::tun, ipv4, ipv6},
                    Way{"Tun6In4", Method::tun, ipv6, ipv4}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Disorder, BothEndsGetWhatTheOtherSent) {
    constexpr std::uint32_t server_isn = 0xffffff00;  // wraps soon
    world.change([](exchange::Snapshot& s) {
        for (exchange::Server& server : s.servers)
            server.proxy = GetParam().proxy;
    });
    for (std::uint16_t port = 4000; port < 4006; ++port) {
        SCOPED_TRACE(port);
        const auto there = world.send_raw(world.to_vip("S", port), any_worker());
        ASSERT_EQ(there.size(), 1U);
        const Frame syn = opened(there[0]);
        const Frame syn_ack = answer_to(syn, "SA", server_isn);
        auto back =
            is_one_way() ? std::vector<Frame>{syn_ack} : world.send_raw(syn_ack, any_worker(), 1);
        ASSERT_EQ(back.size(), 1U);
        // Whoever delivers it, the client's answers go to the virtual address's MAC.
        const auto link = answer_to(world.to_vip("S", port), "SA", 0).build();
        std::copy_n(link.begin(), 12, back[0].begin());

        const std::size_t up = 1 + random.below(8000);
        const std::size_t down = 1 + random.below(8000);
        End client(back[0], 1001, up, down, random);
        Frame expected = header_of_client(port);
        End server(syn, server_isn + 1, down, expected.size() + up, random, expected.size());
        while (!(client.is_done() && server.is_done()) && !HasFailure())
            step(client, server);
        expected.insert(expected.end(), client.sent.begin(), client.sent.end());
        EXPECT_TRUE(server.received == expected && client.received == server.sent);
        for (auto* wire : {&from_client, &to_server, &from_server, &to_client})
            wire->clear();
    }
    EXPECT_EQ(world.counted(&exchange::WorkerCounters::flows_admitted), 6U);
    EXPECT_EQ(world.counted(&exchange::WorkerCounters::generated) != 0, is_proxied());
    EXPECT_GT(world.counted(&exchange::WorkerCounters::handoff_in), 100U);
}

}  // namespace
}  // namespace warren::datapath
