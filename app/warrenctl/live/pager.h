// SPDX-License-Identifier: BSD-3-Clause
// Text that is longer than the screen goes through a pager.
#pragma once

#include <string>

#include "text/screen.h"

namespace warren::ctl {

// Somebody sits at a terminal who can turn pages.
bool can_page();

// Whether it takes more lines than the screen has, those that it wraps too.
bool is_longer(const std::string& text, const ScreenSize& screen);

// By $PAGER, else less, to standard output; at once if it fits, if PAGER is empty, or if there is
// no such program.
void write_paged(const std::string& text);

}  // namespace warren::ctl
