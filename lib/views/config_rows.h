// SPDX-License-Identifier: BSD-3-Clause
// The configuration as rows: the one that runs, and where each line came from, for `warrenctl show
// config`; and what a reload has done to it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "syntax/document.h"
#include "views/pages.h"

namespace warren::views {

// One page of {"text": …, "file": …, "line": …}. The cursor is the number of its first line. Of
// "defaults", which may stand before it: what opens a block has as "defaults" the statements that
// it leaves out and that have a value all the same, those of instances, services, servers and
// dataplane.
std::string config_page(const std::vector<syntax::TextLine>& lines, const config::Config& config,
                        std::string_view cursor);

inline constexpr std::size_t most_reload_steps = 30, most_reload_warnings = 6;
inline constexpr std::size_t longest_reload_step = 160;
inline constexpr std::size_t longest_refusal = 1'000;  // it ends with what to do

struct ReloadTold {
    const std::vector<std::string>& steps;
    const std::vector<std::string>& warnings;
    const std::string& refusal;
};
// What a reload has done, or would do: {"warning": …} and {"step": …} each, then {"outcome": …,
// "refused": …}. All fit in one page: asking for another would reload once more.
std::vector<Json> reload_rows(const ReloadTold& told, bool is_rehearsal);

}  // namespace warren::views
