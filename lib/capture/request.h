// SPDX-License-Identifier: BSD-3-Clause
// What somebody wants to capture, as warrenctl says it: the kind, then pairs of words. Pure.
//     pcapng|trace|trace-json [client A[:P]] [server A[:P]] [service A[:P]] [port NAME] [drops
//     any|REASON]
//         [packets N] [bytes N] [seconds N] [snap N]
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "exchange/capture.h"

namespace warren::capture {

struct Request {
    bool is_trace = false;  // words instead of frames
    bool is_json = false;   // a trace: a line of JSON instead of lines of words
    exchange::CaptureFilter filter{};
    // Whatever comes first ends it.
    std::uint64_t packets = 10'000;
    std::uint64_t bytes = 64 << 20;  // of what is written
    unsigned seconds = 10;
    unsigned snap = 256;       // bytes of each frame
    std::string problem{};     // not empty: it cannot be done
    bool is_nonsense = false;  // the words are, not only what they name
};

inline constexpr std::uint64_t most_packets = 100'000'000, most_bytes = std::uint64_t{1} << 40;
inline constexpr unsigned most_seconds = 86'400, least_snap = 64, most_snap = 2'048;

// "10.0.0.1", "10.0.0.1:5672", "2001:db8::1", "[2001:db8::1]:5672".
std::optional<exchange::End> read_end(std::string_view text);

// `ports`: the interfaces' names, by index.
Request read_request(std::string_view text, std::span<const std::string> ports);

}  // namespace warren::capture
