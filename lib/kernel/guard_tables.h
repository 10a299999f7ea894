// SPDX-License-Identifier: BSD-3-Clause
// The guard's rules as tables of nftables, and the commands that make one state of them of another.
// Pure text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/guard_rules.h"

namespace warren::kernel {

inline constexpr std::string_view egress_chain = "egress";
inline constexpr std::string_view translated_passes = "    ct status snat accept\n";

struct GuardTable {
    struct Chain {
        std::string name;
        std::string type;   // with its hook; empty: others jump to it
        std::string rules;  // a line each

        friend bool operator==(const Chain&, const Chain&) = default;
    };
    struct Set {
        std::string name;
        bool is_v4 = true;
        std::vector<InterfaceRules::Endpoint> endpoints;  // some; in order, each once

        friend bool operator==(const Set&, const Set&) = default;
    };
    std::string name{};           // "netdev warren_eth0"
    std::string without{};        // what happens where the kernel refuses it
    std::string interface {};     // whose it is; empty: the host's
    int ifindex = 0;              // of that
    std::vector<Set> sets{};      // what may be long, and is the same while rules change
    std::vector<Chain> chains{};  // none: it is not to be there
    bool is_owned = true;         // guard.h

    friend bool operator==(const GuardTable&, const GuardTable&) = default;
};

// All that an instance may have with such interfaces, without chains where there is nothing to do.
// Throws std::invalid_argument for a name that no interface can have.
std::vector<GuardTable> guard_tables(std::string_view instance, const GuardRules& rules);

// Chains that stay the same are left alone, with their counters; of others the rules are exchanged
// in place (guard.h says why). Of a set what has come and gone is said: each element takes
// libnftables some microseconds. `before`: what the kernel has, null = nothing; made anew for
// another ifindex. Empty: nothing to do.
std::string commands(const GuardTable* before, const GuardTable& after);

}  // namespace warren::kernel
