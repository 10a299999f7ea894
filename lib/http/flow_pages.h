// SPDX-License-Identifier: BSD-3-Clause
// /api/1/flows: what the workers have in their tables, gathered from pages of `show flows` until
// there are most_rows, or until so many pages have been asked for; "next" then says where the rest
// begins. Nothing waits: the workers answer when they do.
//     ?client=A[:P]&server=A[:P]&service=A[:P]&local=A[:P]&state=NAME&idle=MS&older=MS&from=W:I
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "views/pages.h"

namespace warren::http {

// Asks as warrenctl does, for reading; the answer may come at once or later, and is a page.
using Ask = std::function<void(const std::string& what, const std::string& question,
                               std::function<void(std::string page)>)>;

// One answer costs the workers no more than this many pages of 64 rows.
inline constexpr unsigned most_flow_pages = 64;

// A query as words of `show flows`. Nothing: it has a parameter that there is not, or twice.
std::optional<std::string> flow_question(std::string_view query);

struct GatheredFlows {
    views::Json rows = views::Json::array();
    std::string next;     // `from` of the rest; empty: there is none
    std::string problem;  // not empty: it cannot be answered
};

void gather_flows(const Ask& ask, const std::string& question,
                  std::function<void(GatheredFlows)> done);

}  // namespace warren::http
