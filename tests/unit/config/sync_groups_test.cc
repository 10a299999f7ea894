// SPDX-License-Identifier: BSD-3-Clause
// Which virtual routers move together, and what is wrong with a group.
#include "config/sync_groups.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"

namespace warren::config {
namespace sync_groups_test {

using namespace schema;
using namespace syntax;

// Instances A, B, C... with VIPs 10.0.0.1, .2, ...; `more` in the first.
std::string instances(int count, const std::string& more = "") {
    std::string text;
    for (int i = 0; i < count; ++i) {
        const std::string name(1, static_cast<char>('A' + i));
        text += "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " +
                std::to_string(i + 1) + "\nvirtual_ipaddress {\n10.0.0." + std::to_string(i + 1) +
                "\n}\n" + (i == 0 ? more : "") + "}\n";
    }
    return text;
}

std::string group(const std::string& members, const std::string& more = "") {
    return "vrrp_sync_group G {\ngroup {\n" + members + "\n}\n" + more + "}\n";
}

std::vector<std::uint16_t> groups_of(const std::string& text) {
    return sync_groups(load_text(text).config);
}

constexpr std::uint16_t none = no_sync_group;

TEST(SyncGroups, ExplicitOnes) {
    EXPECT_EQ(groups_of(instances(4) + group("B\nD")),
              (std::vector<std::uint16_t>{none, 1, none, 1}));
    EXPECT_EQ(groups_of(instances(2)), (std::vector<std::uint16_t>{none, none}));
    EXPECT_EQ(groups_of(instances(2) + group("A")), (std::vector<std::uint16_t>{none, none}));
}

TEST(SyncGroups, AVipAndItsLocalAddressesMoveTogether) {
    const std::string service =
        "local_address_group L {\n10.0.0.3 eth0\n10.0.0.4 eth0\n}\n"
        "virtual_server 10.0.0.2 5672 { lb_algo wlc\nlb_kind FNAT\nladdr_group_name L\n"
        "real_server 10.0.0.9 5672 {\nTCP_CHECK {\n}\n}\n}\n";
    EXPECT_EQ(groups_of(instances(4) + service), (std::vector<std::uint16_t>{none, 1, 1, 1}));
    EXPECT_EQ(groups_of(instances(4) + group("A\nC") + service),
              (std::vector<std::uint16_t>{0, 0, 0, 0}))
        << "one explicit and one implicit bond make one group";
}

TEST(SyncGroups, Messages) {
    const auto told = [](const std::string& text) {
        std::string all;
        for (const Diagnostic& d : load_text(text).diagnostics)
            if (d.message.find("vrrp_sync_group") != std::string::npos) all += d.to_string() + "\n";
        return all;
    };
    EXPECT_EQ(told(instances(1) + group("A")),
              "f:8: warning: the vrrp_sync_group 'G' has fewer than two members: it changes "
              "nothing\n");
    EXPECT_EQ(told(instances(2) + group("A\nB\nA")),
              "f:19: warning: 'A' already is in this vrrp_sync_group\n");
    EXPECT_EQ(
        told(instances(2) + group("A\nB") + "vrrp_sync_group H {\ngroup {\nA\nB\n}\n}\n"),
        "f:21: warning: the vrrp_sync_group 'H' has fewer than two members: it changes "
        "nothing\n"
        "f:23: warning: 'A' already is in the vrrp_sync_group 'G': here it is left out, as in "
        "keepalived\n"
        "f:24: warning: 'B' already is in the vrrp_sync_group 'G': here it is left out, as in "
        "keepalived\n");
}

}  // namespace sync_groups_test
}  // namespace warren::config
