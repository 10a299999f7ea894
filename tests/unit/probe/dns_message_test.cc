// SPDX-License-Identifier: BSD-3-Clause
#include "probe/dns_message.h"

#include <gtest/gtest.h>

namespace warren::probe {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(DnsMessage, AsksWithRecursionDesired) {
    EXPECT_EQ(*dns_query(0x1234, "a.bc", 1), (Bytes{0x12, 0x34, 1,   0, 0,   1,   0, 0, 0, 0, 0,
                                                    0,    1,    'a', 2, 'b', 'c', 0, 0, 1, 0, 1}));
    const Bytes root{0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1};
    EXPECT_EQ(*dns_query(7, ".", 6), root);
    EXPECT_EQ(*dns_query(7, "", 6), root);
    EXPECT_EQ(dns_query(7, "a.bc.", 1), dns_query(7, "a.bc", 1));
}

TEST(DnsMessage, RefusesNamesThatFitNoMessage) {
    EXPECT_FALSE(dns_query(1, "a..b", 1));
    EXPECT_FALSE(dns_query(1, ".a", 1));
    EXPECT_TRUE(dns_query(1, std::string(63, 'a'), 1));
    EXPECT_FALSE(dns_query(1, std::string(64, 'a'), 1));
    std::string longest;
    for (int i = 0; i < 127; ++i)
        longest += "a.";
    EXPECT_TRUE(dns_query(1, longest, 1)) << "255 octets";
    EXPECT_FALSE(dns_query(1, longest + "a", 1));
}

TEST(DnsMessage, KnowsKeepalivedsTypes) {
    EXPECT_EQ(dns_type("soa"), 6);
    EXPECT_EQ(dns_type("AAAA"), 28);
    EXPECT_FALSE(dns_type("PTR"));
}

TEST(DnsMessage, TakesAnswersToItsQueryOnly) {
    Bytes answer{0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
    EXPECT_EQ(dns_rcode(0x1234, answer), 0U);
    EXPECT_FALSE(dns_rcode(0x1235, answer));
    answer[3] = 0x83;
    EXPECT_EQ(dns_rcode(0x1234, answer), 3U);
    EXPECT_EQ(dns_rcode_name(3), "NXDOMAIN");
    EXPECT_EQ(dns_rcode_name(15), "an error");
    answer[2] = 0x01;
    EXPECT_FALSE(dns_rcode(0x1234, answer)) << "a query";
    answer.resize(11);
    EXPECT_FALSE(dns_rcode(0x1234, answer));
}

}  // namespace
}  // namespace warren::probe
