// SPDX-License-Identifier: BSD-3-Clause
// 64 bits in network order, for wire structs.
#pragma once

#include <cstdint>

#include "net/bytes.h"

namespace warren::sync {

struct Be64 {
    net::Be32 high, low;

    static Be64 of(std::uint64_t v) {
        return {net::Be32(static_cast<std::uint32_t>(v >> 32)),
                net::Be32(static_cast<std::uint32_t>(v))};
    }
    std::uint64_t host() const { return std::uint64_t{high.host()} << 32 | low.host(); }
};
static_assert(sizeof(Be64) == 8 && alignof(Be64) == 1);

}  // namespace warren::sync
