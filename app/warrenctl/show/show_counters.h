// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show counters [GROUP]`: what has been counted, how fast of late and when last; and
// `help COUNTER`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

const std::vector<std::string>& counter_group_names();

struct CounterChoice {
    std::string group{};    // empty: all
    bool with_all = false;  // those that have not moved, too
    double seconds = 0;     // not 0: what is counted in so many from now on
};

void show_counters(Telemetry& telemetry, const CounterChoice& choice, const Output& output);

// What a counter counts, what is healthy, and what to do if it is not. False: none has that name.
bool explain_counter(const std::string& name, std::ostream& out);
std::vector<std::string> counter_names();

}  // namespace warren::ctl
