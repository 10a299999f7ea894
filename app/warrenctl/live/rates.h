// SPDX-License-Identifier: BSD-3-Clause
// What came since the last look, a second. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "asking/telemetry.h"

namespace warren::ctl {

class Rates {
  public:
    // Gives each row of `servers` new_s, refused_s, in_s and out_s, bytes for the last two: null at
    // the first look, after a restart, and of a server that has just come.
    void take(std::vector<Json>& servers, double now_s);

  private:
    struct Look {
        Json row;
        double when_s = 0;
    };

    std::map<std::string, Look> before_;  // by service and server
};

}  // namespace warren::ctl
