// SPDX-License-Identifier: BSD-3-Clause
#include "port/thread.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <string>

namespace warren::port {
namespace {

std::string autogroup() {
    std::string line;
    std::getline(std::ifstream("/proc/self/autogroup"), line);
    return line;
}

// In a process of its own: whether it may, and what the kernel says then.
bool is_prompt_afterwards(bool leads_a_session) {
    const pid_t child = fork();
    if (child == 0) {
        if (leads_a_session) setsid();
        const bool done = keep_this_session_prompt(-10);
        const bool is_said = autogroup().ends_with(" nice -10");
        _exit(done && is_said ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Thread, OurOwnSessionStandsBeforeOthersAndNobodyElses) {
    if (autogroup().empty() || geteuid() != 0) GTEST_SKIP() << "no groups by session, or no root";
    EXPECT_TRUE(is_prompt_afterwards(true));
    EXPECT_FALSE(is_prompt_afterwards(false));
}

}  // namespace
}  // namespace warren::port
