// SPDX-License-Identifier: BSD-3-Clause
// Addresses of HTTP: what is one, and which are no good idea.
#include "config/http.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"

namespace warren::config {
namespace http_test {

TEST(HttpAddress, ReadsAndWritesWhatItTakes) {
    for (const char* text : {"127.0.0.1:9721", "[::1]:1", "[2001:db8::1]:65535", "unix:/run/w.http",
                             "unix:/run/warren/%i.http"}) {
        const std::optional<HttpAddress> http = read_http_address(text);
        ASSERT_TRUE(http) << text;
        EXPECT_EQ(http->to_string(), text);
    }
}

TEST(HttpAddress, RefusesEverythingElse) {
    for (const char* text : {"",
                             ":",
                             ":9721",
                             "9721",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:0",
                             "127.0.0.1:65536",
                             "127.0.0.1:97x",
                             "127.0.0.1:-1",
                             "[127.0.0.1]:9721",
                             "::1:9721",
                             "[::1]",
                             "[::1:9721",
                             "localhost:9721",
                             "*:9721",
                             "unix:",
                             "unix:/",
                             "unix:run/w",
                             "UNIX:/run/w"})
        EXPECT_FALSE(read_http_address(text)) << text;
    EXPECT_TRUE(read_http_address("unix:/" + std::string(max_http_path - 1, 'a')));
    EXPECT_FALSE(read_http_address("unix:/" + std::string(max_http_path, 'a')));
}

TEST(HttpAddress, APathMayNameTheInstance) {
    EXPECT_EQ(path_of(*read_http_address("unix:/run/%i.http"), "a"), "/run/a.http");
    EXPECT_EQ(path_of(*read_http_address("unix:/run/http"), "a"), "/run/http");
}

TEST(HttpAddress, IsNoneThatMoves) {
    const std::string router =
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n"
        "virtual_ipaddress_excluded {\n10.0.0.2\n}\n}\ndataplane {\nhttp ";
    const auto ok = [&](const char* http) {
        return schema::load_text(router + http + "\n}\n").ok();
    };
    EXPECT_FALSE(ok("10.0.0.1:9721"));
    EXPECT_FALSE(ok("10.0.0.2:9721"));
    EXPECT_TRUE(ok("10.0.0.3:9721"));
    EXPECT_TRUE(ok("0.0.0.0:9721")) << "a warning only";
}

}  // namespace http_test
}  // namespace warren::config
