// SPDX-License-Identifier: BSD-3-Clause
#include "health/secret.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace warren::health {
namespace {

constexpr std::size_t longest_bytes = 4'096;

}  // namespace

// O_NONBLOCK: a pipe that somebody put there must not hold up the loop.
std::optional<std::string> read_secret(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return std::nullopt;
    std::array<char, longest_bytes + 1> buffer;
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    ::close(fd);
    if (size < 0) return std::nullopt;
    std::string text(buffer.data(), static_cast<std::size_t>(size));
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string::npos && text.size() > longest_bytes) return std::nullopt;
    return text.substr(0, end);
}

}  // namespace warren::health
