// SPDX-License-Identifier: BSD-3-Clause
// What `events` and `ended` have in common: rows with a number and a time, of which some are
// wanted, the last so many, or those to come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"
#include "rows/table.h"

namespace warren::ctl {

struct Choice {
    std::optional<std::int64_t> since_ms;  // since 1970
    std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();
    std::size_t most = 0;  // the last ones; 0: all
    bool follow = false;
};

struct ListOutput {
    const std::vector<Column>& columns;
    const Output& to;
};

using Wanted = std::function<bool(const Json& row)>;

// The rows of a view that are wanted, the oldest first.
std::vector<Json> chosen(Telemetry& telemetry, const std::string& view, const Choice& choice,
                         const Wanted& wanted);

// With follow: as JSON one row a line, and it ends when the output does.
void print_list(Telemetry& telemetry, const std::string& view, const Choice& choice,
                const Wanted& wanted, const ListOutput& output);

}  // namespace warren::ctl
