// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl capture` and `warrenctl trace`: packets as the workers see them, each as it came and
// as it left, as pcapng or in words. SIGINT and SIGTERM end a capture, and what it has is kept.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace warren::ctl {

struct CaptureOptions {
    std::string instance{};
    std::string file{};    // "-": standard output
    bool is_json = false;  // a trace
    // 0: as many as the daemon does unasked.
    std::uint64_t packets = 0, bytes = 0;
    unsigned seconds = 0, snap = 0;
};

inline constexpr std::uint64_t trace_packets = 10;  // unasked

// The words that say of what.
std::vector<std::string> capture_filter_names();

// What is wrong with `capture …` or `trace …`; empty: nothing that we know.
std::string capture_problem(const std::vector<std::string>& words);

// What the daemon is asked for.
std::string capture_request(const std::vector<std::string>& words, const CaptureOptions& options);

// Until it ends. `err` hears how many packets there were, or why there are none. False: refused, or
// the daemon went away. Throws Unreachable; std::runtime_error: the file cannot be written.
bool capture(const std::vector<std::string>& words, const CaptureOptions& options,
             std::ostream& err);

}  // namespace warren::ctl
