// SPDX-License-Identifier: BSD-3-Clause
// A network namespace of the test process's own, with lo up; it vanishes with the process. Also in
// use by the tests of netlink and of the guard, hence in one header.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace warren::testing_support {

inline bool run(const std::string& command) {
    const int status = std::system((command + " >/dev/null 2>&1").c_str());
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// False where the machine does not allow it. Without root it tries a user namespace.
inline bool enter_own_namespace() {
    const uid_t user = getuid();
    if (geteuid() == 0) {
        if (unshare(CLONE_NEWNET) != 0) return false;
    } else {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    }
    return run("ip link set lo up");
}

}  // namespace warren::testing_support
