// SPDX-License-Identifier: BSD-3-Clause
// The beginning of a file of the kernel's or the operator's, in one read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace warren::tracking {

// Nothing when it cannot be read. Never waits, not even for a FIFO's writer.
std::optional<std::string> read_file_text(const std::string& path, std::size_t most_bytes);

}  // namespace warren::tracking
