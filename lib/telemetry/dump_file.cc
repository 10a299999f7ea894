// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/dump_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace warren::telemetry {
namespace {

// errno, or 0.
int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

}  // namespace

std::string dump_folder() {
    const char* const named = std::getenv("TMPDIR");
    return named != nullptr && named[0] == '/' ? named : "/tmp";
}

// mkostemp makes a file of its own, O_EXCL and 0600; the renaming replaces whatever stands there, a
// link itself and not what it points to.
void replace_file(const std::string& path, std::string_view text) {
    std::string temporary = path + ".XXXXXX";
    const int fd = mkostemp(temporary.data(), O_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::system_category(), path);
    int error = write_all(fd, text);
    if (close(fd) != 0 && error == 0) error = errno;
    if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
    if (error == 0) return;
    unlink(temporary.c_str());
    throw std::system_error(error, std::system_category(), path);
}

}  // namespace warren::telemetry
