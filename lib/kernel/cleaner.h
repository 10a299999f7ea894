// SPDX-License-Identifier: BSD-3-Clause
// A small child process that outlives us for an instant: when we end without having taken back what
// we put into the kernel (killed, crashed), it does, so that a dead master's kernel neither answers
// ARP for its addresses nor refuses their clients, and sends nothing by its routes. Make it before
// there are threads. It hears no signal but SIGKILL, holds nothing of ours but a socket, and goes
// by another name than ours, so that what ends us by name leaves it alone. Errors: the constructor
// throws std::system_error; what it cannot be told any more because it has died is given up.
#pragma once

#include <sys/types.h>

#include <span>

#include "kernel/netlink_socket.h"

namespace warren::kernel {

class Cleaner {
  public:
    // The words of our command line are the child's to write its name over.
    explicit Cleaner(std::span<char*> command_line);
    ~Cleaner();  // the child removes what is still there, and has ended afterwards
    Cleaner(const Cleaner&) = delete;
    Cleaner& operator=(const Cleaner&) = delete;

    // Before something is added, and after it was removed: the request that takes it back.
    void will_have(const NetlinkMessage& removal);
    void has_removed(const NetlinkMessage& removal);

    // What the kernel ties to an open socket outlives us too, until the rest has been removed.
    void hold(int descriptor);

  private:
    void announce(bool there, const NetlinkMessage& removal) const;

    int socket_ = -1;
    pid_t child_ = -1;
};

}  // namespace warren::kernel
