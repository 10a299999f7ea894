// SPDX-License-Identifier: BSD-3-Clause
// Which servers of a pool are eligible: new flows go to them alone, the others wait until none of
// them is usable. Before all who does not take its leave, then who is in no partition's minority,
// whose cluster goes on elsewhere. Then by `tier` (the operator's word), then `prefer ram` or
// `disc`, then whether an alarm blocks publishers there. If all are blocked, all in a minority or
// all leave, all serve as before: a client that nobody takes fares no better than one that a
// leaving server may still take.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace warren::balance {

struct Contender {
    bool is_usable = false;  // takes new flows and has a weight
    std::uint32_t tier = 0;
    bool is_preferred = true;  // false: of another kind than the one that is preferred
    bool is_blocked = false;
    bool is_in_minority = false;
    bool is_leaving = false;  // by its own word
};

// By position; without a usable one nobody.
std::vector<bool> eligible(std::span<const Contender> pool);

}  // namespace warren::balance
