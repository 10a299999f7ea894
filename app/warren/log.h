// SPDX-License-Identifier: BSD-3-Clause
// Where the log goes: the journal, standard error, or a file that is opened again when logrotate
// has renamed it.
#pragma once

#include <string>

#include "options.h"

namespace warren::app {

// Throws when the file cannot be opened.
void open_log(const Options& options);

// Opens the file by its name again; the old one stays when that fails. What went wrong, or nothing.
// On the manager's thread, the only one that logs.
std::string reopen_log(const Options& options);

}  // namespace warren::app
