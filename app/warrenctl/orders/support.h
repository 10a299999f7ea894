// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl support`: all that a developer asks for first, in one archive of bounded size without
// secrets. Of a warren that does not run: what the machine and the journal still know.
#pragma once

#include <iosfwd>
#include <string>

namespace warren::ctl {

struct SupportOptions {
    std::string instance;
    std::string file;  // empty: a name with instance and time, in the working directory
};

// Throws std::runtime_error where no archive can be written.
void support(const SupportOptions& options, std::ostream& out, std::ostream& errors);

}  // namespace warren::ctl
