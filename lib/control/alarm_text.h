// SPDX-License-Identifier: BSD-3-Clause
// What the log says of a peer's adverts that are not as ours: what differs, theirs and ours.
#pragma once

#include <string>

#include "election/vrrp_link.h"

namespace warren::control {

// `report` is an alarm or a rejected advert; `priority` is ours now.
std::string alarm_text(const election::VrrpReport& report, const vrrp::Settings& ours,
                       unsigned priority);

}  // namespace warren::control
