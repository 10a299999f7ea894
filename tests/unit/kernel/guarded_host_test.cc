// SPDX-License-Identifier: BSD-3-Clause
// The guard leads the host's own programs to real_servers, by weight. In a namespace of the test's
// own: the "servers" are two listeners on lo, the VIP is 10.4.0.100 on lo.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../health/own_namespace.h"
#include "ip.h"
#include "kernel/guard.h"

namespace warren::kernel {
namespace {

using testing_support::ip;
using testing_support::run;

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

TEST(GuardedHost, ItsProgramsReachTheServers) {
    const LocalService service{
        ip("10.4.0.100"), 5672, {{ip("10.4.0.11"), 5672, 2}, {ip("10.4.0.12"), 5673, 1}}};
    const LocalService service6{ip("fd04::100"), 5672, {{ip("fd04::11"), 5672, 1}}};
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    for (const char* address : {"10.4.0.100/32", "10.4.0.11/32", "10.4.0.12/32", "fd04::100/128"})
        ASSERT_TRUE(run(std::string("ip addr add ") + address + " dev lo"));
    const int one = listener("10.4.0.11", 5672);
    const int two = listener("10.4.0.12", 5673);
    EXPECT_FALSE(is_served()) << "nobody listens on the VIP";
    {
        Guard guard("t");
        const auto follow = [&](LocalRules rules) {
            EXPECT_TRUE(guard.follow({.local = std::move(rules)}).empty());
        };
        follow({{service, service6}, {"eth0"}, {{{2, 0, 0, 0, 1, 7}}}});
        for (int i = 0; i < 40; ++i)
            EXPECT_TRUE(is_served());
        for (const int each : {one, two}) {
            const int accepted = accept4(each, nullptr, nullptr, SOCK_NONBLOCK);
            EXPECT_GE(accepted, 0) << "both serve";
            close(accepted);
        }
        LocalService standby = service;
        standby.is_active = false;
        follow({{standby}});
        EXPECT_FALSE(is_served()) << "the VIP is another's";
        follow({{service}});
        EXPECT_TRUE(is_served());
        LocalService none = service;
        none.targets.clear();
        follow({{none}});
        EXPECT_FALSE(is_served());
        follow({{service}});
        EXPECT_TRUE(is_served());
    }
    EXPECT_FALSE(is_served());
    EXPECT_TRUE(run("test -z \"$(nft list tables)\""));
    close(one);
    close(two);
}

}  // namespace
}  // namespace warren::kernel
