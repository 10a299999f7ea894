// SPDX-License-Identifier: BSD-3-Clause
#include "text/units.h"

#include <array>
#include <cstdio>

namespace warren::ctl {
namespace {

std::string tenths(double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array units{"kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000) return std::to_string(bytes) + " B";
    auto value = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    // 999.95 would be rounded to a thousand of the smaller unit.
    for (; value >= 999.95 && unit + 1 < units.size(); ++unit)
        value /= 1000;
    return tenths(value) + " " + units[unit];
}

std::string duration_text(std::uint64_t ms) {
    if (ms < 1000) return std::to_string(ms) + " ms";
    const std::uint64_t s = ms / 1000;
    if (s < 60) return std::to_string(s) + "s";
    if (s < 3600) return std::to_string(s / 60) + "m" + std::to_string(s % 60) + "s";
    if (s < 86'400) return std::to_string(s / 3600) + "h" + std::to_string(s % 3600 / 60) + "m";
    return std::to_string(s / 86'400) + "d" + std::to_string(s % 86'400 / 3600) + "h";
}

std::string interval_text(double ms) {
    std::array<char, 64> text{};
    if (ms >= 60'000) return duration_text(static_cast<std::uint64_t>(ms));
    if (ms < 1000)
        std::snprintf(text.data(), text.size(), ms < 10 ? "%.2g ms" : "%.0f ms", ms);
    else
        std::snprintf(text.data(), text.size(), "%.3g s", ms / 1000);
    return text.data();
}

std::string latency_text(std::uint64_t us) {
    if (us < 1000) return std::to_string(us) + " us";
    if (us < 1'000'000) return tenths(static_cast<double>(us) / 1000) + " ms";
    return tenths(static_cast<double>(us) / 1'000'000) + " s";
}

std::string percent_text(double share) {
    return tenths(share * 100) + " %";
}

std::string count_text(std::uint64_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, ",");
    return digits;
}

std::string counted(std::uint64_t n, const std::string& what) {
    return count_text(n) + ' ' + what + (n == 1 ? "" : "s");
}

std::string decimal_text(double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.4g", value);
    return text.data();
}

}  // namespace warren::ctl
