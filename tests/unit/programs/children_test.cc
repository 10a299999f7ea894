// SPDX-License-Identifier: BSD-3-Clause
// Real child processes: how they end, what they inherit, and what is left of them.
#include "programs/children.h"
#include "programs/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "programs/spawn.h"
#include "unit/programs/scratch_folder.h"

namespace warren::programs {
namespace {

constexpr std::int64_t ms = 1'000'000;

class ChildrenTest : public testing::Test {
  protected:
    Program shell(const std::string& text) const {
        return {"/bin/sh", {"sh", "-c", text}, {geteuid(), getegid(), {}}};
    }
    ChildEnd run(const Program& program, std::int64_t timeout_ns = 0) {
        std::optional<ChildEnd> end;
        EXPECT_TRUE(children_.run(program, timeout_ns,
                                  {[this] { ++timeouts_; }, [&](const ChildEnd& e) { end = e; }}));
        EXPECT_FALSE(end) << "never from within run()";
        EXPECT_TRUE(run_until(io_, [&] { return end.has_value(); }));
        return end.value_or(ChildEnd{});
    }
    // What a program writes into the file `out`.
    std::string output(const std::string& text) {
        EXPECT_TRUE(run(shell(text + " > " + folder_.path() + "/out")).ok());
        return folder_.read("out");
    }
    static bool has_zombie() {
        siginfo_t info{};
        return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
    }
    bool exists(const std::string& pid_file) const {
        const std::string pid = folder_.read(pid_file);
        return !pid.empty() && kill(std::stoi(pid), 0) == 0;
    }

    // A thread that was too late to start one, perhaps of the test before, takes it away itself.
    void TearDown() override {
        EXPECT_TRUE(run_until(io_, [] { return !has_zombie(); }));
    }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    Children children_{io_, 200};
    int timeouts_ = 0;
};

TEST_F(ChildrenTest, ExitStatus) {
    EXPECT_TRUE(run(shell("exit 0")).ok());
    const ChildEnd end = run(shell("exit 7"));
    EXPECT_EQ(end.kind, ChildEnd::Kind::exited);
    EXPECT_EQ(end.code, 7);
    EXPECT_EQ(end.to_string(), "exit status 7");
    EXPECT_EQ(children_.running(), 0U);
}

TEST_F(ChildrenTest, KilledFromOutside) {
    const ChildEnd end = run(shell("kill -9 $$"));
    EXPECT_EQ(end.kind, ChildEnd::Kind::killed);
    EXPECT_EQ(end.code, SIGKILL);
}

TEST_F(ChildrenTest, WhatCannotStart) {
    const Credentials me{geteuid(), getegid(), {}};
    ChildEnd end = run({"/no/such/file", {"x"}, me});
    EXPECT_EQ(end.kind, ChildEnd::Kind::not_started);
    EXPECT_EQ(end.code, ENOENT);
    end = run({folder_.file("data", "x"), {"x"}, me});
    EXPECT_EQ(end.code, EACCES);
}

TEST_F(ChildrenTest, AFileWithoutInterpreterIsGivenToTheShell) {
    const std::string path = folder_.script("plain", "");
    folder_.file("plain", "exit $1\n");
    EXPECT_EQ(run({path, {path, "3"}, {geteuid(), getegid(), {}}}).code, 3);
}

TEST_F(ChildrenTest, ATimeoutEndsTheWholeGroup) {
    const ChildEnd end =
        run(shell("sleep 60 & echo $! > " + folder_.path() + "/child; wait"), 100 * ms);
    EXPECT_EQ(end.kind, ChildEnd::Kind::timed_out);
    EXPECT_EQ(timeouts_, 1);
    EXPECT_TRUE(run_until(io_, [&] { return !exists("child"); })) << "the grandchild lives";
}

TEST_F(ChildrenTest, WhoIgnoresTermIsKilled) {
    const ChildEnd end = run(shell("trap '' TERM; while :; do sleep 1; done"), 50 * ms);
    EXPECT_EQ(end.kind, ChildEnd::Kind::timed_out);
    EXPECT_EQ(timeouts_, 1);
}

TEST_F(ChildrenTest, AGroupWhoseLeaderObeysIsKilledToo) {
    run(shell("(trap '' TERM; while :; do sleep 1; done) & echo $! > " + folder_.path() +
              "/child; wait"),
        100 * ms);
    EXPECT_TRUE(run_until(io_, [&] { return !exists("child"); }));
}

TEST_F(ChildrenTest, HundredAtOnceRunInTurns) {
    std::size_t ended = 0;
    std::size_t most = 0;
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(children_.run(shell("exit 0"), 0, {{}, [&](const ChildEnd& end) {
                                                           EXPECT_TRUE(end.ok());
                                                           ++ended;
                                                       }}));
    EXPECT_EQ(children_.waiting(), 100 - Children::max_running);
    EXPECT_TRUE(run_until(io_, [&] {
        most = std::max(most, children_.running());
        return ended == 100;
    }));
    EXPECT_EQ(most, Children::max_running);
}

TEST_F(ChildrenTest, AFullQueueRefuses) {
    Children children(io_);
    const Children::Callbacks nothing{{}, [](const ChildEnd&) {}};
    for (std::size_t i = 0; i < Children::max_running + Children::max_waiting; ++i)
        ASSERT_TRUE(children.run(shell("sleep 60"), 0, nothing));
    EXPECT_FALSE(children.run(shell("exit 0"), 0, nothing));
}

TEST_F(ChildrenTest, NothingOfOursIsInherited) {
    const int leaked = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
    const std::string open_files = output("ls /proc/self/fd | wc -l");
    close(leaked);
    EXPECT_EQ(std::stoi(open_files), 4) << "0, 1, 2 and the listing's own";
    EXPECT_EQ(output("readlink /proc/$$/fd/0"), "/dev/null\n");
    EXPECT_EQ(output("pwd"), "/\n");
}

TEST_F(ChildrenTest, EnvironmentIsCleaned) {
    setenv("LD_PRELOAD_X", "1", 1);
    setenv("NOTIFY_SOCKET", "/run/x", 1);
    setenv("WARREN_TEST", "kept", 1);
    const std::string seen = output("env");
    for (const char* name : {"LD_PRELOAD_X", "NOTIFY_SOCKET", "WARREN_TEST"})
        unsetenv(name);
    EXPECT_EQ(seen.find("LD_PRELOAD_X"), std::string::npos);
    EXPECT_EQ(seen.find("NOTIFY_SOCKET"), std::string::npos);
    EXPECT_NE(seen.find("WARREN_TEST=kept"), std::string::npos);
    EXPECT_NE(seen.find("PATH="), std::string::npos);
}

TEST_F(ChildrenTest, SignalsAreThoseOfAFreshProcess) {
    signal(SIGPIPE, SIG_IGN);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const std::string seen = output("grep -E 'Sig(Blk|Ign)' /proc/self/status");
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    signal(SIGPIPE, SIG_DFL);
    EXPECT_EQ(seen, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(ChildrenTest, SchedulingIsOrdinary) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    const int nice_before = getpriority(PRIO_PROCESS, 0);
    setpriority(PRIO_PROCESS, 0, -5);
    sched_param param{};
    param.sched_priority = 1;
    const bool real_time = sched_setscheduler(0, SCHED_FIFO, &param) == 0;
    // Fields 19 and 41: nice and policy.
    const std::string seen = output("cut -d' ' -f19,41 /proc/self/stat");
    param.sched_priority = 0;
    if (real_time) sched_setscheduler(0, SCHED_OTHER, &param);
    setpriority(PRIO_PROCESS, 0, nice_before);
    EXPECT_EQ(seen, "0 0\n");
}

TEST_F(ChildrenTest, TheLimitOfFilesIsTheOneWeWereStartedWith) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit other{before.rlim_cur / 2, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &other), 0);
    EXPECT_EQ(output("ulimit -Sn"), std::to_string(before.rlim_cur) + "\n");
    setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(ChildrenTest, RunsAsTheUser) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    chmod(folder_.path().c_str(), 0777);
    Program program = shell("id -u; id -g; id -G");
    program.argv[2] = "(id -u; id -g; id -G) > " + folder_.path() + "/who";
    program.as = {65534, 65533, {65532}};
    EXPECT_TRUE(run(program).ok());
    EXPECT_EQ(folder_.read("who"), "65534\n65533\n65533 65532\n");
    EXPECT_EQ(geteuid(), 0U) << "the parent keeps its own";
}

TEST_F(ChildrenTest, TheEndLeavesNobody) {
    {
        Children children(io_);
        const Program stubborn = shell("trap '' TERM; echo $$ > " + folder_.path() +
                                       "/child; while :; do sleep 1; done");
        EXPECT_TRUE(children.run(stubborn, 0, {{}, [](const ChildEnd&) { ADD_FAILURE(); }}));
        EXPECT_TRUE(run_until(io_, [&] { return exists("child"); }));
    }
    EXPECT_FALSE(exists("child"));
    io_.poll();
}

// A script on a file system that does not answer: the start hangs until `release` is written to.
int hang_fd = -1;
Spawned hang_and_spawn(const Program& program) {
    char byte = 0;
    while (::read(hang_fd, &byte, 1) < 0 && errno == EINTR) {
    }
    return spawn(program);
}

class HungStart : public ChildrenTest {
  protected:
    HungStart() {
        EXPECT_EQ(pipe2(pipe_.data(), O_CLOEXEC), 0);
        hang_fd = pipe_[0];
    }
    ~HungStart() override {
        release();
        close(pipe_[0]);
    }
    void release() {
        if (pipe_[1] >= 0) close(pipe_[1]);
        pipe_[1] = -1;
    }
    void run_slow(const std::string& text) {
        EXPECT_TRUE(slow_.run(shell(text), 50 * ms,
                              {[this] { ++timeouts_; }, [this](const ChildEnd& e) { end_ = e; }}));
    }

    std::array<int, 2> pipe_{-1, -1};
    std::optional<ChildEnd> end_;
    Children slow_{io_, 200, hang_and_spawn};
};

TEST_F(HungStart, HoldsUpNobodyAndTimesOut) {
    run_slow("touch " + folder_.path() + "/began; sleep 60");
    EXPECT_TRUE(run(shell("exit 0")).ok()) << "the manager goes on";
    EXPECT_TRUE(run_until(io_, [&] { return timeouts_ == 1; }));
    EXPECT_FALSE(end_) << "it may still start";
    release();
    EXPECT_TRUE(run_until(io_, [&] { return end_.has_value(); }));
    EXPECT_EQ(end_->kind, ChildEnd::Kind::timed_out);
    EXPECT_EQ(slow_.running(), 0U);
}

TEST_F(HungStart, NobodyIsLeftOfOneThatStartsTooLate) {
    {
        Children gone(io_, 200, hang_and_spawn);
        EXPECT_TRUE(gone.run(shell("echo $$ > " + folder_.path() + "/pid; sleep 60"), 0,
                             {{}, [](const ChildEnd&) {}}));
    }
    release();
    EXPECT_TRUE(run_until(io_, [&] { return !exists("pid"); }));
}

}  // namespace
}  // namespace warren::programs
