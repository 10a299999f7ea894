// SPDX-License-Identifier: BSD-3-Clause
// The table that leads the host's own programs to real_servers: its text, and that the real kernel
// sends them there, by weight. In a namespace of the test's own: the "servers" are two listeners on
// lo, the VIP is 10.4.0.100 on lo.
#include "kernel/local_clients.h"
#include "kernel/local_service.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../health/own_namespace.h"
#include "ip.h"

namespace warren::kernel {
namespace {

using testing_support::ip;
using testing_support::run;

const LocalService service{
    ip("10.4.0.100"), 5672, {{ip("10.4.0.11"), 5672, 2}, {ip("10.4.0.12"), 5673, 1}}};
const LocalService service6{ip("fd04::100"), 5672, {{ip("fd04::11"), 5672, 1}}};

TEST(LocalClientsText, ServersByWeightFromTheHostsOwnAddress) {
    EXPECT_EQ(
        local_clients_ruleset(
            "a b", {{service, service6}, {"eth0", "eth1"}, {{{2, 0, 0, 0, 1, 7}}}, {true, true}},
            true),
        R"(add table inet warren_local_a_b {
  flags owner;
}
delete table inet warren_local_a_b
table inet warren_local_a_b {
  flags owner;
  chain to_servers {
    ip daddr 10.4.0.100 tcp dport 5672 dnat ip to numgen random mod 3 map { 0-1 : 10.4.0.11 . 5672, 2 : 10.4.0.12 . 5673 }
    ip6 daddr fd04::100 tcp dport 5672 dnat ip6 to numgen random mod 1 map { 0 : fd04::11 . 5672 }
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump to_servers
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    meta l4proto tcp ct status dnat ct original ip daddr 10.4.0.100 ct original proto-dst 5672 masquerade
    meta l4proto tcp ct status dnat ct original ip6 daddr fd04::100 ct original proto-dst 5672 masquerade
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    iifname { "lo", "eth0", "eth1" } return
    meta iiftype ether ether daddr != { 02:00:00:00:01:07 } return
    jump to_servers
  }
}
)");
    EXPECT_EQ(local_clients_ruleset("a", {}, false),
              "add table inet warren_local_a {\n}\ndelete table inet warren_local_a\n");
}

// FNAT's ports are not the kernel's.
TEST(LocalClientsText, WhatTheHostSendsFromAnAddressOfFnats) {
    LocalRules rules;
    rules.shared = {{ip("10.4.0.1"), ip("fd04::1")},
                    {{ip("10.4.0.11"), 5672}, {ip("10.4.0.12"), 5672}, {ip("fd04::11"), 80}},
                    32'768,
                    60'999};
    EXPECT_EQ(local_clients_ruleset("a", rules, false),
              R"(add table inet warren_local_a {
}
delete table inet warren_local_a
table inet warren_local_a {
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr 10.4.0.1 ip daddr . tcp dport { 10.4.0.11 . 5672, 10.4.0.12 . 5672 } tcp sport != 32768-60999 snat ip to 10.4.0.1:32768-60999
    ip6 saddr fd04::1 ip6 daddr . tcp dport { fd04::11 . 80 } tcp sport != 32768-60999 snat ip6 to [fd04::1]:32768-60999
  }
}
)");
    rules.services = {service};
    EXPECT_NE(local_clients_ruleset("a", rules, false).find("5672 masquerade to :32768-60999\n"),
              std::string::npos);
    rules = {};
    rules.shared.addresses = {ip("10.4.0.1")};
    EXPECT_EQ(local_clients_ruleset("a", rules, false), local_clients_ruleset("a", {}, false))
        << "the kernel has no ports of its own";
}

// Where nothing is forwarded the kernel refuses who comes by another interface, as without this.
TEST(LocalClientsText, ArrivalsOfAFamilyThatIsForwarded) {
    LocalRules rules{{service, service6}, {"eth0"}, {}};
    EXPECT_EQ(local_clients_ruleset("a", rules, false).find("prerouting"), std::string::npos);
    rules.forwarding.ipv4 = true;
    EXPECT_NE(
        local_clients_ruleset("a", rules, false).find("    meta nfproto ipv4 jump to_servers\n"),
        std::string::npos);
    rules = {{service, service6}, {"eth0"}, {}, {false, true}};
    EXPECT_NE(
        local_clients_ruleset("a", rules, false).find("    meta nfproto ipv6 jump to_servers\n"),
        std::string::npos);
}

// What a worker sends on lo is led to the server's own address and port.
TEST(LocalClientsText, AServerThatIsThisHost) {
    LocalService own = service;
    own.own = {{{{2, 0, 0, 0, 1, 7}}, ip("10.4.0.1"), 7000}};
    LocalService own6 = service6;
    own6.targets.clear();
    own6.own = {{{{2, 0, 0, 0, 0, 8}}, ip("fd04::1"), 7000}};
    const std::string text = local_clients_ruleset("a", {{own, own6}}, false);
    EXPECT_NE(text.find("hook prerouting priority -100; policy accept;\n"
                        "    iifname \"lo\" @ll,48,48 0x020000000107 ip daddr 10.4.0.100 tcp dport "
                        "5672 dnat ip to 10.4.0.1:7000\n"
                        "    iifname \"lo\" @ll,48,48 0x020000000008 ip6 daddr fd04::100 tcp dport "
                        "5672 dnat ip6 to [fd04::1]:7000\n"),
              std::string::npos)
        << text;
}

int listener(const char* address, std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    inet_pton(AF_INET, address, &at.sin_addr);
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(fd, 100), 0);
    return fd;
}

bool is_served() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(5672);
    inet_pton(AF_INET, "10.4.0.100", &at.sin_addr);
    const bool served = connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    close(fd);
    return served;
}

TEST(LocalClients, TheKernelTakesAndForgetsTheTable) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    for (const char* address : {"10.4.0.100/32", "10.4.0.11/32", "10.4.0.12/32", "fd04::100/128"})
        ASSERT_TRUE(run(std::string("ip addr add ") + address + " dev lo"));
    const int one = listener("10.4.0.11", 5672);
    const int two = listener("10.4.0.12", 5673);
    EXPECT_FALSE(is_served()) << "nobody listens on the VIP";
    {
        LocalClients clients("t");
        EXPECT_EQ(clients.follow({{service, service6}, {"eth0"}, {{{2, 0, 0, 0, 1, 7}}}}), "");
        for (int i = 0; i < 40; ++i)
            EXPECT_TRUE(is_served());
        for (const int each : {one, two}) {
            const int accepted = accept4(each, nullptr, nullptr, SOCK_NONBLOCK);
            EXPECT_GE(accepted, 0) << "both serve";
            close(accepted);
        }
        LocalService none = service;
        none.targets.clear();
        EXPECT_EQ(clients.follow({{none}}), "");
        EXPECT_FALSE(is_served());
        EXPECT_EQ(clients.follow({{service}}), "");
        EXPECT_TRUE(is_served());
    }
    EXPECT_FALSE(is_served());
    EXPECT_TRUE(run("test -z \"$(nft list tables)\""));
    close(one);
    close(two);
}

}  // namespace
}  // namespace warren::kernel
