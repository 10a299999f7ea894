// SPDX-License-Identifier: BSD-3-Clause
// The numbers in tracked files, read again whenever a file has been written, renamed or removed
// (inotify on its folder; while there is no such folder, once a second). As in keepalived a file
// that is missing or holds no number counts as 0, and a number beyond 32 bits changes nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/attempts.h"
#include "journal/event_log.h"
#include "vrrp/tracked_state.h"

namespace warren::tracking {

// What a file of that text counts; nothing for a number that does not fit.
std::optional<std::int64_t> track_file_number(const std::string& text);

class TrackFiles {
  public:
    using Changed = std::function<void()>;
    static constexpr int retry_ms = 1'000;  // for a folder that does not exist

    // Does what init_file asks for and reads those that an instance tracks; `events` outlives this.
    // `changed` comes from the io_context.
    TrackFiles(boost::asio::io_context& io, const config::Config& config, journal::EventLog& events,
               Changed changed, int retry_milliseconds = retry_ms);

    // Another configuration: a file that is tracked already is not initialised again.
    void follow(const config::Config& config);

    vrrp::TrackedState state(const std::string& name) const;

  private:
    struct File {
        config::TrackFile config;
        std::string folder, name;
        int watch = -1;
        std::int64_t number = 0;
    };

    bool take_over(File& file) const;
    void open_inotify();
    void forget(const File& file);
    void initialise(const File& file);
    void watch(File& file);
    bool read(File& file);  // true: the number has changed
    void await_events();
    void take_events();
    void retry();

    journal::EventLog& events_;
    journal::Attempts attempts_{events_};
    Changed changed_;
    int retry_ms_;
    std::vector<File> files_;
    boost::asio::posix::stream_descriptor inotify_;
    boost::asio::steady_timer timer_;
};

}  // namespace warren::tracking
