// SPDX-License-Identifier: BSD-3-Clause
// How many of the tracked processes run. /proc is read all through once a second, a few hundred
// processes in one turn of the loop, so that nobody waits for it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "journal/attempts.h"
#include "journal/event_log.h"
#include "tracking/process_list.h"
#include "vrrp/tracked_state.h"

namespace warren::tracking {

class TrackProcesses {
  public:
    using Changed = std::function<void()>;
    static constexpr int scan_ms = 1'000;  // from the end of one to the next
    static constexpr std::size_t processes_per_turn = 256;
    static constexpr std::size_t max_processes = 65'536;

    // Reads /proc once before it returns; `events` outlives this. `changed` comes from the
    // io_context. `proc` is for tests.
    TrackProcesses(boost::asio::io_context& io, const config::Config& config,
                   journal::EventLog& events, Changed changed, std::string proc = "/proc",
                   int scan_milliseconds = scan_ms);

    // Another configuration: entries that mean the same processes keep their count and their delay.
    // New ones are counted before this returns.
    void follow(const config::Config& config);

    vrrp::TrackedState state(const std::string& name) const;

  private:
    struct Entry {
        Entry(boost::asio::io_context& io, const config::TrackProcess& settings)
            : config(settings), delay(io) {}
        config::TrackProcess config;
        boost::asio::steady_timer delay;  // before a change counts
        unsigned count = 0;
        unsigned counting = 0;  // of the scan that goes on
        bool up = false;
        bool pending = false;  // delay runs
    };

    using EntryPtr = std::shared_ptr<Entry>;

    EntryPtr find(const config::TrackProcess& settings) const;
    void count(const std::vector<EntryPtr>& fresh);
    void begin_scan();
    bool scan_some();  // true: that was the rest
    void end_scan();
    void settle(const EntryPtr& entry);
    void set(Entry& entry, bool up);
    void arm();
    void go_on();

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    journal::Attempts attempts_{events_};
    Changed changed_;
    std::string proc_;
    int scan_ms_;
    bool command_lines_ = false;
    std::vector<EntryPtr> entries_;
    std::vector<pid_t> pids_;
    std::size_t next_ = 0;
    boost::asio::steady_timer timer_;
};

}  // namespace warren::tracking
