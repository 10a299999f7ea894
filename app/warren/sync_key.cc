// SPDX-License-Identifier: BSD-3-Clause
#include "sync_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <sstream>

namespace warren::app {
namespace {

constexpr std::size_t most_key_bytes = 1'024;
constexpr std::size_t most_keys = 2;
constexpr std::size_t most_file_bytes = most_keys * (most_key_bytes + 2);

class File {
  public:
    // O_NONBLOCK: a pipe that somebody put there must not hold up a start.
    explicit File(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    bool is_open() const { return fd_ >= 0; }
    // Of the open file, so that it cannot be another one by the time it is read.
    std::string problem() const {
        struct stat status {};
        if (fstat(fd_, &status) != 0) return std::strerror(errno);
        if (!S_ISREG(status.st_mode)) return "it is no plain file";
        if ((status.st_mode & 077) != 0) return "others can read it: chmod 600";
        if (status.st_size > static_cast<off_t>(most_file_bytes)) return "it is too long";
        return {};
    }
    std::string text() const {
        std::array<char, most_file_bytes> buffer;
        const ssize_t size = ::read(fd_, buffer.data(), buffer.size());
        return size < 0 ? std::string()
                        : std::string(buffer.data(), static_cast<std::size_t>(size));
    }

  private:
    int fd_;
};

bool is_text(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isprint(c) != 0 || std::isspace(c) != 0;
    });
}

// What is no text is one key: so many random octets.
std::vector<std::string> lines_of(const std::string& text) {
    if (!is_text(text)) return {text};
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (!line.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

std::string problem_of(const std::vector<std::string>& keys) {
    if (keys.empty()) return "it is empty";
    if (keys.size() > most_keys) return "it has more than two lines: one key, and the one before";
    for (const std::string& key : keys) {
        if (key.size() < least_key_bytes)
            return "a key needs at least " + std::to_string(least_key_bytes) +
                   " characters: openssl rand -hex 32";
        if (key.size() > most_key_bytes) return "a key is too long";
    }
    return {};
}

}  // namespace

SyncKeys read_sync_keys(const std::string& path) {
    const File file(path);
    if (!file.is_open()) return {{}, std::strerror(errno)};
    if (std::string problem = file.problem(); !problem.empty()) return {{}, std::move(problem)};
    std::vector<std::string> keys = lines_of(file.text());
    if (std::string problem = problem_of(keys); !problem.empty()) return {{}, std::move(problem)};
    return {std::move(keys), {}};
}

syntax::Diagnostics check_sync_keys(const config::Config& config) {
    if (!config.flow_sync) return {};
    const std::string& path = config.flow_sync->key_file;
    const std::string problem = read_sync_keys(path).problem;
    if (problem.empty()) return {};
    return {{config.flow_sync->where, syntax::Severity::error,
             "flow_sync: key_file " + path + ": " + problem}};
}

}  // namespace warren::app
