// SPDX-License-Identifier: BSD-3-Clause
// What this process takes of the machine, from the kernel: getrusage, /proc/self.
#pragma once

#include "metrics/facts.h"

namespace warren::http {

// What cannot be read is 0.
metrics::ProcessUsage process_usage();

}  // namespace warren::http
