// SPDX-License-Identifier: BSD-3-Clause
#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::net {
namespace {

using Header = std::vector<std::uint8_t>;

Header bytes_of(const ProxyHeader& header) {
    return {header.bytes().begin(), header.bytes().end()};
}

std::string text_of(const ProxyHeader& header) {
    return {header.bytes().begin(), header.bytes().end()};
}

Header with_signature(Header rest) {
    const Header signature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    rest.insert(rest.begin(), signature.begin(), signature.end());
    return rest;
}

TEST(ProxyHeader, Ipv4) {
    EXPECT_EQ(
        bytes_of(proxy_header(ProxyVersion::v2, {IpAddress::v4(192, 0, 2, 1), 0x1234},
                              {IpAddress::v4(192, 0, 2, 2), 5672})),
        with_signature({0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x34, 0x16, 0x28}));
}

TEST(ProxyHeader, Ipv6) {
    const Header header =
        bytes_of(proxy_header(ProxyVersion::v2, {*IpAddress::parse("2001:db8::1"), 1},
                              {*IpAddress::parse("2001:db8::2"), 5671}));
    ASSERT_EQ(header.size(), 16U + 36U);
    EXPECT_EQ(header[13], 0x21) << "TCP over IPv6";
    EXPECT_EQ(header[15], 36) << "what follows";
    EXPECT_EQ(header[16], 0x20);
    EXPECT_EQ(header[31], 1);
    EXPECT_EQ(header[47], 2);
    EXPECT_EQ(Header(header.end() - 4, header.end()), (Header{0, 1, 0x16, 0x27}));
}

TEST(ProxyHeader, InWords) {
    EXPECT_EQ(text_of(proxy_header(ProxyVersion::v1, {IpAddress::v4(192, 0, 2, 1), 65'535},
                                   {IpAddress::v4(10, 20, 0, 255), 80})),
              "PROXY TCP4 192.0.2.1 10.20.0.255 65535 80\r\n");
    EXPECT_EQ(text_of(proxy_header(ProxyVersion::v1, {*IpAddress::parse("2001:db8::1"), 1},
                                   {*IpAddress::parse("::2"), 5671})),
              "PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:2 1 5671\r\n");
}

TEST(ProxyHeader, TheLongestOneFits) {
    const IpAddress longest = *IpAddress::parse("fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    const ProxyHeader header = proxy_header(ProxyVersion::v1, {longest, 65'535}, {longest, 65'535});
    EXPECT_LE(header.size(), ProxyHeader::most);
    EXPECT_GE(header.size(), 100U);
}

TEST(ProxyHeader, NoVersionIsEmpty) {
    EXPECT_EQ(proxy_header(ProxyVersion::none, {}, {}).size(), 0U);
}

}  // namespace
}  // namespace warren::net
