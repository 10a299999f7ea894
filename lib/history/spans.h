// SPDX-License-Identifier: BSD-3-Clause
// A span of time in words: "0.4 s", "3.65 s", "4m12s", "2h4m".
#pragma once

#include <cstdint>
#include <string>

namespace warren::history {

std::string span_text(std::uint64_t ms);

}  // namespace warren::history
