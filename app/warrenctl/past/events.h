// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl events [WORD…]`: what has happened, the newest last. Words that are kinds of events
// (vrrp, server, link, …) choose these kinds; all others must occur in the text, whatever their
// case, or be its cause.
#pragma once

#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/lists.h"
#include "rows/output.h"

namespace warren::ctl {

struct EventFilter {
    std::vector<std::string> words;
    std::string level = "info";        // and above
    std::vector<std::string> names{};  // it must be about all of them
};

// info, warning, error; -1: no such level.
int event_level(const std::string& name);

std::vector<std::string> event_kind_names();

void print_events(Telemetry& telemetry, const EventFilter& filter, const Choice& choice,
                  const Output& output);

}  // namespace warren::ctl
