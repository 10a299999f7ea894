// SPDX-License-Identifier: BSD-3-Clause
#include "health/secret.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace warren::health {
namespace {

constexpr std::size_t longest_bytes = 4'096;

}  // namespace

// O_NONBLOCK: a pipe that somebody put there must not hold up the loop.
std::optional<std::string> read_secret(const std::string& path, std::string& problem) {
    problem = "cannot read " + path + ": ";
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return problem += std::generic_category().message(errno), std::nullopt;
    std::array<char, longest_bytes + 1> buffer;
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    const int error = errno;
    ::close(fd);
    if (size < 0) return problem += std::generic_category().message(error), std::nullopt;
    std::string text(buffer.data(), static_cast<std::size_t>(size));
    const std::size_t end = text.find_first_of("\r\n");
    if (end == 0 || text.empty()) return problem += "its first line is empty", std::nullopt;
    if (end == std::string::npos && text.size() > longest_bytes)
        return problem += "its first line is too long", std::nullopt;
    return text.substr(0, end);
}

}  // namespace warren::health
