// SPDX-License-Identifier: BSD-3-Clause
#include "flow/seq_shift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace warren::flow {
namespace {

using net::tcp_flag::ack;
using Packet = std::vector<std::uint8_t>;

// A TCP header with `options` (padded) and `payload`, its checksum right over these bytes.
Packet segment(std::uint32_t seq, std::uint32_t ack_number, std::uint8_t flags, Packet options,
               const Packet& payload = {}) {
    while (options.size() % 4 != 0)
        options.push_back(1);
    const std::size_t header_bytes = sizeof(net::TcpHeader) + options.size();
    Packet p(header_bytes + payload.size());
    std::copy(options.begin(), options.end(), p.begin() + sizeof(net::TcpHeader));
    std::copy(payload.begin(), payload.end(),
              p.begin() + static_cast<std::ptrdiff_t>(header_bytes));
    auto& tcp = net::header_in<net::TcpHeader>(p, 0);
    tcp.offset_and_reserved = static_cast<std::uint8_t>(header_bytes / 4 << 4);
    tcp.sequence = net::Be32(seq);
    tcp.acknowledgement = net::Be32(ack_number);
    tcp.flags = flags;
    tcp.checksum = net::internet_checksum(p);
    return p;
}

net::TcpHeader& header(Packet& p) {
    return net::header_in<net::TcpHeader>(p, 0);
}

void to_server(Packet& p, std::uint32_t delta) {
    net::ChecksumDelta l4;
    shift_sequence(header(p), delta, l4);
    header(p).checksum = l4.apply(header(p).checksum);
}

void to_client(Packet& p, std::uint32_t delta) {
    net::ChecksumDelta l4;
    unshift_acknowledgement(net::Bytes(p).first(header(p).header_bytes()), delta, l4);
    header(p).checksum = l4.apply(header(p).checksum);
}

Packet sack_option(const std::vector<std::uint32_t>& edges, std::size_t no_operations) {
    Packet option(no_operations, 1);
    option.push_back(5);
    option.push_back(static_cast<std::uint8_t>(2 + 4 * edges.size()));
    for (const std::uint32_t e : edges)
        for (int s = 24; s >= 0; s -= 8)
            option.push_back(static_cast<std::uint8_t>(e >> s));
    return option;
}

std::vector<std::uint32_t> sack_edges(const Packet& p) {
    std::vector<std::uint32_t> edges;
    const auto read = net::read_tcp_options(net::ConstBytes(p).subspan(sizeof(net::TcpHeader)));
    for (std::size_t i = 0; i < read.sack_blocks.size(); i += 4)
        edges.push_back(net::load<net::Be32>(read.sack_blocks, i).host());
    return edges;
}

TEST(SeqShift, ClientToServerMovesTheSequenceOnly) {
    Packet p = segment(0xfffffff0, 77, ack, {}, {1, 2, 3});
    to_server(p, 0x20);
    EXPECT_EQ(header(p).sequence.host(), 0x10U);
    EXPECT_EQ(header(p).acknowledgement.host(), 77U);
    EXPECT_TRUE(net::is_checksum_valid(p));
}

TEST(SeqShift, ServerToClientMovesAckAndSackEdgesAtAnyOffset) {
    for (std::size_t nops = 0; nops < 4; ++nops) {
        Packet p = segment(5, 1000, ack, sack_option({2000, 3000, 4000, 50}, nops), {9});
        to_client(p, 100);
        EXPECT_EQ(header(p).sequence.host(), 5U);
        EXPECT_EQ(header(p).acknowledgement.host(), 900U);
        EXPECT_EQ(sack_edges(p), (std::vector<std::uint32_t>{1900, 2900, 3900, 0xffffffce}));
        EXPECT_TRUE(net::is_checksum_valid(p)) << nops;
    }
}

TEST(SeqShift, WithoutTheAckFlagNothingMoves) {
    Packet p = segment(5, 1000, net::tcp_flag::rst, sack_option({2000, 3000}, 2));
    const Packet before = p;
    to_client(p, 100);
    EXPECT_EQ(p, before);
}

TEST(SeqShift, MalformedOptionsStayAsTheyAre) {
    for (const Packet& options :
         {Packet{5, 9, 1, 2, 3, 4, 5, 6, 7}, Packet{5, 200}, Packet{5, 0, 1, 1},
          Packet{0, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8}, Packet{1, 1, 1, 5}}) {
        Packet p = segment(5, 1000, ack, options);
        Packet expected = segment(5, 900, ack, options);
        to_client(p, 100);
        EXPECT_EQ(p, expected);
    }
}

TEST(SeqShift, AWrongChecksumStaysWrong) {
    Packet p = segment(5, 1000, ack, sack_option({1, 2}, 1));
    p[0] ^= 0x40;
    to_client(p, 100);
    EXPECT_FALSE(net::is_checksum_valid(p));
}

// A stream cut into random segments, anew whenever it is sent again, through the shift to a server
// and its answers back: segments and answers are lost and overtake each other, yet the server
// reassembles exactly the client's stream and the client understands each ACK and SACK.
class LossyStream {
  public:
    explicit LossyStream(std::uint32_t seed) : random_(seed), stream_(1 + below(5000)) {
        for (auto& b : stream_)
            b = static_cast<std::uint8_t>(random_());
        isn_ = static_cast<std::uint32_t>(random_());
        delta_ = static_cast<std::uint32_t>(random_());
        assembled_.resize(stream_.size());
        has_.resize(stream_.size());
    }

    void run() {
        while (acknowledged_ < stream_.size() && !testing::Test::HasFailure()) {
            switch (below(3)) {
                case 0:
                    send();
                    break;
                case 1:
                    if (!on_way_there_.empty()) reach_server(take(on_way_there_));
                    break;
                default:
                    if (!on_way_back_.empty()) reach_client(take(on_way_back_));
                    break;
            }
        }
        EXPECT_EQ(assembled_, stream_);
    }

  private:
    std::size_t below(std::size_t n) { return random_() % n; }
    bool is_lost() { return below(10) == 0; }
    Packet take(std::vector<Packet>& from) {  // any: the others are overtaken
        std::swap(from[below(from.size())], from.back());
        Packet p = std::move(from.back());
        from.pop_back();
        return p;
    }

    void send() {
        const std::size_t left = stream_.size() - acknowledged_;
        const std::size_t at = acknowledged_ + (below(2) == 0 ? 0 : below(left));
        const std::size_t n = std::min(1 + below(700), stream_.size() - at);
        const auto begin = stream_.begin() + static_cast<std::ptrdiff_t>(at);
        if (!is_lost())
            on_way_there_.push_back(segment(isn_ + 1 + static_cast<std::uint32_t>(at), 1, ack, {},
                                            {begin, begin + static_cast<std::ptrdiff_t>(n)}));
    }
    void reach_server(Packet p) {
        to_server(p, delta_);
        ASSERT_TRUE(net::is_checksum_valid(p));
        const std::uint32_t first = isn_ + delta_ + 1;
        const std::uint32_t offset = header(p).sequence.host() - first;
        const auto size = static_cast<std::uint32_t>(p.size() - sizeof(net::TcpHeader));
        ASSERT_LE(offset + size, stream_.size());
        std::copy(p.begin() + sizeof(net::TcpHeader), p.end(), assembled_.begin() + offset);
        std::fill_n(has_.begin() + offset, size, true);
        const auto next =
            static_cast<std::uint32_t>(std::find(has_.begin(), has_.end(), false) - has_.begin());
        if (!is_lost())
            on_way_back_.push_back(
                segment(1, first + next, ack,
                        sack_option({first + offset, first + offset + size}, below(4))));
    }
    void reach_client(Packet p) {
        to_client(p, delta_);
        ASSERT_TRUE(net::is_checksum_valid(p));
        const std::uint32_t all = header(p).acknowledgement.host() - isn_ - 1;
        const std::vector<std::uint32_t> edges = sack_edges(p);
        ASSERT_EQ(edges.size(), 2U);
        const auto has_range = [this](std::uint32_t begin, std::uint32_t end) {
            return begin <= end && end <= has_.size() &&
                   std::find(has_.begin() + begin, has_.begin() + end, false) == has_.begin() + end;
        };
        ASSERT_TRUE(has_range(0, all)) << all;
        ASSERT_TRUE(has_range(edges[0] - isn_ - 1, edges[1] - isn_ - 1)) << edges[0] - isn_ - 1;
        acknowledged_ = std::max<std::size_t>(acknowledged_, all);
    }

    std::mt19937 random_;
    Packet stream_, assembled_;
    std::uint32_t isn_, delta_;
    std::vector<bool> has_;         // of each byte whether the server has it
    std::size_t acknowledged_ = 0;  // as far as the client knows
    std::vector<Packet> on_way_there_, on_way_back_;
};

TEST(SeqShift, LostAndReorderedSegmentsReassembleAtTheServer) {
    for (std::uint32_t round = 0; round < 300 && !HasFailure(); ++round) {
        SCOPED_TRACE(round);
        LossyStream(round).run();
    }
}

}  // namespace
}  // namespace warren::flow
