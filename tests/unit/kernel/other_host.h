// SPDX-License-Identifier: BSD-3-Clause
// A second machine for a test: a child process that holds another network namespace until it dies
// with the test. Commands run in it through nsenter.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "../health/own_namespace.h"

namespace warren::testing_support {

class OtherHost {
  public:
    OtherHost() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return;
        pid_ = fork();
        if (pid_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            const char result = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
            if (write(ends[1], &result, 1) == 1)
                while (true)
                    pause();
            _exit(1);
        }
        char result = 'n';
        ready_ = read(ends[0], &result, 1) == 1 && result == 'y';
        close(ends[0]);
        close(ends[1]);
    }
    ~OtherHost() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    OtherHost(const OtherHost&) = delete;
    OtherHost& operator=(const OtherHost&) = delete;

    bool ready() const { return ready_; }
    std::string pid() const { return std::to_string(pid_); }
    bool run(const std::string& command) const {
        return testing_support::run("nsenter -t " + pid() + " -n " + command);
    }

  private:
    pid_t pid_ = -1;
    bool ready_ = false;
};

}  // namespace warren::testing_support
