// SPDX-License-Identifier: BSD-3-Clause
// Who is who in a file that is read again.
#include "config/same_routers.h"

#include <gtest/gtest.h>

namespace warren::config {
namespace same_routers_test {

using Found = std::vector<std::optional<std::size_t>>;

TEST(SameRouters, AreFoundByWhatTheLanKnowsAndTheNameMayChange) {
    const std::vector<RouterName> before{{"eth0 51", "A"}, {"eth0 52", "B"}};
    EXPECT_EQ(find_same_routers(before, {{"eth0 52", "A"}, {"eth1 51", "B"}, {"eth0 51", "C"}}),
              (Found{1, std::nullopt, 0}));
    EXPECT_EQ(find_same_routers(before, {}), Found{});
    EXPECT_EQ(find_same_routers({}, before), (Found{std::nullopt, std::nullopt}));
}

TEST(SameRouters, OfSeveralTheNameDecidesThenTheOrder) {
    const std::vector<RouterName> before{{"eth0 51", "A"}, {"eth0 51", "B"}, {"eth0 51", "C"}};
    EXPECT_EQ(find_same_routers(before, {{"eth0 51", "D"}, {"eth0 51", "A"}, {"eth0 51", "E"}}),
              (Found{1, 0, 2}));
    EXPECT_EQ(find_same_routers(before, {{"eth0 51", "C"}}), Found{2});
    EXPECT_EQ(find_same_routers({{"eth0 51", "A"}}, {{"eth0 51", "B"}, {"eth0 51", "C"}}),
              (Found{0, std::nullopt}))
        << "one is no two";
}

TEST(SameRouters, AHostsOwnAddressesAreTheirNames) {
    VrrpInstance a, b;
    a.serves_host_address = b.serves_host_address = true;
    a.interface = b.interface = "eth0";
    a.name = "10.0.0.4";
    b.name = "10.0.0.5";
    EXPECT_EQ(find_same_routers(router_names({a}), router_names({b})), Found{std::nullopt});
    EXPECT_EQ(find_same_routers(router_names({a, b}), router_names({b})), Found{1});
    VrrpInstance elsewhere = a;
    elsewhere.interface = "eth1";
    EXPECT_EQ(find_same_routers(router_names({a}), router_names({elsewhere})), Found{std::nullopt});
}

}  // namespace same_routers_test
}  // namespace warren::config
