// SPDX-License-Identifier: BSD-3-Clause
// FNAT's local addresses, above all those that nobody has named.
#include "config/local_addresses.h"

#include <gtest/gtest.h>

#include <sstream>

#include "../schema/load_text.h"

namespace warren::config {
namespace local_addresses_test {

using namespace schema;
using namespace syntax;

std::string instance(const std::string& name, int vrid, const std::string& vip,
                     const std::string& excluded = "") {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " +
           std::to_string(vrid) + "\nversion 3\nvirtual_ipaddress {\n" + vip + "\n}\n" +
           "virtual_ipaddress_excluded {\n" + excluded + "\n}\n}\n";
}

std::string service(const std::string& vip, const std::string& servers,
                    const std::string& more = "") {
    std::string text = "virtual_server " + vip + " 5672 { lb_algo wlc\nlb_kind FNAT\n" + more;
    std::stringstream words(servers);
    for (std::string server; words >> server;)
        text += "real_server " + server + " 5672 {\nTCP_CHECK {\n}\n}\n";
    return text + "}\n";
}

std::vector<std::string> locals_of(const std::string& text) {
    const Config config = load_text(text).config;
    std::vector<std::string> names;
    for (const net::IpAddress& address : LocalAddresses(config).of(config.virtual_servers.at(0)))
        names.push_back(address.to_string());
    return names;
}

using Names = std::vector<std::string>;

TEST(LocalAddresses, TheVipOrTheGroup) {
    const std::string vip = instance("A", 1, "10.0.0.1/24");
    EXPECT_EQ(locals_of(vip + service("10.0.0.1", "10.0.0.9")), (Names{"10.0.0.1"}));
    EXPECT_EQ(locals_of(vip + "local_address_group L {\n10.0.0.2\n10.0.0.3\n}\n" +
                        service("10.0.0.1", "10.0.0.9", "laddr_group_name L\n")),
              (Names{"10.0.0.2", "10.0.0.3"}));
}

TEST(LocalAddresses, AnotherFamilysComeWithTheVip) {
    const std::string both =
        instance("A", 1, "fe80::1/64\n2001:db8::1/64", "10.0.1.1/24\n10.0.0.1/24");
    EXPECT_EQ(locals_of(both + service("2001:db8::1", "10.0.0.9")),
              (Names{"2001:db8::1", "10.0.0.1"}))
        << "the one in the server's network";
    EXPECT_EQ(locals_of(both + service("2001:db8::1", "192.0.2.9")),
              (Names{"2001:db8::1", "10.0.1.1"}));
    EXPECT_EQ(locals_of(both + service("10.0.0.1", "10.0.0.9 2001:db8::9")),
              (Names{"10.0.0.1", "2001:db8::1"}))
        << "servers of both families, and no link-local address";
    EXPECT_EQ(locals_of(both + service("2001:db8::1", "2001:db8::9")), (Names{"2001:db8::1"}));
}

// Replies must come back to the machine that sent the request.
TEST(LocalAddresses, OnlyWhatMovesWithTheVip) {
    const std::string two = instance("A", 1, "fe80::1/64\n2001:db8::1/64") +
                            instance("B", 2, "10.0.0.1/24") + instance("C", 3, "10.0.1.1/24");
    const std::string balanced = service("2001:db8::1", "10.0.0.9");
    EXPECT_EQ(locals_of(two + balanced), (Names{"2001:db8::1"}));
    EXPECT_NE(messages(load_text(two + balanced).diagnostics)
                  .find("error: the server 10.0.0.9 needs a local address of its family"),
              std::string::npos);
    const std::string group = "vrrp_sync_group G {\ngroup {\nA\nC\n}\n}\n";
    EXPECT_EQ(locals_of(two + group + balanced), (Names{"2001:db8::1", "10.0.1.1"}));
    EXPECT_EQ(messages(load_text(two + group + balanced).diagnostics).find("error"),
              std::string::npos);
}

}  // namespace local_addresses_test
}  // namespace warren::config
