// SPDX-License-Identifier: BSD-3-Clause
// Where the control lcore's frames leave.
#pragma once

#include <cstdint>

#include "net/bytes.h"

namespace warren::election {

class FrameSink {
  public:
    FrameSink() = default;
    FrameSink(const FrameSink&) = delete;
    FrameSink& operator=(const FrameSink&) = delete;
    virtual ~FrameSink() = default;
    // false: not taken now (no mbuf, or the port or the ring is full); to be tried again.
    virtual bool send(std::uint8_t port, net::ConstBytes frame) = 0;
};

}  // namespace warren::election
