// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace warren::capture {

// The ports of every test, by number.
inline const std::vector<std::string> ports{"eth0", "eth1"};

}  // namespace warren::capture
