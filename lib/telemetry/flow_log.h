// SPDX-License-Identifier: BSD-3-Clause
// Each connection that ended, was refused or was cut, as a line of JSON in a file of its own (rows
// of `warrenctl -o jsonl ended`), or with fields in systemd's journal. It reads what `ended` keeps,
// no part of a packet's way. Never more than so many lines a second, and never waits: what a full
// disk, a reader that hangs or the limit keeps out is counted, and told in a line before any other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "history/ended_flows.h"

namespace warren::telemetry {

class FlowLog {
  public:
    static constexpr unsigned lines_per_second = 1'000;

    // A file that is appended to, a FIFO, or "journal[:SOCKET]". Throws std::system_error.
    explicit FlowLog(std::string path);
    ~FlowLog();
    FlowLog(const FlowLog&) = delete;
    FlowLog& operator=(const FlowLog&) = delete;

    // Writes what has ended since the last call.
    void follow(const history::EndedFlows& flows, std::int64_t wall_ms);

    // By its name again, after logrotate has renamed it; throws std::system_error, and the old one
    // stays.
    void reopen();

  private:
    bool admit(std::int64_t wall_ms);
    bool write_line(const std::string& line) const;
    bool log_lost(std::int64_t wall_ms);

    std::string path_;
    int fd_;
    std::uint64_t next_ = 1;   // number of the first that has not been looked at
    std::uint64_t lost_ = 0;   // lines, not told yet
    std::int64_t second_ = 0;  // since 1970
    unsigned said_ = 0;        // in that second
};

}  // namespace warren::telemetry
