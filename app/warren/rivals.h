// SPDX-License-Identifier: BSD-3-Clause
// A keepalived that runs on this host and elects the same virtual router: both would be master, for
// neither hears the other's adverts, and each would take away the other's addresses.
#pragma once

#include <functional>
#include <string>

#include "schema/load.h"

namespace warren::app {

// Looks at the processes of `proc` in our network namespace, and at the file that each keepalived
// was started with. One warning for each virtual router that is both's.
using ReadFile = std::function<schema::LoadResult(const std::string& file)>;
syntax::Diagnostics find_rivals(const config::Config& ours, const ReadFile& read,
                                const std::string& proc = "/proc");

}  // namespace warren::app
