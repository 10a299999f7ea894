// SPDX-License-Identifier: BSD-3-Clause
// Passwords that stand in a file of their own, as in keepalived.conf they would be everybody's.
#pragma once

#include <optional>
#include <string>

namespace warren::health {

// The file's first line, without its end; nothing if it cannot be read or is longer than 4 KiB.
std::optional<std::string> read_secret(const std::string& path);

}  // namespace warren::health
