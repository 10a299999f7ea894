// SPDX-License-Identifier: BSD-3-Clause
#include "history/duration_text.h"

namespace warren::history {
namespace {

// 3'650 -> "3.65", 400 -> "0.4"
std::string seconds_text(std::uint64_t ms) {
    std::string text = std::to_string(ms / 1'000);
    const std::uint64_t hundredths = ms % 1'000 / 10;
    if (hundredths == 0) return text;
    text += hundredths < 10 ? ".0" : ".";
    text += std::to_string(hundredths % 10 == 0 ? hundredths / 10 : hundredths);
    return text;
}

std::string two(std::uint64_t large, const char* unit, std::uint64_t small, const char* part) {
    std::string text = std::to_string(large) + unit;
    return small == 0 ? text : text + std::to_string(small) + part;
}

}  // namespace

std::string duration_text(std::uint64_t ms) {
    const std::uint64_t s = ms / 1'000;
    if (s < 60) return seconds_text(ms) + " s";
    if (s < 3'600) return two(s / 60, "m", s % 60, "s");
    if (s < 86'400) return two(s / 3'600, "h", s % 3'600 / 60, "m");
    return two(s / 86'400, "d", s % 86'400 / 3'600, "h");
}

}  // namespace warren::history
