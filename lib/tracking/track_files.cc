// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/track_files.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <utility>

#include "config/settle_tracking.h"
#include "tracking/file_text.h"

namespace warren::tracking {
namespace {

constexpr std::uint32_t interesting =
    IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::size_t most_bytes = 127;

}  // namespace

std::optional<std::int64_t> track_file_number(const std::string& text) {
    errno = 0;
    const long long number = std::strtoll(text.c_str(), nullptr, 0);
    if (errno != 0 || number < std::numeric_limits<std::int32_t>::min() ||
        number > std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1)
        return std::nullopt;
    return number;
}

TrackFiles::TrackFiles(boost::asio::io_context& io, const config::Config& config,
                       journal::EventLog& events, Changed changed, int retry_milliseconds)
    : events_(events),
      changed_(std::move(changed)),
      retry_ms_(retry_milliseconds),
      inotify_(io),
      timer_(io) {
    follow(config);
}

void TrackFiles::follow(const config::Config& config) {
    std::vector<File> next, before;
    for (const config::TrackFile& settings : config.track_files) {
        if (!config::is_tracked(config, config::TrackKind::file, settings.name)) continue;
        const std::filesystem::path path(settings.file);
        next.push_back({settings, path.has_parent_path() ? path.parent_path().string() : ".",
                        path.filename().string()});
    }
    const bool began = !files_.empty();
    if (!next.empty()) open_inotify();
    std::vector<bool> is_known;
    for (File& file : next)
        is_known.push_back(take_over(file));
    before = std::exchange(files_, std::move(next));
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (is_known[i]) continue;
        initialise(files_[i]);
        watch(files_[i]);
        read(files_[i]);
    }
    for (const File& file : before)
        forget(file);
    if (!began && !files_.empty()) retry();
    if (files_.empty()) timer_.cancel();
}

// What is known of the same file.
bool TrackFiles::take_over(File& file) const {
    for (const File& old : files_)
        if (old.config.name == file.config.name && old.config.file == file.config.file) {
            file.watch = old.watch;
            file.number = old.number;
            return true;
        }
    return false;
}

void TrackFiles::open_inotify() {
    if (inotify_.is_open()) return;
    const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0)
        return events_.warn(journal::EventKind::track,
                            "track_file: no inotify, files are read once a second: {}",
                            std::strerror(errno));
    inotify_.assign(descriptor);
    await_events();
}

// A folder's watch is one for all its files.
void TrackFiles::forget(const File& file) {
    for (const File& other : files_)
        if (other.watch == file.watch) return;
    if (file.watch >= 0) inotify_rm_watch(inotify_.native_handle(), file.watch);
}

vrrp::TrackedState TrackFiles::state(const std::string& name) const {
    for (const File& file : files_)
        if (file.config.name == name)
            return {vrrp::TrackedState::Standing::known, file.number, std::to_string(file.number)};
    return {vrrp::TrackedState::Standing::ignored, 0, "no such track_file"};
}

// As keepalived: `overwrite` only a regular file, and follow no symbolic link.
void TrackFiles::initialise(const File& file) {
    const config::TrackFile& settings = file.config;
    if (settings.init == config::TrackFile::Init::no) return;
    const bool overwrite = settings.init == config::TrackFile::Init::overwrite;
    struct stat info {};
    const bool exists = stat(settings.file.c_str(), &info) == 0;
    if (exists && !overwrite) return;
    const std::string text = std::to_string(settings.init_value) + "\n";
    const int out = exists && !S_ISREG(info.st_mode)
                        ? -1
                        : open(settings.file.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    const bool written =
        out >= 0 && write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (out >= 0) close(out);
    if (!written)
        events_.error(journal::EventKind::track, journal::Subject{.tracked = settings.name},
                      "track_file {}: {} cannot be initialised", settings.name, settings.file);
}

void TrackFiles::watch(File& file) {
    if (inotify_.is_open())
        file.watch = inotify_add_watch(inotify_.native_handle(), file.folder.c_str(), interesting);
}

bool TrackFiles::read(File& file) {
    const std::optional<std::int64_t> number =
        track_file_number(read_file_text(file.config.file, most_bytes).value_or(""));
    if (!number || *number == file.number) return false;
    events_.info(journal::EventKind::track, journal::Subject{.tracked = file.config.name},
                 "file {}: {}, was {}", file.config.name, *number, file.number);
    file.number = *number;
    return true;
}

void TrackFiles::await_events() {
    inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                            if (error) return;
                            await_events();
                            attempts_("reading track files", [this] { take_events(); });
                        });
}

// Which file it was does not matter: they are few, and reading one is cheap.
void TrackFiles::take_events() {
    alignas(inotify_event) std::array<char, 4'096> buffer{};
    bool changed = false;
    for (int round = 0; round < 16; ++round) {
        const ssize_t bytes = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
        for (ssize_t at = 0; at < bytes;) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            for (File& file : files_) {
                const bool overflown = (event.mask & IN_Q_OVERFLOW) != 0;
                if (!overflown && event.wd != file.watch) continue;
                if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0)
                    file.watch = -1;  // the folder is gone
                else if (!overflown && (event.len == 0 || file.name != name))
                    continue;
                changed = read(file) || changed;
            }
            at += static_cast<ssize_t>(sizeof event) + event.len;
        }
        if (bytes <= 0) break;
    }
    if (changed) changed_();
}

void TrackFiles::retry() {
    every(timer_, std::chrono::milliseconds(retry_ms_), attempts_, "reading track files", [this] {
        bool changed = false;
        for (File& file : files_) {
            if (file.watch >= 0) continue;
            watch(file);
            changed = read(file) || changed;
        }
        if (changed) changed_();
    });
}

}  // namespace warren::tracking
