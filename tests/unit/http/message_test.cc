// SPDX-License-Identifier: BSD-3-Clause
#include "http/message.h"

#include <gtest/gtest.h>

namespace warren::http {
namespace {

TEST(Target, IsPathAndQuery) {
    EXPECT_EQ(read_target("/metrics").path, "/metrics");
    EXPECT_EQ(read_target("/metrics").query, "");
    EXPECT_EQ(read_target("/metrics?scope=a?b").path, "/metrics");
    EXPECT_EQ(read_target("/metrics?scope=a?b").query, "scope=a?b");
    EXPECT_EQ(read_target("/haproxy;csv").path, "/haproxy;csv");
    EXPECT_EQ(read_target("?").path, "");
    EXPECT_EQ(read_target("").path, "");
}

}  // namespace
}  // namespace warren::http
