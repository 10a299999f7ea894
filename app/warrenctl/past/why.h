// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl why CLIENT[:PORT] [at TIME]`: why a client's connections ended, what happened to their
// servers and routers just then, and where it went next.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

// What the words ask for, as telemetry takes it. Throws std::invalid_argument.
std::string why_question(const std::vector<std::string>& words, std::int64_t now_ms);

// Rows of the view as text of 80 columns. False: nothing has ended.
bool write_why(const std::vector<Json>& rows, const std::string& asked, std::int64_t now_ms,
               std::ostream& out);

// False: nothing has ended.
bool print_why(Telemetry& telemetry, const std::vector<std::string>& words, const Output& output);

}  // namespace warren::ctl
