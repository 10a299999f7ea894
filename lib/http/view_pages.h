// SPDX-License-Identifier: BSD-3-Clause
// The rows of a view that has thousands, page by page: between two pages the loop does what else
// there is to do, so that a check or a command waits for a page, not for all of them.
#pragma once

#include <functional>
#include <string>

#include "views/pages.h"

namespace warren::http {

// Calls it from the loop, when it has done what waits already.
using Later = std::function<void(std::function<void()>)>;

// The page of a view that begins at a cursor, "" being the first.
using ViewPage = std::function<std::string(const std::string& cursor)>;

// Rows of a page, their names at them again.
void add_rows(const views::Json& page, views::Json& rows);

// `done` gets all rows as text, commas between them.
void gather_rows(ViewPage page, Later later, std::function<void(std::string rows)> done);

}  // namespace warren::http
