// SPDX-License-Identifier: BSD-3-Clause
#include "port/sleeper.h"

#include <sys/socket.h>

#include <ctime>

namespace warren::port {
namespace {

// What a link that went down leaves behind would end every sleep from then on.
void clear_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
}

}  // namespace

void Sleeper::wake_on(int descriptor) {
    if (descriptor < 0)
        complete_ = false;
    else
        descriptors_.push_back({descriptor, POLLIN, 0});
}

void Sleeper::sleep(std::uint32_t us) {
    const timespec longest{0, static_cast<long>(us) * 1000};
    const bool is_deaf = spurious_wakes_ == spurious_wakes_max;
    if (ppoll(descriptors_.data(), is_deaf ? 0 : descriptors_.size(), &longest, nullptr) <= 0) {
        spurious_wakes_ = 0;
        return;
    }
    ++spurious_wakes_;
    for (const pollfd& descriptor : descriptors_)
        if ((descriptor.revents & POLLERR) != 0) clear_error(descriptor.fd);
}

}  // namespace warren::port
