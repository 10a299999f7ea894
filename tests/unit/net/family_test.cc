// SPDX-License-Identifier: BSD-3-Clause
// What a forwarder asks of Ip4 and Ip6: the same test for both. Judged by describe(), which checks
// every checksum from scratch.
#include "net/family.h"

#include <gtest/gtest.h>

#include "net/parse.h"
#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::address;
using packets::describe;
using packets::Frame;
using packets::PacketBuilder;

template <typename Family>
struct Names;
template <>
struct Names<Ip4> {
    static constexpr const char* client = "203.0.113.9";
    static constexpr const char* vip = "192.168.8.100";
    static constexpr const char* server = "192.168.8.11";
    static constexpr const char* text = "IPv4 192.168.8.100 > 192.168.8.11 ttl 63 DF";
};
template <>
struct Names<Ip6> {
    static constexpr const char* client = "2001:db8:9::9";
    static constexpr const char* vip = "2001:db8::100";
    static constexpr const char* server = "2001:db8::11";
    static constexpr const char* text = "IPv6 2001:db8::100 > 2001:db8::11 ttl 63";
};

template <typename Family>
class FamilyTest : public testing::Test {};
using Families = testing::Types<Ip4, Ip6>;
TYPED_TEST_SUITE(FamilyTest, Families, );

TYPED_TEST(FamilyTest, RedirectsASegment) {
    using N = Names<TypeParam>;
    Frame frame = PacketBuilder().ip(N::client, N::vip).tcp(40000, 5672, "PA").payload("abc");
    const Parsed p = parse(frame);
    auto& ip = header_in<typename TypeParam::Header>(frame, p.l3_offset);
    auto& tcp = header_in<TcpHeader>(frame, p.l4_offset);

    ChecksumDelta l4;
    const auto hop_limit = static_cast<std::uint8_t>(TypeParam::hop_limit(ip) - 1);
    TypeParam::redirect(ip, TypeParam::narrow(address(N::vip)),
                        TypeParam::narrow(address(N::server)), hop_limit, l4);
    l4.replace(tcp.source_port, Be16(2048));
    tcp.source_port = Be16(2048);
    tcp.checksum = l4.apply(tcp.checksum);

    EXPECT_EQ(describe(frame), "02:00:00:00:00:01 > 02:00:00:00:00:02 " + std::string(N::text) +
                                   " TCP 2048 > 5672 [PA] seq 0 ack 0 win 65535 \"abc\"");
}

TYPED_TEST(FamilyTest, EveryHopLimitChangeKeepsTheHeaderChecksum) {
    using N = Names<TypeParam>;
    for (unsigned from = 0; from < 256; ++from) {
        Frame frame =
            PacketBuilder().ip(N::client, N::vip).ttl(static_cast<std::uint8_t>(from)).protocol(47);
        auto& ip = header_in<typename TypeParam::Header>(frame, 14);
        TypeParam::set_hop_limit(ip, 64);
        EXPECT_EQ(Frame(PacketBuilder().ip(N::client, N::vip).ttl(64).protocol(47)), frame);
    }
}

TYPED_TEST(FamilyTest, WritesAWholeHeader) {
    using N = Names<TypeParam>;
    IpFields<typename TypeParam::Address> fields;
    fields.source = TypeParam::narrow(address(N::client));
    fields.destination = TypeParam::narrow(address(N::vip));
    fields.protocol = IpProtocol::tcp;
    fields.hop_limit = 9;
    fields.traffic_class = 0xc0;
    fields.l4_bytes = 20;
    Frame written(TypeParam::header_bytes);
    TypeParam::write(header_in<typename TypeParam::Header>(written, 0), fields);
    const Frame expected = PacketBuilder().ip(N::client, N::vip).ttl(9).tos(0xc0).tcp(1, 2, "A");
    EXPECT_EQ(written,
              Frame(expected.begin() + 14, expected.begin() + 14 + TypeParam::header_bytes));
    const auto& header = header_at<typename TypeParam::Header>(written, 0);
    EXPECT_EQ(TypeParam::traffic_class(header), 0xc0);
    EXPECT_EQ(TypeParam::hop_limit(header), 9);
}

// NAT64's primitives: write the other header, exchange the pseudo header.
TEST(Family, TranslatesASegmentFromIpv6ToIpv4) {
    const Frame six = PacketBuilder().ip("2001:db8::1", "2001:db8::2").tcp(1, 2, "S").seq(5);
    const Parsed p = parse(six);
    const auto& in = header_at<Ipv6Header>(six, p.l3_offset);
    IpFields<Be32> out;
    out.source = address("10.0.0.1").as_v4();
    out.destination = address("10.0.0.2").as_v4();
    out.protocol = p.protocol;
    out.hop_limit = Ip6::hop_limit(in);
    out.l4_bytes = static_cast<std::uint16_t>(p.l4_bytes());

    Frame four(14 + 20 + p.l4_bytes());
    std::copy(six.begin(), six.begin() + 12, four.begin());
    store(four, 12, Be16(0x0800));
    Ip4::write(header_in<Ipv4Header>(four, 14), out);
    std::copy(six.begin() + p.l4_offset, six.end(), four.begin() + 34);
    ChecksumDelta delta;
    delta.replace_sum(Ip6::pseudo_header(in.source, in.destination, p.protocol, p.l4_bytes()),
                      Ip4::pseudo_header(out.source, out.destination, p.protocol, p.l4_bytes()));
    auto& tcp = header_in<TcpHeader>(four, 34);
    tcp.checksum = delta.apply(tcp.checksum);

    EXPECT_EQ(describe(four),
              describe(Frame(PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(1, 2, "S").seq(5))));
}

}  // namespace
}  // namespace warren::net
