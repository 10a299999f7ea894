// SPDX-License-Identifier: BSD-3-Clause
// What nftables is told, as text.
#include "kernel/guard.h"

#include <gtest/gtest.h>

#include <string>

#include "ip.h"

namespace warren::kernel {
namespace {

using testing_support::ip;

const net::IpAddress hosts = ip("10.2.0.1");
const net::IpAddress ours = ip("10.2.0.100");

// Replies of NAT servers are ours to translate; a checker's connection is the kernel's.
TEST(GuardText, NatReturnsAreDroppedUnlessTheyAreForTheKernel) {
    InterfaceRules rules;
    rules.nat_servers = {{net::IpAddress::v4(10, 2, 0, 11), 5672},
                         {*net::IpAddress::parse("2001:db8::11"), 5671}};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ip saddr . tcp sport { 10.2.0.11 . 5672 } counter drop\n"
                        "    icmp type { 3, 11, 12 } @th,192,32 { 0x0a02000b } "
                        "@th,240,16 { 5672 } counter drop\n"
                        "    ip6 saddr . tcp sport { 2001:db8::11 . 5671 } counter drop\n"
                        "    icmpv6 type { 1, 2, 3, 4 } @th,256,128 "
                        "{ 0x20010db8000000000000000000000011 } @th,400,16 { 5671 } "
                        "counter drop\n"),
              std::string::npos);
    rules.kernel_addresses = {hosts};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ip saddr . tcp sport { 10.2.0.11 . 5672 } ip daddr != { 10.2.0.1 } "
                        "counter drop\n"),
              std::string::npos);
}

TEST(GuardText, OneTransactionReplacesTheTable) {
    InterfaceRules rules;
    rules.addresses = {*net::IpAddress::parse("2001:db8::100"), ours, ours,
                       net::IpAddress::v4(10, 2, 0, 7)};
    rules.vrids = {52, 51};
    EXPECT_EQ(guard_ruleset("eth0", rules, GuardTable::owned),
              R"(add table netdev warren_eth0 {
  flags owner;
}
delete table netdev warren_eth0
table netdev warren_eth0 {
  flags owner;
  chain ingress {
    type filter hook ingress device "eth0" priority -500; policy accept;
    @ll,96,16 { 0x8100, 0x88a8 } @ll,112,16 & 0x0fff != 0 accept
    ip daddr { 10.2.0.7, 10.2.0.100 } counter drop
    ip6 daddr { 2001:db8::100 } counter drop
    ip protocol 112 @th,8,8 { 51, 52 } counter drop
    ip protocol 51 @th,0,8 112 @th,200,8 { 51, 52 } counter drop
    ip6 nexthdr 112 @th,8,8 { 51, 52 } counter drop
    ip6 nexthdr 51 @th,0,8 112 @th,200,8 { 51, 52 } counter drop
  }
}
add table ip warren_eth0 {
  flags owner;
}
delete table ip warren_eth0
)");
}

TEST(GuardText, OfTheHostsAddressesOurPart) {
    InterfaceRules rules;
    rules.addresses = {};
    rules.services = {{ours, 5672}, {*net::IpAddress::parse("2001:db8::100"), 5671}};
    rules.local_addresses = {ours};
    rules.fnat_servers = {{net::IpAddress::v4(10, 2, 0, 11), 5672}};
    rules.first_host_port = 32'768;
    rules.last_host_port = 60'999;
    rules.silent = {ours, *net::IpAddress::parse("2001:db8::100")};
    EXPECT_NE(guard_ruleset("eth0", rules, GuardTable::plain)
                  .find("    ip frag-off & 0x3fff == 0 ip daddr . tcp dport { 10.2.0.100 . 5672 } "
                        "counter drop\n"
                        "    ip frag-off & 0x3fff == 0 ip saddr . tcp sport { 10.2.0.11 . 5672 } "
                        "ip daddr { 10.2.0.100 } tcp dport != 32768-60999 counter drop\n"
                        "    ip6 daddr . tcp dport { 2001:db8::100 . 5671 } counter drop\n"
                        "    arp operation request arp daddr ip { 10.2.0.100 } counter drop\n"
                        "    icmpv6 type nd-neighbor-solicit @th,64,128 "
                        "{ 0x20010db8000000000000000000000100 } counter drop\n"),
              std::string::npos)
        << guard_ruleset("eth0", rules, GuardTable::plain);
}

// What has come in fragments is joined by the kernel first.
TEST(GuardText, OurPartOfJoinedDatagrams) {
    InterfaceRules rules;
    rules.services = {{ours, 5672}, {*net::IpAddress::parse("2001:db8::100"), 5671}};
    const std::string text = guard_ruleset("eth0", rules, GuardTable::plain);
    EXPECT_NE(text.find("table ip warren_eth0 {\n"
                        "  chain input {\n"
                        "    type filter hook input priority -500; policy accept;\n"
                        "    iifname \"eth0\" ip daddr . tcp dport { 10.2.0.100 . 5672 } "
                        "counter drop\n"
                        "  }\n}\n"),
              std::string::npos)
        << text;
}

TEST(GuardText, NothingOwnedNothingDropped) {
    const std::string text = guard_ruleset("eth0", {}, GuardTable::plain);
    EXPECT_EQ(text.find("drop"), std::string::npos);
    EXPECT_EQ(text.find("owner"), std::string::npos);
}

TEST(GuardText, TableNamesAreWordsForNftAndDifferent) {
    EXPECT_EQ(guard_table_name("eth0.100"), "warren_eth0.100");
    EXPECT_EQ(guard_table_name("br-lan"), "warren_br-lan");
    EXPECT_EQ(guard_table_name("a+b"), "warren_a_2bb");
    EXPECT_NE(guard_table_name("a_2bb"), guard_table_name("a+b"));
}

}  // namespace
}  // namespace warren::kernel
