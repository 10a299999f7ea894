// SPDX-License-Identifier: BSD-3-Clause
// A record of the log as one JSON object a line: time (UTC, RFC 3339), level, kind, instance, text,
// and whom it is about (journal/subject.h).
#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string>

namespace warren::app {

class JsonFormatter final : public spdlog::formatter {
  public:
    explicit JsonFormatter(std::string instance);
    void format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& line) override;
    std::unique_ptr<spdlog::formatter> clone() const override;

  private:
    std::string instance_;
};

}  // namespace warren::app
