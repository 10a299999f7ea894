// SPDX-License-Identifier: BSD-3-Clause
// Addresses: text and back, the mapped form, order, prefixes.
#include "net/address.h"

#include <gtest/gtest.h>

namespace warren::net {
namespace {

TEST(IpAddress, TextAndBack) {
    for (const char* text :
         {"0.0.0.0", "192.168.8.100", "255.255.255.255", "::", "2001:db8::1", "fe80::1"}) {
        const auto ip = IpAddress::parse(text);
        ASSERT_TRUE(ip) << text;
        EXPECT_EQ(ip->to_string(), text);
    }
}

TEST(IpAddress, RefusesWhatIsNotOne) {
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", " 1.2.3.4", "1.2.3.4 ",
                             "1.2.3.4/24", "::1%eth0", "host"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(IpAddress, Ipv4IsMapped) {  // RFC 4291 2.5.5.2
    constexpr IpAddress four = IpAddress::v4(10, 0, 0, 1);
    static_assert(four.is_v4() && four.as_v4() == Be32(0x0a000001));
    static_assert(four == IpAddress::v4(Be32(0x0a000001)));
    EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), four);
    EXPECT_FALSE(IpAddress::parse("::10.0.0.1")->is_v4());
    EXPECT_FALSE(IpAddress::parse("1::ffff:10.0.0.1")->is_v4());
    EXPECT_FALSE(IpAddress::parse("::1:ffff:10.0.0.1")->is_v4());
    EXPECT_FALSE(IpAddress().is_v4());
    EXPECT_TRUE(IpAddress::v4(0, 0, 0, 0).is_v4());
}

TEST(IpAddress, OrdersAsABigEndianNumber) {  // RFC 9568 6.4.3
    EXPECT_LT(IpAddress::v4(10, 0, 0, 9), IpAddress::v4(10, 0, 0, 10));
    EXPECT_LT(IpAddress::v4(9, 255, 255, 255), IpAddress::v4(10, 0, 0, 0));
    EXPECT_LT(*IpAddress::parse("fe80::1"), *IpAddress::parse("fe80::1:0"));
}

TEST(IpAddress, DiffersInEachByte) {
    const IpAddress zero;
    for (std::size_t i = 0; i < 16; ++i) {
        std::array<std::uint8_t, 16> bytes{};
        bytes[i] = 1;
        EXPECT_NE(IpAddress::v6(bytes), zero) << i;
    }
}

TEST(Prefix, TextAndBack) {
    for (const char* text :
         {"192.168.8.0/24", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1/128"}) {
        const auto prefix = Prefix::parse(text);
        ASSERT_TRUE(prefix) << text;
        EXPECT_EQ(prefix->to_string(), text);
    }
    EXPECT_EQ(Prefix::parse("10.0.0.1")->length, 32);
    EXPECT_EQ(Prefix::parse("::1")->length, 128);
    for (const char* text :
         {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "/8"})
        EXPECT_FALSE(Prefix::parse(text)) << text;
}

TEST(Prefix, Contains) {
    struct Case {
        const char* prefix;
        const char* address;
        bool inside;
    };
    for (const Case& c :
         {Case{"192.168.8.0/24", "192.168.8.255", true},
          Case{"192.168.8.0/24", "192.168.9.0", false}, Case{"192.168.8.0/23", "192.168.9.0", true},
          Case{"0.0.0.0/0", "1.2.3.4", true}, Case{"0.0.0.0/0", "::1", false},
          Case{"::/0", "1.2.3.4", false}, Case{"2001:db8::/33", "2001:db8:8000::", false},
          Case{"10.0.0.1/32", "10.0.0.1", true}})
        EXPECT_EQ(Prefix::parse(c.prefix)->contains(*IpAddress::parse(c.address)), c.inside)
            << c.prefix << " " << c.address;
}

TEST(MacAddress, Text) {
    EXPECT_EQ(virtual_router_mac(51).to_string(), "00:00:5e:00:01:33");
    EXPECT_EQ(virtual_router_mac(255, true).to_string(), "00:00:5e:00:02:ff");
    EXPECT_TRUE(broadcast_mac.is_multicast());
    EXPECT_FALSE(virtual_router_mac(1).is_multicast());
}

}  // namespace
}  // namespace warren::net
