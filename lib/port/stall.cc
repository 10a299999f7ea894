// SPDX-License-Identifier: BSD-3-Clause
#include "port/stall.h"

#include <utility>

namespace warren::port {

bool MovementWatch::look(std::uint64_t now_ns, std::uint64_t attempts, std::uint64_t moved) {
    if (!std::exchange(begun_, true) || moved != moved_ || attempts == attempts_) {
        moved_ = moved;
        attempts_ = attempts;
        since_ns_ = now_ns;
        return false;
    }
    return attempts - attempts_ >= least_attempts && now_ns - since_ns_ >= stall_after_ns;
}

bool BufferWatch::look(std::uint64_t now_ns, unsigned free, unsigned all) {
    const unsigned least = exhausted_ ? all / 32 : all / 256;
    if (!std::exchange(begun_, true) || free > least) {
        enough_ns_ = now_ns;
        exhausted_ = false;
    }
    exhausted_ = exhausted_ || now_ns - enough_ns_ >= stall_after_ns;
    return exhausted_;
}

}  // namespace warren::port
