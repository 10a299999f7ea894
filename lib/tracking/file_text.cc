// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/file_text.h"

#include <fcntl.h>
#include <unistd.h>

namespace warren::tracking {

std::optional<std::string> read_file_text(const std::string& path, std::size_t most_bytes) {
    const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    std::string text(most_bytes, '\0');
    const ssize_t bytes = read(file, text.data(), text.size());
    close(file);
    if (bytes < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(bytes));
    return text;
}

}  // namespace warren::tracking
