// SPDX-License-Identifier: BSD-3-Clause
// What is asked over HTTP, and what is answered. Only GET and HEAD come so far.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace warren::http {

struct Question {
    std::string path;   // "/metrics"; as it came, nothing is decoded
    std::string query;  // behind '?'
};

// `target` in origin-form (RFC 9112 3.2.1).
Question read_target(std::string_view target);

// A query's value, of printable characters: "%3A" and the like (RFC 3986 2.1) decoded. Nothing: it
// is none.
std::optional<std::string> decoded(std::string_view value);

// Rows in one answer: of events and ended flows the newest, of flows about so many.
inline constexpr std::size_t most_rows = 1'000;

struct Answer {
    unsigned status = 200;
    std::string_view type = "text/plain; charset=utf-8";
    // Shared: a hundred readers of one second get the same bytes.
    std::shared_ptr<const std::string> body;
    std::string policy = "default-src 'none'";  // Content-Security-Policy
};

Answer text_answer(unsigned status, std::string text);

}  // namespace warren::http
