// SPDX-License-Identifier: BSD-3-Clause
#include "programs/fifo.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace warren::programs {
namespace {

constexpr mode_t for_its_owner = S_IRUSR | S_IWUSR;

std::system_error failure(const std::string& path) {
    return {errno, std::system_category(), path};
}

bool is_fifo(int fd) {
    struct stat file {};
    return fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode);
}

}  // namespace

Fifo::Fifo(std::string path, const Credentials& owner) : path_(std::move(path)), made_(make()) {
    fd_ = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd_ < 0) {
        const int error = errno;
        if (made_) unlink(path_.c_str());
        errno = error;
        throw failure(path_);
    }
    if (!is_fifo(fd_)) {
        close(fd_);
        throw std::runtime_error(path_ + " is no FIFO");
    }
    if (made_) give_to(owner);
}

Fifo::~Fifo() {
    if (made_) unlink(path_.c_str());
    close(fd_);
}

bool Fifo::make() {
    if (mkfifo(path_.c_str(), for_its_owner) == 0) return true;
    if (errno != EEXIST) throw failure(path_);
    return false;
}

// By its descriptor: nobody can have put something else in its place. Whoever is not root has it
// anyway.
void Fifo::give_to(const Credentials& owner) const {
    [[maybe_unused]] const int mode = fchmod(fd_, for_its_owner);
    [[maybe_unused]] const int given = fchown(fd_, owner.uid, owner.gid);
}

// POSIX: up to PIPE_BUF bytes a write that must not wait takes all or nothing.
Fifo::Written Fifo::write(std::string_view line) {
    if (line.size() <= PIPE_BUF &&
        ::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()))
        return Written::yes;
    ++lost_;
    return Written::lost;
}

}  // namespace warren::programs
