// SPDX-License-Identifier: BSD-3-Clause
// A small child process that removes what we put into the kernel when we end without doing so
// (killed, crashed): a dead master's kernel must neither answer ARP for its addresses nor refuse
// their clients, nor route by its routes. Construct it before there are threads (fork). The child
// blocks all signals but SIGKILL, holds nothing of ours but a socket, and has another name than
// ours, so that a kill by name does not reach it. Errors: the constructor throws std::system_error;
// if the child has died, what it should be told is dropped.
#pragma once

#include <sys/types.h>

#include <span>

#include "kernel/netlink_socket.h"

namespace warren::kernel {

class Cleaner {
  public:
    // `command_line`: our argv, which the child overwrites with its name.
    explicit Cleaner(std::span<char*> command_line);
    ~Cleaner();  // the child removes what is still there; waits for its end
    Cleaner(const Cleaner&) = delete;
    Cleaner& operator=(const Cleaner&) = delete;

    // Before something is added, and after it was removed: the request that takes it back.
    void will_have(const NetlinkMessage& removal);
    void has_removed(const NetlinkMessage& removal);

    // The child gets a copy of the descriptor, so that what the kernel ties to that socket stays
    // until the rest has been removed.
    void hold(int descriptor);

  private:
    void announce(bool there, const NetlinkMessage& removal) const;

    int socket_ = -1;
    pid_t child_ = -1;
};

}  // namespace warren::kernel
