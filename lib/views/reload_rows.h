// SPDX-License-Identifier: BSD-3-Clause
// What a reload has done, or would do, as rows that fit in one page: asking for another would
// reload once more.
#pragma once

#include <string>
#include <vector>

#include "views/pages.h"

namespace warren::views {

inline constexpr std::size_t most_reload_steps = 30;
inline constexpr std::size_t longest_reload_step = 160;

// {"step": …} each, then {"outcome": …, "refused": …}.
std::vector<Json> reload_rows(const std::vector<std::string>& steps, const std::string& refusal,
                              bool is_rehearsal);

}  // namespace warren::views
