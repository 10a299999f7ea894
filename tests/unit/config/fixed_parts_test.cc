// SPDX-License-Identifier: BSD-3-Clause
// What only a restart can exchange, and what a reload may.
#include "config/fixed_parts.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"

namespace warren::config {
namespace fixed_parts_test {

using namespace schema;
using namespace syntax;

std::string instance(const std::string& name, int id, const std::string& more = "") {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " + std::to_string(id) +
           "\nvirtual_ipaddress {\n10.0.0." + std::to_string(id) + "\n}\n" + more + "}\n";
}

const std::string service =
    "virtual_server 10.0.0.1 5672 {\nprotocol TCP\nlb_kind FNAT\nreal_server 10.0.1.1 5672 "
    "{\n}\n}\n";

std::string change(const std::string& running, const std::string& wanted) {
    return changed_fixed_part(load_text(running).config, load_text(wanted).config);
}

TEST(FixedParts, NearlyAllIsNone) {
    const std::string a = instance("A", 1);
    const std::string b = instance("B", 2);
    EXPECT_EQ(change(a, a + service), "");
    EXPECT_EQ(change(a + b, a + instance("B", 2, "priority 7\n")), "");
    EXPECT_EQ(change(a + b, b), "");
    EXPECT_EQ(change(a + b, a + b + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n"), "");
    EXPECT_EQ(change(a, "vrrp_script S {\nscript \"/bin/true\"\n}\n" + a), "");
    EXPECT_EQ(change(a, "global_defs {\nrouter_id X\n}\n" + a), "");
    EXPECT_EQ(change(a, "dataplane {\nhttp 127.0.0.1:9721\n}\n" + a), "");
}

TEST(FixedParts, WhatTheDataPlaneIsMadeOfIsNamed) {
    const std::string a = instance("A", 1);
    const auto keyword = [&](const std::string& statement) {
        return change(a, "dataplane {\n" + statement + "\n}\n" + a);
    };
    EXPECT_EQ(keyword("workers 2"), "dataplane has changed (workers 1 -> 2)");
    EXPECT_EQ(keyword("flows 128"), "dataplane has changed (flows 65536 -> 128)");
    EXPECT_EQ(keyword("control_priority 7"), "dataplane has changed (control_priority)");
    EXPECT_EQ(keyword("idle busy"), "dataplane has changed (idle)");
    EXPECT_EQ(keyword("host_addresses off"), "dataplane has changed (host_addresses)");
    const std::string sync = "flow_sync {\nlocal 10.9.0.1\npeer 10.9.0.2\nkey_file /k\n";
    EXPECT_EQ(change(a, sync + "}\n" + a), "flow_sync has changed");
    EXPECT_EQ(change(sync + "}\n" + a, sync + "defer 10\n}\n" + a), "flow_sync has changed");
    EXPECT_EQ(change(sync + "}\n" + a, sync + "}\n" + a), "");
    EXPECT_EQ(change(a, "net_namespace other\n" + a), "net_namespace has changed");
}

TEST(FixedParts, WhatThreadsCanFollowIsNone) {
    const std::string a = instance("A", 1);
    EXPECT_EQ(change(a, "global_defs {\nvrrp_rt_priority 7\n}\n" + a), "");
    const std::string bfd = "bfd_instance N {\nneighbor_ip 10.0.0.9\n";
    EXPECT_EQ(change(bfd + "}\n" + a, bfd + "multiplier 3\n}\n" + a), "");
}

TEST(FixedParts, WhereTheyStandInTheFileIsNothing) {
    EXPECT_EQ(change("dataplane {\nworkers 2\n}\n" + instance("A", 1),
                     "\n# moved\n\n" + instance("A", 1) + "dataplane {\nworkers 2\n}\n"),
              "");
}

}  // namespace fixed_parts_test
}  // namespace warren::config
