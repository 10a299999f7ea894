// SPDX-License-Identifier: BSD-3-Clause
// What differs between two blocks of configurations, statement by statement, as their text has it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/document.h"

namespace warren::syntax {

// Neighbours among the lines of to_lines().
using LineSpan = std::span<const TextLine>;

// The statement or block made of what stands there, or the first of that keyword that is in no
// block; empty: there is none.
LineSpan block_at(LineSpan lines, const Location& where);
LineSpan block_of(LineSpan lines, std::string_view keyword);

struct LineChange {
    std::string keyword;  // of the outermost statement within the block
    std::string text;     // "TCP_CHECK: connect_timeout 1 -> 2 (warren.conf:12)"
};
// Within the blocks: their first lines may differ. In the order of the text, what is gone first.
std::vector<LineChange> changes_between(LineSpan before, LineSpan after);

}  // namespace warren::syntax
