// SPDX-License-Identifier: BSD-3-Clause
// What scripts count on that does not happen here.
#include "programs/script_traps.h"

#include <gtest/gtest.h>

#include "programs/script.h"

namespace warren::programs {
namespace {

TEST(WordForAShellTest, IsFoundOutsideOfAShellsOwnCommand) {
    for (const char* word : {"|", "||", "&&", "&", ";", ">/dev/null", "2>&1", "&>/dev/null", ">"})
        EXPECT_EQ(word_for_a_shell({"/bin/a", "-q", word, "b"}), word);
    EXPECT_EQ(word_for_a_shell(split_command("/bin/a 'b|c' d>e -2 12 --x=>")), "");
    EXPECT_EQ(word_for_a_shell({"/bin/bash", "-c", "a", "|"}), "");
    EXPECT_EQ(word_for_a_shell({}), "");
}

TEST(StopsKeepalivedTest, InTheWaysPeopleWriteIt) {
    for (const char* line :
         {"systemctl stop keepalived", "nginx -t || systemctl stop keepalived;",
          "a;killall keepalived", "  sudo systemctl stop keepalived.service >/dev/null",
          "service keepalived stop", "/etc/init.d/keepalived stop", "killall keepalived",
          "killall -9 /usr/sbin/keepalived &> /dev/null || :", "pkill -9 keepalived",
          "kill -15 $(cat /run/keepalived.pid)", "kill `pidof keepalived`",
          "[ $? -ne 0 ] && systemctl stop keepalived", "docker stop keepalived",
          "systemctl restart keepalived  # again"})
        EXPECT_TRUE(stops_keepalived(line)) << line;
}

TEST(StopsKeepalivedTest, NotWhatOnlySpeaksOfIt) {
    for (const char* line :
         {"", "systemctl is-active keepalived || systemctl restart haproxy",
          "systemctl stop haproxy; systemctl start keepalived", "pgrep keepalived || kill $PID",
          "# systemctl stop keepalived", "killall -0 keepalived", "systemctl start keepalived",
          "echo \"stop keepalived\"", "logger keepalived: stop", "stop_keepalived",
          "systemctl restart haproxy # not keepalived",
          "cd /etc/keepalived && systemctl restart haproxy",
          "kill -0 $PID /var/log/keepalived.log"})
        EXPECT_FALSE(stops_keepalived(line)) << line;
}

TEST(StopsKeepalivedTest, TheLineIsCounted) {
    EXPECT_EQ(line_that_stops_keepalived("#!/bin/sh\n\npkill keepalived\nkillall keepalived\n"),
              3U);
    EXPECT_EQ(line_that_stops_keepalived("#!/bin/sh\nexit 1"), 0U);
    EXPECT_EQ(line_of_file_that_stops_keepalived("/no/such/file"), 0U);
}

}  // namespace
}  // namespace warren::programs
