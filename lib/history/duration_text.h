// SPDX-License-Identifier: BSD-3-Clause
// A duration as people read it: "0.4 s", "3.65 s", "4m12s", "2h4m".
#pragma once

#include <cstdint>
#include <string>

namespace warren::history {

std::string duration_text(std::uint64_t ms);

}  // namespace warren::history
