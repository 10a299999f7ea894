// SPDX-License-Identifier: BSD-3-Clause
// Starts one child process without copying this process's memory.
#pragma once

#include <sys/types.h>

#include "programs/program.h"

namespace warren::programs {

struct Spawned {
    pid_t pid = -1;
    int pidfd = -1;  // the caller closes it; readable when the child has ended
    int error = 0;   // errno of what failed; pid is -1 then and nothing is left to reap
};

using Spawner = Spawned (*)(const Program&);

// The child leads a process group, has the default scheduling and signals, no descriptors but
// /dev/null as 0, 1 and 2, may open as many files as this process might when it was started, runs
// in /, and is sent TERM when this thread ends. A file without "#!"
// is given to /bin/sh.
Spawned spawn(const Program& program);

// The same by a thread of its own, which waits as long as the file system does (a script on a hung
// NFS server) and then until the child has ended. Returns at once: a socket on which one Spawned
// arrives, or -errno. Closed before that, nobody wants the child any more, and it is ended.
int spawn_apart(Program program, Spawner spawner);

}  // namespace warren::programs
