// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/flow_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "journal/event_log.h"
#include "views/event_rows.h"

namespace warren::telemetry {
namespace {

// O_NONBLOCK: a FIFO whose reader hangs is full, and one without a reader is no log.
int open_for_lines(const std::string& path) {
    constexpr mode_t owner_and_group = 0640;
    const int fd =
        open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, owner_and_group);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
    return fd;
}

std::string as_line(const views::Json& row) {
    return row.dump(-1, ' ', true, views::Json::error_handler_t::replace) + '\n';
}

}  // namespace

FlowLog::FlowLog(std::string path) : path_(std::move(path)), fd_(open_for_lines(path_)) {}

FlowLog::~FlowLog() {
    close(fd_);
}

void FlowLog::reopen() {
    const int fresh = open_for_lines(path_);
    close(std::exchange(fd_, fresh));
}

bool FlowLog::admit(std::int64_t wall_ms) {
    const std::int64_t second = wall_ms / 1'000;
    if (second != std::exchange(second_, second)) said_ = 0;
    return said_++ < lines_per_second;
}

// A line of part of a line is worth less than none: the file is cut back, a FIFO takes all or
// nothing (PIPE_BUF).
bool FlowLog::write_line(const std::string& line) const {
    const ssize_t written = write(fd_, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return true;
    if (written > 0) {
        const off_t end = lseek(fd_, 0, SEEK_END);
        if (end >= written) static_cast<void>(!ftruncate(fd_, end - written));
    }
    return false;
}

// Whether nothing is left to be told.
bool FlowLog::tell_lost(std::int64_t wall_ms) {
    if (lost_ == 0) return true;
    const bool is_told =
        admit(wall_ms) &&
        write_line(as_line({{"time", journal::utc_text(wall_ms)}, {"lost", lost_}}));
    if (is_told) lost_ = 0;
    return is_told;
}

// Numbers that are missing were forgotten before they were looked at.
void FlowLog::follow(const ends::EndedFlows& flows, std::int64_t wall_ms) {
    tell_lost(wall_ms);
    if (next_ == flows.end()) return;
    flows.from(next_, [&](const ends::EndedFlow& flow) {
        lost_ += flow.number - std::exchange(next_, flow.number + 1);
        const bool is_written =
            tell_lost(wall_ms) && admit(wall_ms) && write_line(as_line(views::to_json(flow)));
        lost_ += is_written ? 0 : 1;
        return true;
    });
    lost_ += flows.end() - std::exchange(next_, flows.end());
}

}  // namespace warren::telemetry
