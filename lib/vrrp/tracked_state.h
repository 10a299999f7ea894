// SPDX-License-Identifier: BSD-3-Clause
// What is known of a tracked thing at this moment.
#pragma once

#include <cstdint>
#include <string>

namespace warren::vrrp {

struct TrackedState {
    enum class Standing : std::uint8_t {
        unknown,  // not looked at yet
        ignored,  // cannot be looked at: takes no part, as in keepalived
        known,
    };
    Standing standing = Standing::unknown;
    std::int64_t number = 0;  // a file's; of the others 1 is up and 0 down
    std::string text{};       // for an operator: "up", "exit status 1", "-20"

    static TrackedState of(bool up, std::string text) {
        return {Standing::known, up ? 1 : 0, std::move(text)};
    }
    friend bool operator==(const TrackedState&, const TrackedState&) = default;
};

}  // namespace warren::vrrp
