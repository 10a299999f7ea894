// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl events [WORD…]`: what has happened, the newest last. Words that are kinds of events
// (vrrp, server, link, …) choose these kinds; all others must occur in the text, whatever their
// case.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

void print_events(Telemetry& telemetry, const std::vector<std::string>& words, bool as_json,
                  std::ostream& out);

}  // namespace warren::ctl
