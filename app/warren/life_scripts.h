// SPDX-License-Identifier: BSD-3-Clause
// keepalived's startup_script and shutdown_script: what a host needs as long as the service runs.
#pragma once

#include "config/config.h"

namespace warren::app {

// Waits for its end, or until its time is up and it is ended. How it ends is said in the log and
// changes nothing else; the same goes for a script that cannot run, which a check has told of.
// False: SIGTERM or SIGINT has come meanwhile, and the script is ended. Those are held afterwards.
bool run_life_script(const char* keyword, const config::LifeScript& script,
                     const config::GlobalDefs& global);

}  // namespace warren::app
