// SPDX-License-Identifier: BSD-3-Clause
#include "port/nap.h"

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

void Nap::wake_on(int descriptor) {
    if (descriptor < 0)
        complete_ = false;
    else
        descriptors_.push_back({descriptor, POLLIN, 0});
}

void Nap::sleep(std::uint32_t us) {
    const timespec longest{0, static_cast<long>(us) * 1000};
    const bool is_deaf = idle_wakes_ == most_idle_wakes;
    if (ppoll(descriptors_.data(), is_deaf ? 0 : descriptors_.size(), &longest, nullptr) <= 0) {
        idle_wakes_ = 0;
        return;
    }
    ++idle_wakes_;
    for (const pollfd& descriptor : descriptors_)
        if ((descriptor.revents & POLLERR) != 0) clear_error(descriptor.fd);
}

}  // namespace warren::port
