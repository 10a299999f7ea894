// SPDX-License-Identifier: BSD-3-Clause
// bfd_instance: what it means, and what the operator is told about it.
#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::schema {
namespace bfd_test {

using namespace config;
using namespace syntax;

const std::string neighbour = "neighbor_ip 10.0.0.9\n";

LoadResult load_bfd(const std::string& statements) {
    return load_text("bfd_instance B {\n" + statements + "}\n");
}

BfdInstance bfd(const std::string& statements) {
    const LoadResult result = load_bfd(statements);
    EXPECT_EQ(messages(result.diagnostics), "");
    return result.config.bfd_instances.at(0);
}

TEST(BfdInstance, DefaultsAreKeepaliveds) {
    const BfdInstance b = bfd(neighbour);
    EXPECT_EQ(b.name, "B");
    EXPECT_EQ(b.neighbor_ip, net::IpAddress::v4(10, 0, 0, 9));
    EXPECT_FALSE(b.source_ip);
    EXPECT_EQ(b.min_rx_ns, 10 * ns_per_ms);
    EXPECT_EQ(b.min_tx_ns, 10 * ns_per_ms);
    EXPECT_EQ(b.idle_tx_ns, ns_per_s);
    EXPECT_EQ(b.multiplier, 5);
    EXPECT_FALSE(b.passive);
    EXPECT_EQ(b.weight, 0);
    EXPECT_TRUE(b.for_vrrp && b.for_checkers);
}

TEST(BfdInstance, EachKeyword) {
    const BfdInstance b =
        bfd("neighbour_ip 2001:db8::9\nsource_ip 2001:db8::1\nmin_rx 50\nmin_tx 3.312\n"
            "idle_tx 2000\nmultiplier 3\npassive\nhoplimit 200\nmax_hops 4\nweight -20 reverse\n"
            "checker\n");
    EXPECT_EQ(b.neighbor_ip.to_string(), "2001:db8::9");
    EXPECT_EQ(b.source_ip->to_string(), "2001:db8::1");
    EXPECT_EQ(b.min_rx_ns, 50 * ns_per_ms);
    EXPECT_EQ(b.min_tx_ns, 3'312'000);
    EXPECT_EQ(b.idle_tx_ns, 2 * ns_per_s);
    EXPECT_EQ(b.multiplier, 3);
    EXPECT_TRUE(b.passive);
    EXPECT_EQ(b.ttl, 200);
    EXPECT_EQ(b.max_hops, 4);
    EXPECT_EQ(b.weight, -20);
    EXPECT_TRUE(b.reverse);
    EXPECT_FALSE(b.for_vrrp);
    EXPECT_TRUE(b.for_checkers);
}

TEST(BfdInstance, BothProcessesNamedIsBoth) {
    const BfdInstance b = bfd(neighbour + "vrrp\nchecker\n");
    EXPECT_TRUE(b.for_vrrp && b.for_checkers);
    EXPECT_FALSE(bfd(neighbour + "vrrp\n").for_checkers);
}

struct HopsRow {
    const char* statements;
    int sent, least;
};

TEST(BfdInstance, HowFarPacketsMayHaveCome) {
    const std::string v6 = "neighbor_ip 2001:db8::9\n";
    const std::pair<std::string, HopsRow> rows[] = {
        {neighbour, {"", 255, 255}},
        {v6, {"", 255, 64}},  // keepalived sends 64
        {v6, {"hoplimit 255\n", 255, 255}},
        {neighbour, {"max_hops 3\n", 255, 252}},
        {neighbour, {"ttl 64\nmax_hops 3\n", 64, 61}},
        {neighbour, {"ttl 2\nmax_hops 3\n", 2, 0}},
        {neighbour, {"max_hops 255\n", 255, 0}},
        {neighbour, {"max_hops -1\n", 255, 0}},
    };
    for (const auto& [address, row] : rows) {
        const BfdInstance b = bfd(address + row.statements);
        EXPECT_EQ(b.sent_ttl(), row.sent) << address << row.statements;
        EXPECT_EQ(b.least_ttl(), row.least) << address << row.statements;
    }
}

struct MessageRow {
    const char* statements;
    const char* told;
};

TEST(BfdInstance, WhatIsOddIsToldWithItsRepair) {
    const MessageRow rows[] = {
        {"min_rx 0\n",
         "3: warning: 'min_rx' must be from 1 to 4294967 milliseconds, not '0': 10 is taken, as in "
         "keepalived"},
        {"min_tx 4294968\n",
         "3: warning: 'min_tx' must be from 1 to 4294967 milliseconds, not '4294968': 10 is taken, "
         "as in keepalived"},
        {"idle_tx 999\n",
         "3: warning: 'idle_tx' must be from 1000 to 4294967 milliseconds, not '999': 1000 is "
         "taken, as in keepalived"},
        {"min_tx 20000\n",
         "3: warning: 'min_tx' counts milliseconds: '20000' is more than ten seconds"},
        {"min_rx fast\n", "3: warning: 'min_rx' must be a number of milliseconds, not 'fast'"},
        {"multiplier 0\n",
         "3: warning: 'multiplier' must be from 1 to 255, not '0': 5 is taken, as in keepalived"},
        {"ttl 256\n",
         "3: warning: 'ttl' must be from 1 to 255, not '256': it is left out, as in keepalived"},
        {"max_hops 256\n",
         "3: warning: 'max_hops' must be from -1 to 255, not '256': 0 is taken, as in keepalived"},
        {"source_ip fd00::1\n",
         "1: warning: the source_ip and the neighbor_ip of the bfd_instance 'B' are not of one "
         "family: it is left out"},
        {"neighbor_ip nobody\n", "'nobody' is no IP address"},
        {"neighbor_ip fe80::9\n", "it never comes up"},
        {"multipler 3\n",
         "3: error: unknown keyword 'multipler' in bfd_instance, did you mean 'multiplier'?"},
    };
    for (const MessageRow& row : rows)
        EXPECT_NE(messages(load_bfd(neighbour + row.statements).diagnostics).find(row.told),
                  std::string::npos)
            << messages(load_bfd(neighbour + row.statements).diagnostics);
}

TEST(BfdInstance, NamesAndAddressesAreItsOwn) {
    const std::string first = "bfd_instance B {\n" + neighbour + "}\n";
    const std::string again = "bfd_instance B {\nneighbor_ip 10.9.9.9\n}\n";
    const LoadResult twice = load_text(first + again);
    EXPECT_NE(messages(twice.diagnostics).find("the bfd_instance 'B' is given twice"),
              std::string::npos);
    EXPECT_TRUE(twice.ok() && twice.config.bfd_instances.size() == 1) << "as keepalived";
    const std::string second = "bfd_instance C {\n" + neighbour;
    EXPECT_NE(messages(load_text(first + second + "}\n").diagnostics)
                  .find("the bfd_instance 'C' has the addresses of 'B' (f:1)"),
              std::string::npos);
    EXPECT_TRUE(load_text(first + second + "source_ip 10.0.0.1\n}\n").ok());
}

TEST(BfdInstance, WhatIsForCheckersMovesNoAddress) {
    const LoadResult result =
        load_text("bfd_instance B {\n" + neighbour +
                  "checker\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n"
                  "virtual_ipaddress {\n10.0.0.1\n}\ntrack_bfd {\nB\n}\n}\n");
    EXPECT_TRUE(result.ok());
    EXPECT_TRUE(result.config.vrrp_instances.at(0).tracked.empty());
    EXPECT_NE(messages(result.diagnostics).find("the bfd_instance 'B' is for checkers only"),
              std::string::npos);
}

}  // namespace bfd_test
}  // namespace warren::schema
