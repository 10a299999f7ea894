// SPDX-License-Identifier: BSD-3-Clause
#include "probe/http_head.h"

#include <utility>

namespace warren::probe {

std::size_t HttpHeadMender::mend(std::string_view bytes, std::string& out) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        const char before = std::exchange(previous_, c);
        if (c == '\r') end_line(out);
        if (c == '\n' && before != '\r') {
            end_line(out);
            out += '\r';
        }
        out += c;
        if (c == '\n') {
            in_status_line_ = line_length_ == 0;
            if (std::exchange(line_length_, 0) == 0) return i + 1;
        } else if (c != '\r') {
            ++line_length_;
        }
    }
    return bytes.size();
}

// A blank belongs behind the status code even where no reason follows.
void HttpHeadMender::end_line(std::string& out) {
    constexpr std::string_view without_reason = "HTTP/1.1 200";
    if (in_status_line_ && line_length_ == without_reason.size()) out += ' ';
}

}  // namespace warren::probe
