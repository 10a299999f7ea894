// SPDX-License-Identifier: BSD-3-Clause
// What nftables is told, as text: the tables of a state, and the commands from one to another.
#include "kernel/guard_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ip.h"
#include "net/own_frames.h"

namespace warren::kernel {
namespace {

using testing_support::ip;

const net::IpAddress hosts = ip("10.2.0.1");
const net::IpAddress ours = ip("10.2.0.100");
const LocalService service{
    ip("10.4.0.100"), 5672, {{ip("10.4.0.11"), 5672, 2}, {ip("10.4.0.12"), 5673, 1}}};
const LocalService service6{ip("fd04::100"), 5672, {{ip("fd04::11"), 5672, 1}}};

GuardTable table(const GuardRules& rules, const std::string& name) {
    const std::vector<GuardTable> all = guard_tables("a b", rules);
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const GuardTable& one) { return one.name == name; });
    return found != all.end() ? *found : GuardTable{};
}

std::string chain(const GuardTable& table, const std::string& name) {
    for (const GuardTable::Chain& one : table.chains)
        if (one.name == name) return one.rules;
    return "none";
}

GuardTable on_eth0(InterfaceRules rules, const std::string& family = "netdev") {
    rules.interface = "eth0";
    return table({.interfaces = {std::move(rules)}}, family + " warren_eth0");
}

std::string ingress(InterfaceRules rules) {
    return chain(on_eth0(std::move(rules)), "ingress");
}

constexpr const char* no_vlans =
    "    @ll,96,16 { 0x8100, 0x88a8 } @ll,112,16 & 0x0fff != 0 accept\n";

// ---- of a shared interface

// Replies of NAT servers are ours to translate; a checker's connection is the kernel's.
TEST(GuardTables, NatReturnsAreDroppedUnlessTheyAreForTheKernel) {
    InterfaceRules rules;
    rules.nat_servers = {{ip("10.2.0.11"), 5672}, {ip("2001:db8::11"), 5671}};
    EXPECT_EQ(ingress(rules), no_vlans + std::string("    jump nat_returns\n"));
    EXPECT_EQ(chain(on_eth0(rules), "nat_returns"),
              std::string(R"(    ip saddr . tcp sport { 10.2.0.11 . 5672 } counter drop
    icmp type { 3, 11, 12 } @th,192,32 { 0x0a02000b } @th,240,16 { 5672 } counter drop
    ip6 saddr . tcp sport { 2001:db8::11 . 5671 } counter drop
    icmpv6 type { 1, 2, 3, 4 } @th,256,128 { 0x20010db8000000000000000000000011 } @th,400,16 { 5671 } counter drop
)"));
    rules.kernel_addresses = {hosts};
    EXPECT_NE(chain(on_eth0(rules), "nat_returns")
                  .find("    ip saddr . tcp sport { 10.2.0.11 . 5672 } ip daddr != { "
                        "10.2.0.1 } counter drop\n"),
              std::string::npos);
}

TEST(GuardTables, AddressesOfOursAloneAndAdverts) {
    InterfaceRules rules;
    rules.addresses = {ip("2001:db8::100"), ours, ours, ip("10.2.0.7")};
    rules.vrids = {52, 51};
    EXPECT_EQ(ingress(rules),
              no_vlans + std::string(R"(    ip daddr { 10.2.0.7, 10.2.0.100 } counter drop
    ip6 daddr { 2001:db8::100 } counter drop
    ip protocol 112 @th,8,8 { 51, 52 } counter drop
    ip protocol 51 @th,0,8 112 @th,200,8 { 51, 52 } counter drop
    ip6 nexthdr 112 @th,8,8 { 51, 52 } counter drop
    ip6 nexthdr 51 @th,0,8 112 @th,200,8 { 51, 52 } counter drop
)"));
    EXPECT_TRUE(on_eth0(rules, "ip").chains.empty());
}

TEST(GuardTables, OfTheHostsAddressesOurPart) {
    InterfaceRules rules;
    rules.services = {{ours, 5672}, {ip("2001:db8::100"), 5671}};
    rules.local_addresses = {ours};
    rules.fnat_servers = {{ip("10.2.0.11"), 5672}};
    rules.first_host_port = 32'768;
    rules.last_host_port = 60'999;
    rules.silent = {ours, ip("2001:db8::100")};
    EXPECT_EQ(ingress(rules), no_vlans + std::string(R"(    jump our_part
    arp operation request arp daddr ip { 10.2.0.100 } counter drop
    icmpv6 type nd-neighbor-solicit @th,64,128 { 0x20010db8000000000000000000000100 } counter drop
)"));
    const GuardTable eth0 = on_eth0(rules);
    EXPECT_EQ(
        chain(eth0, "our_part"),
        R"(    ip frag-off & 0x3fff == 0 ip daddr . tcp dport { 10.2.0.100 . 5672 } counter drop
    ip frag-off & 0x3fff == 0 ip saddr . tcp sport @servers_ip ip daddr { 10.2.0.100 } tcp dport != 32768-60999 counter drop
    ip6 daddr . tcp dport { 2001:db8::100 . 5671 } counter drop
)");
    EXPECT_EQ(eth0.sets, (std::vector<GuardTable::Set>{{"servers_ip", true, rules.fnat_servers}}));
}

TEST(GuardTables, WhatTheMasterSendsToAServiceOfTheHostPasses) {
    InterfaceRules rules;
    rules.services = {{ours, 5672}};
    rules.forwarded = {{{{2, 0, 0, 0, 0, 9}}, {ours, 5672}},
                       {{{2, 0, 0, 0, 0, 9}}, {ip("2001:db8::100"), 80}}};
    EXPECT_NE(ingress(rules).find("    ether saddr . ip daddr . tcp dport "
                                  "{ 02:00:00:00:00:09 . 10.2.0.100 . 5672 } accept\n"
                                  "    ether saddr . ip6 daddr . tcp dport "
                                  "{ 02:00:00:00:00:09 . 2001:db8::100 . 80 } accept\n"
                                  "    jump our_part\n"),
              std::string::npos);
    rules.is_translated = true;
    EXPECT_EQ(chain(on_eth0(rules, "ip"), "input")
                  .find("    ct status snat accept\n    ether saddr . ip daddr . tcp dport "
                        "{ 02:00:00:00:00:09 . 10.2.0.100 . 5672 } accept\n"),
              0U);
}

// What has come in fragments is joined by the kernel first.
TEST(GuardTables, OurPartOfJoinedDatagrams) {
    InterfaceRules rules;
    rules.services = {{ours, 5672}, {ip("2001:db8::100"), 5671}};
    EXPECT_EQ(
        on_eth0(rules, "ip").chains,
        (std::vector<GuardTable::Chain>{
            {"our_part", "",
             "    iifname \"eth0\" ip daddr . tcp dport { 10.2.0.100 . 5672 } counter drop\n"},
            {"input", "type filter hook input priority -500", "    jump our_part\n"}}));
}

TEST(GuardTables, TheHostSpeaksWithTheVirtualMac) {
    InterfaceRules rules;
    const net::MacAddress mac{{0, 0, 0x5e, 0, 1, 51}};
    rules.heard_macs = {mac};
    rules.senders = {{mac, ours}, {mac, ip("2001:db8::100")}};
    rules.link_local = ip("fe80::1");
    EXPECT_EQ(
        ingress(rules),
        no_vlans + std::string("    ether daddr { 00:00:5e:00:01:33 } meta pkttype set host\n"));
    EXPECT_EQ(chain(on_eth0(rules), "egress"),
              "    meta mark " + std::to_string(net::own_frames_mark) + R"( accept
    ip saddr { 10.2.0.100 } ether saddr set 00:00:5e:00:01:33
    arp saddr ip { 10.2.0.100 } arp saddr ether set 00:00:5e:00:01:33 ether saddr set 00:00:5e:00:01:33
    icmpv6 type nd-neighbor-solicit ip6 saddr { 2001:db8::100 } ip6 saddr set fe80::1
    ip6 saddr { 2001:db8::100 } ether saddr set 00:00:5e:00:01:33
)");
}

TEST(GuardTables, NothingOwnedNothingDropped) {
    EXPECT_EQ(on_eth0({}).chains,
              (std::vector<GuardTable::Chain>{
                  {"ingress", "type filter hook ingress device \"eth0\" priority -500", ""}}));
}

TEST(GuardTables, NamesAreWordsForNftAndDifferent) {
    const auto name = [](const std::string& interface) {
        GuardRules rules;
        rules.interfaces.push_back({.interface = interface});
        return guard_tables("i", rules).front().name;
    };
    EXPECT_EQ(name("eth0.100"), "netdev warren_eth0.100");
    EXPECT_EQ(name("br-lan"), "netdev warren_br-lan");
    EXPECT_EQ(name("a+b"), "netdev warren_a_2bb");
    EXPECT_NE(name("a_2bb"), name("a+b"));
    for (const char* impossible :
         {"", "a b", "a\"; flush ruleset", "a/b", "..", "sixteen-letters-", "a\n"})
        EXPECT_THROW(name(impossible), std::invalid_argument) << impossible;
}

// ---- of the host

TEST(GuardTables, NoAnswersOnOtherInterfaces) {
    EXPECT_EQ(table({.silent = {ours, ip("2001:db8::100")}}, "arp warren_local_a_b").chains,
              (std::vector<GuardTable::Chain>{
                  {"input", "type filter hook input priority 0",
                   "    arp operation request arp daddr ip { 10.2.0.100 } counter drop\n"}}));
    EXPECT_TRUE(table({.silent = {ip("2001:db8::100")}}, "arp warren_local_a_b").chains.empty());
}

GuardTable of_local(LocalRules rules) {
    return table({.local = std::move(rules)}, "inet warren_local_a_b");
}

TEST(GuardTables, ServersByWeightFromTheHostsOwnAddress) {
    GuardTable clients = of_local({{service, service6},
                                   {"eth0", "no interface's", "eth1"},
                                   {{{2, 0, 0, 0, 1, 7}}},
                                   {true, true}});
    EXPECT_EQ(commands(nullptr, clients), R"(table inet warren_local_a_b {
  flags owner;
  chain to_10.4.0.100_5672 {
    meta l4proto tcp dnat ip to numgen random mod 3 map { 0-1 : 10.4.0.11 . 5672, 2 : 10.4.0.12 . 5673 }
  }
  chain to_10.4.0.100 {
    tcp dport 5672 goto to_10.4.0.100_5672
  }
  chain from_10.4.0.100 {
    meta l4proto tcp ct original proto-dst { 5672 } masquerade
  }
  chain to_fd04__100_5672 {
    meta l4proto tcp dnat ip6 to numgen random mod 1 map { 0 : fd04::11 . 5672 }
  }
  chain to_fd04__100 {
    tcp dport 5672 goto to_fd04__100_5672
  }
  chain from_fd04__100 {
    meta l4proto tcp ct original proto-dst { 5672 } masquerade
  }
  chain to_servers {
    ip daddr 10.4.0.100 jump to_10.4.0.100
    ip6 daddr fd04::100 jump to_fd04__100
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump to_servers
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ct status dnat ct original ip daddr 10.4.0.100 jump from_10.4.0.100
    ct status dnat ct original ip6 daddr fd04::100 jump from_fd04__100
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    iifname { "lo", "eth0", "eth1" } return
    meta iiftype ether ether daddr != { 02:00:00:00:01:07 } return
    jump to_servers
  }
}
)");
    EXPECT_TRUE(of_local({}).chains.empty());
}

// FNAT's ports are not the kernel's.
TEST(GuardTables, WhatTheHostSendsFromAnAddressOfFnats) {
    LocalRules rules;
    rules.shared = {{ip("10.4.0.1"), ip("fd04::1")},
                    {{ip("10.4.0.11"), 5672}, {ip("10.4.0.12"), 5672}, {ip("fd04::11"), 80}},
                    32'768,
                    60'999};
    EXPECT_EQ(
        chain(of_local(rules), "postrouting"),
        R"(    ip saddr 10.4.0.1 ip daddr . tcp dport @servers_ip tcp sport != 32768-60999 snat ip to 10.4.0.1:32768-60999
    ip6 saddr fd04::1 ip6 daddr . tcp dport @servers_ip6 tcp sport != 32768-60999 snat ip6 to [fd04::1]:32768-60999
)");
    rules.services = {service};
    EXPECT_TRUE(
        chain(of_local(rules), "from_10.4.0.100").ends_with("5672 } masquerade to :32768-60999\n"));
    rules = {};
    rules.shared.addresses = {ip("10.4.0.1")};
    EXPECT_TRUE(of_local(rules).chains.empty()) << "the kernel has no ports of its own";
}

// Without hooks: a takeover adds those, and a rule for each VIP.
TEST(GuardTables, ServicesOfABackupAreMadeReady) {
    LocalService standby = service;
    standby.is_active = false;
    const GuardTable backup = of_local({{standby}}), master = of_local({{service}});
    for (const GuardTable::Chain& one : backup.chains)
        EXPECT_TRUE(one.type.empty()) << one.name;
    EXPECT_NE(chain(backup, "to_10.4.0.100_5672"), "none");
    EXPECT_EQ(commands(&backup, master).find("map"), std::string::npos);
}

// 200 addresses with 3,000 servers were 600,000 elements, and the manager was away for seconds.
TEST(GuardTables, GrowByTheSumOfAddressesAndServers) {
    const auto bytes_of = [](std::uint8_t many) {
        LocalRules rules;
        rules.shared = {{}, {}, 32'768, 60'999};
        for (std::uint8_t i = 0; i < many; ++i) {
            rules.shared.addresses.push_back(net::IpAddress::v4(10, 4, 0, i));
            rules.shared.servers.emplace_back(net::IpAddress::v4(10, 5, 0, i), 5672);
        }
        return commands(nullptr, of_local(rules)).size();
    };
    EXPECT_LT(bytes_of(100), 12 * bytes_of(10));
}

// Where nothing is forwarded the kernel refuses who comes by another interface, as without this.
TEST(GuardTables, ArrivalsOfAFamilyThatIsForwarded) {
    LocalRules rules{{service, service6}, {"eth0"}, {}};
    EXPECT_EQ(chain(of_local(rules), "prerouting"), "none");
    const auto jumps = [&](Forwarding forwarding, const std::string& line) {
        rules.forwarding = forwarding;
        return chain(of_local(rules), "prerouting").ends_with("    " + line + "\n");
    };
    EXPECT_TRUE(jumps({true, false}, "meta nfproto ipv4 jump to_servers"));
    EXPECT_TRUE(jumps({false, true}, "meta nfproto ipv6 jump to_servers"));
}

// What a worker sends on lo is led to the server's own address and port.
TEST(GuardTables, AServerThatIsThisHost) {
    LocalService own = service;
    own.own = {{{{2, 0, 0, 0, 1, 7}}, ip("10.4.0.1"), 7000}};
    LocalService own6 = service6;
    own6.targets.clear();
    own6.own = {{{{2, 0, 0, 0, 0, 8}}, ip("fd04::1"), 7000}};
    EXPECT_EQ(
        chain(of_local({{own, own6}}), "prerouting"),
        R"(    iifname "lo" @ll,48,48 0x020000000107 ip daddr 10.4.0.100 tcp dport 5672 dnat ip to 10.4.0.1:7000
    iifname "lo" @ll,48,48 0x020000000008 ip6 daddr fd04::100 tcp dport 5672 dnat ip6 to [fd04::1]:7000
)");
}

// ---- from one to another

const GuardTable::Chain one{"one", "type filter hook input priority 0", "    accept\n"};
const GuardTable::Chain two{"two", "", "    counter\n"};

GuardTable with(std::vector<GuardTable::Chain> chains) {
    return {.name = "ip t", .chains = std::move(chains)};
}

TEST(GuardCommands, OfOtherRulesInPlaceAndOfTheSameNothing) {
    const GuardTable before = with({one, two});
    GuardTable after = before;
    EXPECT_EQ(commands(&before, after), "");
    after.chains[1].rules = "    drop\n";
    EXPECT_EQ(commands(&before, after),
              "flush chain ip t two\n"
              "table ip t {\n  flags owner;\n  chain two {\n    drop\n  }\n}\n");
}

TEST(GuardCommands, ChainsAndTablesComeAndGo) {
    const GuardTable none = with({}), some = with({two}), all = with({one, two});
    EXPECT_EQ(commands(nullptr, none), "");
    EXPECT_EQ(commands(nullptr, some),
              "table ip t {\n  flags owner;\n  chain two {\n    counter\n  }\n}\n");
    EXPECT_EQ(commands(&some, all),
              "table ip t {\n  flags owner;\n  chain one {\n    type filter hook input priority 0; "
              "policy accept;\n    accept\n  }\n}\n");
    EXPECT_EQ(commands(&all, some),
              "flush chain ip t one\ndelete chain ip t one\ntable ip t {\n  flags owner;\n}\n");
    EXPECT_EQ(commands(&all, none), "delete table ip t\n");
}

TEST(GuardCommands, OfASetWhatHasComeAndGone) {
    GuardTable before = with({two});
    before.sets = {{"s", true, {{ip("10.0.0.1"), 1}, {ip("10.0.0.2"), 2}}}};
    EXPECT_EQ(commands(nullptr, before), R"(table ip t {
  flags owner;
  set s {
    type ipv4_addr . inet_service;
    elements = { 10.0.0.1 . 1, 10.0.0.2 . 2 }
  }
  chain two {
    counter
  }
}
)");
    GuardTable after = before;
    after.sets[0].endpoints = {{ip("10.0.0.2"), 2}, {ip("10.0.0.3"), 3}};
    EXPECT_EQ(commands(&before, after),
              "delete element ip t s { 10.0.0.1 . 1 }\nadd element ip t s { 10.0.0.3 . 3 }\n"
              "table ip t {\n  flags owner;\n}\n");
    after.sets.clear();
    EXPECT_EQ(commands(&before, after), "delete set ip t s\ntable ip t {\n  flags owner;\n}\n");
}

TEST(GuardCommands, ForAnInterfaceMadeAnewAllOfIt) {
    const GuardTable before = with({two});
    GuardTable after = before;
    after.ifindex = 7;
    after.is_owned = false;
    EXPECT_EQ(commands(&before, after),
              "delete table ip t\ntable ip t {\n  chain two {\n    counter\n  }\n}\n");
}

}  // namespace
}  // namespace warren::kernel
