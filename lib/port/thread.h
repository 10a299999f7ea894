// SPDX-License-Identifier: BSD-3-Clause
// How the calling thread stands with the scheduler where it shares a CPU with others.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

namespace warren::port {

// A thread that sleeps between rounds and must wake in time: nearly always runnable at once at a
// negative `niceness` (-20..-1), and its sleeps end when they should instead of up to 50 us later.
// Without the privilege the thread stays as it is.
inline void keep_this_thread_prompt(int niceness) {
    setpriority(PRIO_PROCESS, 0, niceness);  // Linux: 0 is the calling thread
    prctl(PR_SET_TIMERSLACK, 1000UL);
}

}  // namespace warren::port
