// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl ended [client A[:P]] [server A[:P]] [service A[:P]] [cause C]`: the last flows that
// ended, were refused, found no room or were cut by a takeover, and why; the newest last.
#pragma once

#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/lists.h"
#include "rows/output.h"

namespace warren::ctl {

struct EndedFilter {
    std::string client, server, service, cause;  // empty: any

    // Throws std::invalid_argument, which says what is wrong with the words.
    static EndedFilter parse(const std::vector<std::string>& words);
    bool matches(const Json& row) const;
};

// "10.0.0.9" or "10.0.0.9:4000" as the rows have it. Throws std::invalid_argument.
std::string read_end(const std::string& text);
bool has_port(const std::string& end);  // of what that gave

// Whether that is meant: "10.0.0.9" is any port of it, "10.0.0.9:4000" that one; IPv6 addresses
// stand in brackets when a port follows.
bool is_endpoint(const std::string& endpoint, const std::string& wanted);

// What a user may ask for, for the help.
std::vector<std::string> ended_cause_names();

// `by`: empty, or what to count: cause, server, service or client.
void print_ended(Telemetry& telemetry, const EndedFilter& filter, const Choice& choice,
                 const std::string& by, const Output& output);

}  // namespace warren::ctl
