// SPDX-License-Identifier: BSD-3-Clause
// Engine "parts": what some packets cost beside what engine "stage" counts. The checksum of a full
// segment in software; a frame that comes to the wrong worker and is handed off; what two workers
// on two CPUs do together, where each gets its own frames.
#pragma once

#include "load.h"
#include "report.h"

namespace warren::bench {

// Needs EAL with two lcores beside the main one. Throws std::runtime_error as run_stage().
Result run_parts(const Load& load);

}  // namespace warren::bench
