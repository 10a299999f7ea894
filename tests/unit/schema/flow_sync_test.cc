// SPDX-License-Identifier: BSD-3-Clause
// flow_sync: what it means, and what does not go together with it.
#include <gtest/gtest.h>

#include "any_file.h"

namespace warren::schema {
namespace flow_sync_test {

using namespace config;
using namespace syntax;

const std::string ends = "local 10.9.0.1\npeer 10.9.0.2\n", key = "key_file /etc/warren/sync.key\n";

std::string with(const std::string& statements, const std::string& rest = instance()) {
    return "flow_sync {\n" + statements + "}\n" + rest;
}

FlowSync loaded(const std::string& statements) {
    const LoadResult result = load_text(with(statements));
    EXPECT_TRUE(result.config.flow_sync.has_value()) << messages(result.diagnostics);
    return result.config.flow_sync.value_or(FlowSync{});
}

TEST(FlowSync, Defaults) {
    EXPECT_FALSE(load_text(instance()).config.flow_sync.has_value());
    const FlowSync sync = loaded(ends + key);
    EXPECT_EQ(sync.local, net::IpAddress::v4(10, 9, 0, 1));
    EXPECT_EQ(sync.peers, std::vector{net::IpAddress::v4(10, 9, 0, 2)});
    EXPECT_EQ(sync.interface, "");
    EXPECT_EQ(sync.port, 8850);
    EXPECT_EQ(sync.key_file, "/etc/warren/sync.key");
    EXPECT_EQ(sync.defer_ns, 0);
    EXPECT_EQ(sync.rate, 250'000U);
    EXPECT_EQ(sync.preempt_wait_ns, 60 * ns_per_s);
    EXPECT_FALSE(sync.multihop);
}

TEST(FlowSync, Values) {
    const FlowSync sync = loaded(ends + key +
                                 "peer 10.9.0.3\npeer 10.9.0.4\ninterface eth2\nport 9000\n"
                                 "defer 10\nrate 50000\npreempt_wait 5\nmultihop\n");
    EXPECT_EQ(sync.peers.size(), 3U);
    EXPECT_EQ(sync.interface, "eth2");
    EXPECT_EQ(sync.port, 9'000);
    EXPECT_EQ(sync.defer_ns, 10 * ns_per_ms);
    EXPECT_EQ(sync.rate, 50'000U);
    EXPECT_EQ(sync.preempt_wait_ns, 5 * ns_per_s);
    EXPECT_TRUE(sync.multihop);
    EXPECT_EQ(loaded(ends + key + "preempt_wait never\n").preempt_wait_ns, std::nullopt);
}

TEST(FlowSync, ServicesTakePartUnlessTheySayOff) {
    EXPECT_TRUE(load_text(service("")).config.virtual_servers.at(0).flow_sync);
    EXPECT_FALSE(load_text(service("flow_sync off")).config.virtual_servers.at(0).flow_sync);
}

std::string of_priority(const std::string& priority) {
    return "vrrp_instance V {\nstate MASTER\ninterface eth0\nvirtual_router_id 51\npriority " +
           priority + "\n" + vip + "}\n";
}

// Two routers, the virtual_server of each with this local_address_group.
std::string two_routers(const std::string& first, const std::string& second) {
    const auto router = [](const std::string& n) {
        return "vrrp_instance V" + n + " {\ninterface eth0\nvirtual_router_id " + n +
               "\nvirtual_ipaddress {\n10.0.0." + n +
               "/24\n}\nvirtual_ipaddress_excluded {\n10.0.1." + n + "/24\n}\n}\n";
    };
    const auto balanced = [](const std::string& n, const std::string& group) {
        return "virtual_server 10.0.0." + n +
               " 5672 {\nlb_algo wlc\nlb_kind FNAT\nprotocol TCP\nladdr_group_name " + group +
               "\nreal_server 10.0.2.1 5672 {\nTCP_CHECK {\n}\n}\n}\n";
    };
    const std::string used = first == second ? "" : "local_address_group B {\n10.0.1.2\n}\n";
    return "local_address_group A {\n10.0.1.1\n}\n" + used + router("1") + router("2") +
           balanced("1", first) + balanced("2", second);
}

const Case files[] = {
    {"the shortest", with(ends + key), accepted},
    {"of IPv6", with("local fd00::1\npeer fd00::2\n" + key), accepted},
    {"link-local", with("local fe80::1\npeer fe80::2\ninterface eth2\n" + key), accepted},
    {"link-local, anywhere", with("local fd00::1\npeer fe80::2\n" + key), refused,
     "by which interface"},
    {"no key", with(ends), refused, "needs a key_file"},
    {"no address of ours", with("peer 10.9.0.2\n" + key), refused, "local ADDRESS"},
    {"no peer", with("local 10.9.0.1\n" + key), refused, "peer ADDRESS"},
    {"itself", with("local 10.9.0.1\npeer 10.9.0.1\n" + key), refused, "own address"},
    {"one twice", with(ends + "peer 10.9.0.2\n" + key), refused, "given twice"},
    {"four peers", with(ends + "peer 10.9.0.3\npeer 10.9.0.4\npeer 10.9.0.5\n" + key), refused,
     "at most 3"},
    {"two families", with("local 10.9.0.1\npeer fd00::2\n" + key), refused, "one family"},
    {"a group", with("local 10.9.0.1\npeer 224.0.0.81\n" + key), refused, "multicast"},
    {"a VIP", with("local 10.0.0.1\npeer 10.9.0.2\n" + key), refused, "which moves"},
    {"a wait of nothing", with(ends + key + "preempt_wait soon\n"), refused, "'preempt_wait'"},
    {"a long defer", with(ends + key + "defer 5000\n"), refused, "'defer'"},
    {"an owner", with(ends + key, of_priority("255")), warned, "say priority 254"},
    {"nearly one", with(ends + key, of_priority("254")), accepted},
    {"a local address of two", with(ends + key, two_routers("A", "A")), warned,
     "10.0.1.1 is used by virtual_servers of V1 and of V2"},
    {"of one each", with(ends + key, two_routers("A", "B")), accepted},
    {"twice", with(ends + key, with(ends + key)), warned, "the last one counts"},
};

class FlowSyncFile : public testing::TestWithParam<Case> {};
TEST_P(FlowSyncFile, IsTakenAsStated) {
    expect_fate(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Files, FlowSyncFile, testing::ValuesIn(files));

}  // namespace flow_sync_test
}  // namespace warren::schema
