// SPDX-License-Identifier: BSD-3-Clause
// What only a restart can exchange, and what a reload may.
#include "config/fixed_parts.h"

#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::config {
namespace {

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

TEST(FixedParts, ServicesAreNone) {
    const std::string routers = instance("A", 1) + instance("B", 2);
    EXPECT_EQ(change(routers, routers + service), "");
    EXPECT_EQ(change(routers + service, routers), "");
}

TEST(FixedParts, WhereTheyStandInTheFileIsNothing) {
    EXPECT_EQ(change(instance("A", 1), "\n# moved\n\n" + instance("A", 1)), "");
}

TEST(FixedParts, TheFirstDifferenceIsNamed) {
    const std::string a = instance("A", 1);
    const std::string b = instance("B", 2);
    EXPECT_EQ(change(a + b, a + instance("B", 2, "priority 7\n")), "vrrp_instance B has changed");
    EXPECT_EQ(change(a, a + b), "vrrp_instance B is new");
    EXPECT_EQ(change(a + b, b), "vrrp_instance A is gone");
    EXPECT_EQ(change(a + b, b + a), "vrrp_instance B stands at another place");
    EXPECT_EQ(change(a, "global_defs {\nrouter_id X\n}\n" + a), "global_defs has changed");
    EXPECT_EQ(change(a, "dataplane {\nworkers 2\n}\n" + a), "dataplane has changed");
    EXPECT_EQ(change(a + b, a + b + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n"),
              "vrrp_sync_group G is new");
    EXPECT_EQ(change(a, "vrrp_script S {\nscript \"/bin/true\"\n}\n" + a), "vrrp_script S is new");
    const std::string bfd = "bfd_instance N {\nneighbor_ip 10.0.0.9\n";
    EXPECT_EQ(change(bfd + "}\n" + a, bfd + "multiplier 3\n}\n" + a), "bfd_instance N has changed");
}

TEST(FixedParts, AServiceThatTiesRoutersTogetherIsNamed) {
    const std::string routers = instance("A", 1) + instance("B", 2);
    const std::string text = change(
        routers, routers + "local_address_group L {\n10.0.0.2\n}\n" +
                     "virtual_server 10.0.0.1 5672 { lb_algo wlc\nlb_kind FNAT\nladdr_group_name "
                     "L\nreal_server 10.0.1.1 5672 {\n}\n}\n");
    EXPECT_NE(text.find("moves together"), std::string::npos) << text;
}

}  // namespace
}  // namespace warren::config
