// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/flow_log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
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

constexpr std::string_view journal_name = "journal";
constexpr std::string_view journal_socket = "/run/systemd/journal/socket";
constexpr const char* journal_fields =  // app/warren/journald_sink.h has the others
    "PRIORITY=6\nSYSLOG_IDENTIFIER=warren\nWARREN_KIND=flow\n";

bool is_journal(std::string_view path) {
    return path == journal_name ||
           (path.starts_with(journal_name) && path[journal_name.size()] == ':');
}

// Not connected: a journal that was started anew has another socket of the same name.
bool send_to_journal(int fd, std::string_view path, const std::string& datagram) {
    const std::string_view name =
        path == journal_name ? journal_socket : path.substr(journal_name.size() + 1);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof(address.sun_path)) return false;
    name.copy(address.sun_path, name.size());
    return sendto(fd, datagram.data(), datagram.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address), sizeof(address)) >= 0;
}

int open_target(const std::string& path) {
    if (!is_journal(path)) return open_for_lines(path);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
    return fd;
}

std::string as_line(const views::Json& row) {
    return row.dump(-1, ' ', true, views::Json::error_handler_t::replace) + '\n';
}

// A field for each part that people look for, the whole row as the last one.
std::string as_datagram(const views::Json& row) {
    std::string text = journal_fields;
    const auto word = [&row](const char* key) {
        const auto found = row.find(key);
        return found == row.end() || !found->is_string() ? std::string("-")
                                                         : found->get<std::string>();
    };
    if (row.contains("lost")) {
        text += "MESSAGE=" + row["lost"].dump() + " connections that ended were not written\n";
    } else {
        text += "MESSAGE=" + word("client") + " > " + word("service") + " > " + word("server") +
                ": " + word("cause") + ": " + word("text") + '\n';
        for (const auto& [field, key] :
             {std::pair{"CLIENT", "client"}, std::pair{"SERVICE", "service"},
              std::pair{"SERVER", "server"}, std::pair{"CAUSE", "cause"},
              std::pair{"ROUTER", "router"}})
            text += std::string("WARREN_") + field + '=' + word(key) + '\n';
    }
    return text + "WARREN_FLOW=" + as_line(row);
}

std::string as_record(const std::string& path, const views::Json& row) {
    return is_journal(path) ? as_datagram(row) : as_line(row);
}

}  // namespace

FlowLog::FlowLog(std::string path) : path_(std::move(path)), fd_(open_target(path_)) {}

FlowLog::~FlowLog() {
    close(fd_);
}

void FlowLog::reopen() {
    const int fresh = open_target(path_);
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
    if (is_journal(path_)) return send_to_journal(fd_, path_, line);
    const ssize_t written = write(fd_, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return true;
    if (written > 0) {
        const off_t end = lseek(fd_, 0, SEEK_END);
        if (end >= written) static_cast<void>(!ftruncate(fd_, end - written));
    }
    return false;
}

// Whether nothing is left to be told.
bool FlowLog::log_lost(std::int64_t wall_ms) {
    if (lost_ == 0) return true;
    const bool is_told =
        admit(wall_ms) &&
        write_line(as_record(path_, {{"time", journal::utc_text(wall_ms)}, {"lost", lost_}}));
    if (is_told) lost_ = 0;
    return is_told;
}

// Numbers that are missing were forgotten before they were looked at.
void FlowLog::follow(const history::EndedFlows& flows, std::int64_t wall_ms) {
    log_lost(wall_ms);
    if (next_ == flows.end()) return;
    flows.from(next_, [&](const history::EndedFlow& flow) {
        lost_ += flow.number - std::exchange(next_, flow.number + 1);
        const bool is_written = log_lost(wall_ms) && admit(wall_ms) &&
                                write_line(as_record(path_, views::to_json(flow)));
        lost_ += is_written ? 0 : 1;
        return true;
    });
    lost_ += flows.end() - std::exchange(next_, flows.end());
}

}  // namespace warren::telemetry
