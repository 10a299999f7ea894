// SPDX-License-Identifier: BSD-3-Clause
// A small child process that outlives us for an instant: when we end without having taken our
// addresses back (killed, crashed), it removes them, so that a dead master's kernel neither answers
// ARP for them nor refuses their clients. Make it before there are threads. It hears no signal but
// SIGKILL, holds nothing of ours but a socket, and goes by another name than ours, so that what
// ends us by name leaves it alone. Errors: the constructor throws std::system_error; what it cannot
// be told any more because it has died is given up.
#pragma once

#include <sys/types.h>

#include <span>

#include "kernel/kernel_address.h"

namespace warren::kernel {

class Cleaner {
  public:
    // The words of our command line are the child's to write its name over.
    explicit Cleaner(std::span<char*> command_line);
    ~Cleaner();  // the child removes what is still there, and has ended afterwards
    Cleaner(const Cleaner&) = delete;
    Cleaner& operator=(const Cleaner&) = delete;

    // Before an address is added, and after it was removed.
    void will_have(int ifindex, const KernelAddress& address);
    void has_removed(int ifindex, const KernelAddress& address);

  private:
    void tell(bool there, int ifindex, const KernelAddress& address) const;

    int socket_ = -1;
    pid_t child_ = -1;
};

}  // namespace warren::kernel
