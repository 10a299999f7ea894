// SPDX-License-Identifier: BSD-3-Clause
#include "flow/seq_shift.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
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

// A stream cut into random segments, lost and reordered, through the shift and back: the server
// reassembles exactly the client's stream, and the client understands each ACK and SACK.
TEST(SeqShift, RandomSegmentsReassembleAtTheServer) {
    std::mt19937 random(11);
    for (int round = 0; round < 300; ++round) {
        const auto isn = static_cast<std::uint32_t>(random());
        const auto delta = static_cast<std::uint32_t>(random());
        Packet stream(1 + random() % 5000);
        for (auto& b : stream)
            b = static_cast<std::uint8_t>(random());

        std::vector<Packet> sent;
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t n = std::min<std::size_t>(1 + random() % 700, stream.size() - at);
            sent.push_back(segment(isn + 1 + static_cast<std::uint32_t>(at), 1, ack, {},
                                   {stream.begin() + static_cast<std::ptrdiff_t>(at),
                                    stream.begin() + static_cast<std::ptrdiff_t>(at + n)}));
            at += n;
        }
        std::shuffle(sent.begin(), sent.end(), random);

        const std::uint32_t isn_at_server = isn + delta;
        std::map<std::uint32_t, Packet> received;  // by offset in the stream
        std::uint32_t next = 0;
        for (Packet& p : sent) {
            to_server(p, delta);
            ASSERT_TRUE(net::is_checksum_valid(p));
            const std::uint32_t offset = header(p).sequence.host() - isn_at_server - 1;
            received[offset] = {p.begin() + sizeof(net::TcpHeader), p.end()};
            for (auto it = received.find(next); it != received.end(); it = received.find(next))
                next += static_cast<std::uint32_t>(it->second.size());

            const auto length = static_cast<std::uint32_t>(received[offset].size());
            Packet reply = segment(
                1, isn_at_server + 1 + next, ack,
                sack_option({isn_at_server + 1 + offset, isn_at_server + 1 + offset + length},
                            random() % 3));
            to_client(reply, delta);
            ASSERT_TRUE(net::is_checksum_valid(reply));
            ASSERT_EQ(header(reply).acknowledgement.host(), isn + 1 + next);
            ASSERT_EQ(sack_edges(reply),
                      (std::vector<std::uint32_t>{isn + 1 + offset, isn + 1 + offset + length}));
        }
        Packet assembled;
        for (const auto& [offset, bytes] : received) {
            ASSERT_EQ(offset, assembled.size());
            assembled.insert(assembled.end(), bytes.begin(), bytes.end());
        }
        ASSERT_EQ(assembled, stream);
    }
}

}  // namespace
}  // namespace warren::flow
