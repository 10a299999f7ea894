// SPDX-License-Identifier: BSD-3-Clause
// `net_namespace NAME`: the process moves into a network namespace of ip-netns(8). Before anything
// is opened and before there are threads: what has been made already stays where it was.
#pragma once

#include <string>

namespace warren::app {

// An empty name: stay here. Throws std::runtime_error.
void enter_net_namespace(const std::string& name);

}  // namespace warren::app
