// SPDX-License-Identifier: BSD-3-Clause
#include "text/times.h"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace warren::ctl {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

// Whether all of it is of that form.
std::optional<std::tm> scanned(const std::string& text, const char* form, std::tm day) {
    const char* const end = strptime(text.c_str(), form, &day);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return day;
}

std::tm local(std::int64_t ms) {
    const std::time_t seconds = ms / 1'000;
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

bool is_same_day(const std::tm& a, const std::tm& b) {
    return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
}

std::string formatted(const char* form, const std::tm& parts) {
    std::ostringstream text;
    text << std::put_time(&parts, form);
    return text.str();
}

std::string fraction_of(std::int64_t ms) {
    const std::string digits = std::to_string(ms % 1'000);
    return '.' + std::string(3 - digits.size(), '0') + digits;
}

std::int64_t ms_of(std::tm parts) {
    parts.tm_isdst = -1;
    return std::int64_t{std::mktime(&parts)} * 1'000;
}

std::optional<TimeSpan> read_age(const std::string& text, std::int64_t now_ms) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [unit, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || number < 0 || end - unit != 1 || number > 100'000) return {};
    std::int64_t unit_ms = 1'000;
    switch (*unit) {
        case 's':
            break;
        case 'm':
            unit_ms = 60'000;
            break;
        case 'h':
            unit_ms = 3'600'000;
            break;
        case 'd':
            unit_ms = day_ms;
            break;
        default:
            return {};
    }
    return TimeSpan{now_ms - number * unit_ms, now_ms - number * unit_ms + unit_ms};
}

struct Form {
    const char* text;
    std::int64_t width_ms;
    bool has_date;
};
constexpr std::array forms{
    Form{"%H:%M", 60'000, false},           Form{"%H:%M:%S", 1'000, false},
    Form{"%Y-%m-%d", day_ms, true},         Form{"%Y-%m-%dT%H:%M", 60'000, true},
    Form{"%Y-%m-%dT%H:%M:%S", 1'000, true}, Form{"%Y-%m-%d %H:%M", 60'000, true},
    Form{"%Y-%m-%d %H:%M:%S", 1'000, true}};

}  // namespace

TimeSpan read_time(const std::string& text, std::int64_t now_ms) {
    if (const auto age = read_age(text, now_ms)) return *age;
    std::tm day = local(now_ms);
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    for (const Form& form : forms) {
        const auto parts = scanned(text, form.text, day);
        if (!parts) continue;
        std::int64_t from = ms_of(*parts);
        if (!form.has_date && from > now_ms) from -= day_ms;
        return {from, from + form.width_ms};
    }
    throw std::invalid_argument("\"" + text +
                                "\" is no time: 5m, 12:03, 12:03:07 or 2026-11-28T12:03:07");
}

std::int64_t read_duration(const std::string& text) {
    if (const auto age = read_age(text, 0)) return -age->from_ms;
    throw std::invalid_argument("\"" + text + "\" is no time that passes: 30s, 5m, 2h");
}

std::int64_t wall_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string clock_time(std::int64_t ms) {
    return formatted("%H:%M:%S", local(ms));
}

std::string day_time(std::int64_t ms) {
    return formatted("%m-%d %H:%M:%S", local(ms));
}

std::string minute_time(std::int64_t ms, std::int64_t now_ms) {
    const std::tm day = local(ms);
    return formatted(is_same_day(day, local(now_ms)) ? "%H:%M" : "%Y-%m-%d %H:%M", day);
}

std::string local_time(std::int64_t ms, std::int64_t now_ms) {
    const std::tm day = local(ms);
    std::string time = clock_time(ms) + fraction_of(ms);
    if (is_same_day(day, local(now_ms))) return time;
    // strftime's zone has no colon.
    std::string zone = formatted("%z", day);
    if (zone.size() == 5) zone.insert(3, ":");
    return formatted("%Y-%m-%dT", day) + time + zone;
}

std::string utc_time(std::int64_t ms) {
    const std::time_t seconds = ms / 1'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return formatted("%Y-%m-%dT%H:%M:%S", parts) + fraction_of(ms) + 'Z';
}

std::optional<std::int64_t> read_utc_time(const std::string& text) {
    std::tm parts{};
    const char* const dot = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    const char* const end = text.c_str() + text.size();
    if (dot == nullptr || *dot != '.' || end - dot != 5 || end[-1] != 'Z') return std::nullopt;
    std::int64_t ms = 0;
    if (std::from_chars(dot + 1, end, ms).ptr != end - 1) return std::nullopt;
    return std::int64_t{timegm(&parts)} * 1'000 + ms;
}

}  // namespace warren::ctl
