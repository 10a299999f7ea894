// SPDX-License-Identifier: BSD-3-Clause
// SIGINT and SIGTERM end a measurement early: what it has by then is reported.
#pragma once

#include <csignal>

namespace warren::bench {

// From now on they only wait, in this thread and in those that it makes.
inline void hold_signals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : {SIGINT, SIGTERM})
        sigaddset(&held, number);
    pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

// One waits. A system call: for windows, not for packets.
inline bool is_interrupted() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
}

}  // namespace warren::bench
