// SPDX-License-Identifier: BSD-3-Clause
// What `warrenctl show config` shows: the configuration that runs, and where each line came from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "syntax/document.h"
#include "views/pages.h"

namespace warren::views {

// One page of {"text": …, "file": …, "line": …}. The cursor is the number of its first line.
std::string config_page(const std::vector<syntax::TextLine>& lines, std::string_view cursor);

}  // namespace warren::views
