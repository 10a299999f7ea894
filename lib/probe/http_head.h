// SPDX-License-Identifier: BSD-3-Clause
// Heads of HTTP replies as Beast wants them. Scripts behind xinetd or netcat and small servers end
// lines by LF alone or leave out the blank behind the status code, and everybody reads them
// (RFC 9112 2.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace warren::probe {

class HttpHeadMender {
  public:
    // Appends what the front of `bytes` is meant to be, up to the end of the head at most. Returns
    // how many it took; behind a head the next one begins.
    std::size_t mend(std::string_view bytes, std::string& out);

  private:
    void end_line(std::string& out);

    bool in_status_line_ = true;
    std::size_t line_length_ = 0;
    char previous_ = 0;
};

}  // namespace warren::probe
