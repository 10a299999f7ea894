// SPDX-License-Identifier: BSD-3-Clause
// Causes and reasons in words, for people; names of them (event.h) are for counters and filters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vrrp/advert.h"
#include "vrrp/event.h"

namespace warren::vrrp {

std::string_view words(FaultCause cause);     // "its link is down"
std::string_view words(RejectReason reason);  // "its checksum is wrong"

// Of a set of causes, a bit each: "its link is down, no worker looks at it".
std::string fault_words(std::uint16_t faults);

}  // namespace warren::vrrp
