// SPDX-License-Identifier: BSD-3-Clause
// The configuration that runs as text.
#include "show/show_config.h"

#include <gtest/gtest.h>

#include <sstream>

#include "text/screen.h"

namespace warren::ctl {
namespace {

TEST(ShowConfig, SaysBehindEachLineWhereItStands) {
    std::ostringstream out;
    print_config(out, {{{"text", "vrrp_instance A {"}, {"file", "a.conf"}, {"line", 1}},
                       {{"text", "    priority 100"}, {"file", "b.conf"}, {"line", 7}},
                       {{"text", "    " + std::string(60, 'x')}, {"file", "b.conf"}, {"line", 8}},
                       {{"text", "}"}, {"file", "a.conf"}, {"line", 1}}});
    EXPECT_EQ(out.str(),
              "vrrp_instance A {                               # a.conf:1\n"
              "    priority 100                                # b.conf:7\n"
              "    " +
                  std::string(60, 'x') +
                  " # b.conf:8\n"
                  "}\n");
}

TEST(ShowConfig, FitsATerminal) {
    std::ostringstream out;
    set_screen(out, {.columns = 60});
    print_config(out, {{{"text", "vrrp_instance A {"}, {"file", "/etc/warren/a.conf"}, {"line", 1}},
                       {{"text", "    " + std::string(50, 'x')}, {"file", "a.conf"}, {"line", 2}}});
    EXPECT_EQ(out.str(),
              "vrrp_instance A {                               # …/a.conf:1\n"
              "    " +
                  std::string(50, 'x') + "\n");
}

TEST(ShowConfig, DefaultsStandInTheirBlock) {
    std::ostringstream out;
    print_config(out, {{{"text", "    real_server 10.0.0.1 5672 {"},
                        {"file", "a.conf"},
                        {"line", 1},
                        {"defaults", {"weight 1"}}}});
    EXPECT_EQ(out.str(),
              "    real_server 10.0.0.1 5672 {                 # a.conf:1\n"
              "        weight 1                                # default\n");
}

}  // namespace
}  // namespace warren::ctl
