// SPDX-License-Identifier: BSD-3-Clause
#include "net/proxy_header.h"

#include <gtest/gtest.h>

namespace warren::net {
namespace {

using Header = std::vector<std::uint8_t>;

Header with_signature(Header rest) {
    const Header signature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    rest.insert(rest.begin(), signature.begin(), signature.end());
    return rest;
}

TEST(ProxyHeader, Local) {
    EXPECT_EQ(proxy_header_local(), with_signature({0x20, 0x00, 0x00, 0x00}));
}

TEST(ProxyHeader, Ipv4) {
    EXPECT_EQ(
        proxy_header({IpAddress::v4(192, 0, 2, 1), 0x1234}, {IpAddress::v4(192, 0, 2, 2), 5672}),
        with_signature({0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x34, 0x16, 0x28}));
}

TEST(ProxyHeader, Ipv6) {
    const Header header = proxy_header({*IpAddress::parse("2001:db8::1"), 1},
                                       {*IpAddress::parse("2001:db8::2"), 5671});
    ASSERT_EQ(header.size(), 16U + 36U);
    EXPECT_EQ(header[13], 0x21) << "TCP over IPv6";
    EXPECT_EQ(header[15], 36) << "what follows";
    EXPECT_EQ(header[16], 0x20);
    EXPECT_EQ(header[31], 1);
    EXPECT_EQ(header[47], 2);
    EXPECT_EQ(Header(header.end() - 4, header.end()), (Header{0, 1, 0x16, 0x27}));
}

}  // namespace
}  // namespace warren::net
