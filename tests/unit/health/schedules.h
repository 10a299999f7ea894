// SPDX-License-Identifier: BSD-3-Clause
// How often the tests' checkers ask.
#pragma once

#include <cstdint>

#include "health/checker.h"

namespace warren::health {

inline constexpr std::int64_t ms = 1'000'000;
inline const Schedule fast{.delay_loop_ns = 2 * ms, .delay_before_retry_ns = ms};

}  // namespace warren::health
