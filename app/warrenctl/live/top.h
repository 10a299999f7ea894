// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl top`: status, servers with their rates, flows and events, live. Reads only. Without a
// terminal it prints such screens, whole and uncut, one below the other.
#pragma once

#include <iosfwd>
#include <string>

#include "rows/output.h"

namespace warren::ctl {

struct TopOptions {
    std::string instance;
    double delay_s = 2;            // between two looks
    bool goes_on = false;          // without a terminal: until the output ends, else one screen
    Format format = Format::text;  // else an object a look
};

// Throws Unreachable if nobody answers at the start; who goes later may come back.
void top(const TopOptions& options, std::ostream& out);

}  // namespace warren::ctl
