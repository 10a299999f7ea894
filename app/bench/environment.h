// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment of a measurement: as the command line has it, else made by us.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "options.h"
#include "port/eal.h"

namespace warren::bench {

class Environment {
  public:
    // Throws std::runtime_error where EAL does not start.
    explicit Environment(const Request& request);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    std::optional<port::Eal> made_;
};

// The lcores that forward: the last ones. Throws std::runtime_error where there are too few beside
// the main one.
std::vector<unsigned> forwarding_lcores(unsigned count);

// Processor, DPDK, memory: what figures hold for.
std::vector<std::pair<std::string, std::string>> machine();

}  // namespace warren::bench
