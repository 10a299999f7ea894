// SPDX-License-Identifier: BSD-3-Clause
// In a PID namespace of its own, as in a container.
#include "first_process.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace warren::app {
namespace {

using namespace std::chrono_literals;

// The first process of a namespace, as the test sees it; `body` is what it stands in front of.
// -1: no right to make one.
template <typename Body>
pid_t start_first(Body body) {
    const pid_t maker = fork();
    if (maker == 0) {
        if (unshare(CLONE_NEWPID) != 0) _exit(77);
        const pid_t first = fork();
        if (first == 0) {
            const std::optional<int> status = stand_in_front();
            _exit(status ? *status : body());
        }
        int status = 0;
        waitpid(first, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
    }
    return maker;
}

int end_of(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

// As a script does that leaves something in the background. Its number.
pid_t make_orphan() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return -1;
    const pid_t script = fork();
    if (script == 0) {
        const pid_t orphan = fork();
        if (orphan == 0) _exit(0);
        _exit(write(ends[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
    }
    waitpid(script, nullptr, 0);
    pid_t orphan = -1;
    return read(ends[0], &orphan, sizeof orphan) == sizeof orphan ? orphan : -1;
}

TEST(FirstProcess, BuriesWhatScriptsLeaveBehind) {
    const int status = end_of(start_first([] {
        const pid_t orphan = make_orphan();
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (std::chrono::steady_clock::now() < end) {
            if (kill(orphan, 0) != 0 && errno == ESRCH) return 42;  // a zombie would still be there
            usleep(1'000);
        }
        return 1;
    }));
    if (status == 77) GTEST_SKIP() << "no PID namespaces here";
    EXPECT_EQ(status, 42);
}

// Whoever stops a container sends SIGTERM to its first process.
TEST(FirstProcess, PassesSignalsOn) {
    const int status = end_of(start_first([] {
        sigset_t term;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        sigprocmask(SIG_BLOCK, &term, nullptr);
        kill(1, SIGTERM);
        constexpr timespec most{.tv_sec = 5, .tv_nsec = 0};
        return sigtimedwait(&term, nullptr, &most) == SIGTERM ? 43 : 1;
    }));
    if (status == 77) GTEST_SKIP() << "no PID namespaces here";
    EXPECT_EQ(status, 43);
}

TEST(FirstProcess, SaysThatASignalEndedIt) {
    const int status = end_of(start_first([] { return raise(SIGKILL); }));
    if (status == 77) GTEST_SKIP() << "no PID namespaces here";
    EXPECT_EQ(status, 128 + SIGKILL);
}

// Without a handler it would end, which a first process never does.
TEST(FirstProcess, PassesOnWhatIsTakenOnly) {
    const int status = end_of(start_first([] {
        kill(1, SIGALRM);
        usleep(100'000);
        return 44;
    }));
    if (status == 77) GTEST_SKIP() << "no PID namespaces here";
    EXPECT_EQ(status, 44);
}

TEST(FirstProcess, LetsWhoTakesBackAKilledOnesThingsFinish) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const int status = end_of(start_first([&] {
        if (fork() == 0) {
            usleep(200'000);
            _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
        }
        return raise(SIGKILL);
    }));
    close(ends[1]);
    char said = 0;
    const bool is_heard = read(ends[0], &said, 1) == 1;
    close(ends[0]);
    if (status == 77) GTEST_SKIP() << "no PID namespaces here";
    EXPECT_TRUE(is_heard);
}

TEST(FirstProcess, WaitsForNobodyAfterAnOrderlyEnd) {
    const auto begun = std::chrono::steady_clock::now();
    const int status = end_of(start_first([] {
        if (fork() == 0) {
            sleep(10);
            _exit(0);
        }
        return 0;
    }));
    if (status == 77) GTEST_SKIP() << "no PID namespaces here";
    EXPECT_EQ(status, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 1500ms);
}

TEST(FirstProcess, IsNoneElsewhere) {
    EXPECT_EQ(stand_in_front(), std::nullopt);
}

}  // namespace
}  // namespace warren::app
