// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl upgrade`: another version of warren without a broken connection. Hands over what is
// master here, restarts, waits until the flows are known again and this warren is master again if
// it was. Says each step with its time and stops at the first that fails.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"

namespace warren::ctl {

struct UpgradeMeans {
    // Rows of a view of the warren that runs now; throws while none does.
    std::function<std::vector<Json>(const std::string& view, const std::string& argument)> ask;
    std::function<int(const std::string& command)> run;  // its exit status
    std::function<void(std::chrono::milliseconds)> pause;
    std::function<std::chrono::milliseconds()> now;  // of a clock that never goes back
};

struct UpgradeOptions {
    std::string restart_command;
    bool force = false;  // gives up what cannot be handed over
};

bool upgrade(const UpgradeMeans& means, const UpgradeOptions& options, std::ostream& out);

// For real: the instance's telemetry, a shell, the clock.
UpgradeMeans upgrade_means(const std::string& instance);

}  // namespace warren::ctl
