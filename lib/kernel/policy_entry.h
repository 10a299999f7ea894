// SPDX-License-Identifier: BSD-3-Clause
// A route or a rule as the kernel is asked to have it.
#pragma once

#include <string>
#include <variant>

#include "net/route.h"

namespace warren::kernel {

struct PolicyEntry {
    std::variant<net::Route, net::Rule> what;
    bool returns = true;  // when somebody takes it away

    friend bool operator==(const PolicyEntry&, const PolicyEntry&) = default;
};

inline std::string to_string(const PolicyEntry& entry) {
    if (const auto* route = std::get_if<net::Route>(&entry.what))
        return "route " + net::to_string(*route);
    return "rule " + net::to_string(std::get<net::Rule>(entry.what));
}

// Empty: it is of none.
inline std::string interface_of(const PolicyEntry& entry) {
    if (const auto* route = std::get_if<net::Route>(&entry.what)) return route->hop.interface;
    return std::get<net::Rule>(entry.what).in_interface;
}

}  // namespace warren::kernel
