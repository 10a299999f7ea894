// SPDX-License-Identifier: BSD-3-Clause
// Passwords from files of their own, for keepalived.conf is often readable by everybody.
#pragma once

#include <optional>
#include <string>

namespace warren::health {

// The file's first line, without its end; nothing if it cannot be read or is longer than 4 KiB:
// `problem` says which file and why.
std::optional<std::string> read_secret(const std::string& path, std::string& problem);

}  // namespace warren::health
