// SPDX-License-Identifier: BSD-3-Clause
#include "net_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace warren::app {

void enter_net_namespace(const std::string& name) {
    if (name.empty()) return;
    const std::string path = "/var/run/netns/" + name;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool entered = file >= 0 && setns(file, CLONE_NEWNET) == 0;
    const std::string why = std::strerror(errno);
    if (file >= 0) close(file);
    if (!entered) throw std::runtime_error("net_namespace " + name + ": " + path + ": " + why);
}

}  // namespace warren::app
