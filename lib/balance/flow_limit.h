// SPDX-License-Identifier: BSD-3-Clause
// uthreshold and lthreshold of a real_server, as IPVS takes them (ip_vs_bind_dest() and
// ip_vs_unbind_dest()): with as many flows as the upper one it is overloaded and takes no new ones,
// until it has fewer than the lower one, or than 3/4 of the upper one where the lower one is 0.
#pragma once

#include <cstdint>

namespace warren::balance {

struct FlowLimit {
    std::uint32_t upper = 0;  // 0: no limit
    std::uint32_t lower = 0;

    // From whether it was, and its live flows now.
    constexpr bool is_overloaded(bool was, std::uint64_t flows) const {
        if (upper == 0) return false;
        if (flows >= upper) return true;
        const bool has_room = lower != 0 ? flows < lower : flows * 4 < std::uint64_t{upper} * 3;
        return was && !has_room;
    }
};

}  // namespace warren::balance
