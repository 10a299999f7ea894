// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl ended [client A[:P]] [server A[:P]] [cause C]`: the last flows that ended, were
// refused or found no room, and why; the newest last.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

struct EndedFilter {
    std::string client, server, cause;  // empty: any

    // Throws std::invalid_argument, which says what is wrong with the words.
    static EndedFilter parse(const std::vector<std::string>& words);
    bool matches(const Json& row) const;
};

// What a user may ask for, for the help.
std::string ended_causes();

void print_ended(Telemetry& telemetry, const EndedFilter& filter, bool as_json, std::ostream& out);

}  // namespace warren::ctl
