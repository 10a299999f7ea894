// SPDX-License-Identifier: BSD-3-Clause
// How the calling thread, and all of us, stand with the scheduler where CPUs are shared.
#pragma once

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iterator>
#include <string>

namespace warren::port {

// A thread that sleeps between rounds and must wake in time: nearly always runnable at once at a
// negative `niceness` (-20..-1), and its sleeps end when they should instead of up to 50 us later.
// Without the privilege the thread stays as it is.
inline void keep_this_thread_prompt(int niceness) {
    setpriority(PRIO_PROCESS, 0, niceness);  // Linux: 0 is the calling thread
    prctl(PR_SET_TIMERSLACK, 1000UL);
}

// Linux shares CPUs evenly among sessions (autogroup, sched(7)): a thread's niceness counts within
// its own, and this is the niceness of ours. Only of one that we lead, as under systemd, or that a
// container's first process does, which stands in front of us: another one is somebody's shell.
// False: not ours, no privilege, or a kernel that does not group.
inline bool keep_this_session_prompt(int niceness) {
    if (getsid(0) != getpid() && !(getsid(0) == 1 && getppid() == 1)) return false;
    const int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const std::string word = std::to_string(niceness);
    const bool is_taken = write(file, word.data(), word.size()) == std::ssize(word);
    close(file);
    return is_taken;
}

}  // namespace warren::port
