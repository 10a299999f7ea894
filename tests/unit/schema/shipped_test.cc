// SPDX-License-Identifier: BSD-3-Clause
// Every configuration in conf/ is accepted, and the samples mean what they say.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "load_text.h"

namespace warren::schema {
namespace shipped_test {

using namespace config;
using namespace syntax;

std::string shipped(const std::string& name) {
    std::ifstream file(std::filesystem::path(WARREN_CONF_DIR) / name);
    EXPECT_TRUE(file) << name;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Shipped, EveryFileLoadsWithoutWarning) {
    unsigned seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(WARREN_CONF_DIR)) {
        if (entry.path().extension() != ".conf") continue;
        ++seen;
        for (const Diagnostic& d : load_text(shipped(entry.path().filename())).diagnostics)
            EXPECT_EQ(d.severity, Severity::note) << entry.path() << " " << d.to_string();
    }
    EXPECT_GE(seen, 3U);
}

TEST(Shipped, NodeAAndNodeB) {
    const LoadResult a = load_text(shipped("node-a.conf"));
    ASSERT_TRUE(a.ok()) << messages(a.diagnostics);
    ASSERT_EQ(a.config.vrrp_instances.size(), 1U);
    const VrrpInstance& v = a.config.vrrp_instances[0];
    EXPECT_EQ(a.config.global.router_id, "NodeA");
    EXPECT_EQ(v.name, "VI_1");
    EXPECT_EQ(v.initial_state, VrrpState::master);
    EXPECT_EQ(v.interface, "eth0");
    EXPECT_EQ(v.virtual_router_id, 51);
    EXPECT_EQ(v.priority, 100);
    EXPECT_EQ(v.advert_int_ns, ns_per_s);
    EXPECT_EQ(v.auth_type, AuthType::pass);
    EXPECT_EQ(v.auth_pass, (std::array<std::uint8_t, 8>{'1', '1', '1', '1'}));
    ASSERT_EQ(v.virtual_ipaddress.size(), 1U);
    EXPECT_EQ(v.virtual_ipaddress[0].prefix.to_string(), "192.168.8.100/24");

    const LoadResult b = load_text(shipped("node-b.conf"));
    ASSERT_TRUE(b.ok()) << messages(b.diagnostics);
    EXPECT_EQ(b.config.global.router_id, "NodeB");
    EXPECT_EQ(b.config.vrrp_instances.at(0).initial_state, VrrpState::backup);
    EXPECT_EQ(b.config.vrrp_instances.at(0).priority, 90);
}

TEST(Shipped, NodeBWithoutItsLastBraceIsRefused) {
    std::string text = shipped("node-b.conf");
    text.erase(text.rfind('}'));
    const LoadResult result = load_text(text);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(messages(result.diagnostics),
              "f:4: error: the block 'vrrp_instance VI_1' opened here is never closed: a '}' is "
              "missing before the end of the file (f:16)\n");
}

TEST(Shipped, WarrenConfBalancesThreeNodes) {
    const LoadResult result = load_text(shipped("warren.conf"));
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(result.ignored.empty());
    ASSERT_EQ(result.config.virtual_servers.size(), 1U);
    const VirtualServer& s = result.config.virtual_servers[0];
    EXPECT_EQ(s.lb_algo, LbAlgo::wlc);
    EXPECT_EQ(s.lb_kind, LbKind::fnat);
    ASSERT_EQ(s.real_servers.size(), 3U);
    EXPECT_LT(s.real_servers[0].weight, s.real_servers[1].weight) << "the ram nodes get more";
}

}  // namespace shipped_test
}  // namespace warren::schema
