// SPDX-License-Identifier: BSD-3-Clause
// Reads the configuration from disk and tells the operator about it.
#pragma once

#include <iosfwd>

#include "schema/load.h"

namespace warren::app {

schema::LoadResult read_config(const std::string& file, const std::string& config_id);
// Throws where the file itself cannot be read: there are no lines to show then.
schema::LoadResult read_config_or_throw(const std::string& file, const std::string& config_id);

// What this host makes of it: its interfaces and its own addresses, in the namespace of this
// moment. `running`, if known, is in force there: its virtual addresses are not the host's own.
void look_at_host(schema::LoadResult& result, const config::Config* running = nullptr);

// What `--check` prints: each diagnostic, the keywords that have no meaning here, and what is wrong
// with the scripts.
// `for_journal`: each line with its priority as journald reads it from a stream (sd-daemon(3)).
void print_check(const schema::LoadResult& result, const syntax::Diagnostics& scripts,
                 bool for_journal, std::ostream& out);

}  // namespace warren::app
