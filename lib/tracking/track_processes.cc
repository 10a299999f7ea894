// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/track_processes.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "config/settle_tracking.h"

namespace warren::tracking {

TrackProcesses::TrackProcesses(boost::asio::io_context& io, const config::Config& config,
                               journal::EventLog& events, Changed changed, std::string proc,
                               int scan_milliseconds)
    : io_(io),
      events_(events),
      changed_(std::move(changed)),
      proc_(std::move(proc)),
      scan_ms_(scan_milliseconds),
      timer_(io) {
    follow(config);
}

void TrackProcesses::follow(const config::Config& config) {
    std::vector<EntryPtr> next, fresh;
    command_lines_ = false;
    for (const config::TrackProcess& settings : config.track_processes) {
        if (!config::is_tracked(config, config::TrackKind::process, settings.name)) continue;
        EntryPtr entry = find(settings);
        if (!entry) {
            entry = std::make_shared<Entry>(io_, settings);
            fresh.push_back(entry);
        }
        entry->config = settings;
        next.push_back(std::move(entry));
        command_lines_ = command_lines_ || settings.full_command;
    }
    const bool began = !entries_.empty();
    entries_ = std::move(next);
    if (entries_.empty()) timer_.cancel();
    if (!fresh.empty()) count(fresh);
    if (!began && !entries_.empty()) arm();
}

TrackProcesses::EntryPtr TrackProcesses::find(const config::TrackProcess& settings) const {
    for (const EntryPtr& entry : entries_)
        if (entry->config.name == settings.name && entry->config.process == settings.process &&
            entry->config.params == settings.params &&
            entry->config.param_match == settings.param_match &&
            entry->config.full_command == settings.full_command)
            return entry;
    return nullptr;
}

// A scan that goes on begins anew with them.
void TrackProcesses::count(const std::vector<EntryPtr>& fresh) {
    begin_scan();
    while (!scan_some()) {
    }
    for (const EntryPtr& entry : fresh) {
        entry->count = entry->counting;
        entry->up = has_quorum(entry->config, entry->count);
    }
}

vrrp::TrackedState TrackProcesses::state(const std::string& name) const {
    for (const EntryPtr& entry : entries_)
        if (entry->config.name == name)
            return vrrp::TrackedState::of(entry->up, std::to_string(entry->count) + " running");
    return {vrrp::TrackedState::Standing::ignored, 0, "no such vrrp_track_process"};
}

void TrackProcesses::begin_scan() {
    for (const EntryPtr& entry : entries_)
        entry->counting = 0;
    pids_ = read_process_numbers(proc_, max_processes);
    next_ = 0;
}

bool TrackProcesses::scan_some() {
    const std::size_t end = std::min(next_ + processes_per_turn, pids_.size());
    for (; next_ < end; ++next_) {
        const auto process = read_process(proc_, pids_[next_], command_lines_);
        if (!process) continue;
        for (const EntryPtr& entry : entries_)
            entry->counting += matches(entry->config, *process) ? 1 : 0;
    }
    return next_ == pids_.size();
}

void TrackProcesses::end_scan() {
    for (const EntryPtr& entry : entries_) {
        entry->count = entry->counting;
        settle(entry);
    }
}

// A change that does not last as long as its delay does not count.
void TrackProcesses::settle(const EntryPtr& entry) {
    const bool up = has_quorum(entry->config, entry->count);
    if (up == entry->up) {
        entry->delay.cancel();
        entry->pending = false;
        return;
    }
    if (entry->pending) return;
    const std::int64_t delay_ns =
        up ? entry->config.fork_delay_ns : entry->config.terminate_delay_ns;
    if (delay_ns == 0) return set(*entry, up);
    entry->pending = true;
    entry->delay.expires_after(std::chrono::nanoseconds(delay_ns));
    entry->delay.async_wait(
        [this, weak = std::weak_ptr(entry)](const boost::system::error_code& error) {
            const EntryPtr due = weak.lock();
            if (error || !due || !due->pending) return;
            due->pending = false;
            const bool now = has_quorum(due->config, due->count);
            if (now != due->up) set(*due, now);
        });
}

void TrackProcesses::set(Entry& entry, bool up) {
    entry.up = up;
    events_.add(journal::EventKind::track,
                up ? journal::EventLevel::info : journal::EventLevel::warning,
                "process " + entry.config.name + ": " + std::to_string(entry.count) + " running, " +
                    (up ? "as it should be" : "not as it should be"),
                {.tracked = entry.config.name});
    changed_();
}

void TrackProcesses::arm() {
    timer_.expires_after(std::chrono::milliseconds(scan_ms_));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        attempts_("looking for processes", [this] { begin_scan(); });
        go_on();
    });
}

// The rest in the loop's next turns. A scan that fails is given up, the next one comes.
void TrackProcesses::go_on() {
    bool done = true;
    attempts_("looking for processes", [&] { done = scan_some(); });
    if (!done) {
        timer_.expires_after(std::chrono::nanoseconds(0));
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (!error) go_on();
        });
        return;
    }
    arm();
    attempts_("taking processes", [this] { end_scan(); });
}

}  // namespace warren::tracking
