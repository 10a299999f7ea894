// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/exposition.h"

#include <array>
#include <charconv>
#include <cmath>

namespace warren::metrics {
namespace {

const char* name(Kind kind) {
    switch (kind) {
        case Kind::gauge:
            return "gauge";
        case Kind::counter:
            return "counter";
        case Kind::histogram:
            break;
    }
    return "histogram";
}

// Whole numbers as such: a double would say 1e+05.
constexpr double largest_whole = 9e15;

void append_number(std::string& text, double value) {
    if (std::isnan(value)) return void(text += "NaN");
    if (std::isinf(value)) return void(text += value > 0 ? "+Inf" : "-Inf");
    std::array<char, 32> digits;
    const auto whole = std::abs(value) < largest_whole ? static_cast<std::int64_t>(value) : 0;
    const auto end = static_cast<double>(whole) == value
                         ? std::to_chars(digits.begin(), digits.end(), whole)
                         : std::to_chars(digits.begin(), digits.end(), value);
    text.append(digits.begin(), end.ptr);
}

}  // namespace

std::string label(std::string_view name, std::string_view value) {
    std::string text(name);
    text += "=\"";
    for (const char c : value) {
        if (c == '\\' || c == '"') text += '\\';
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    text += '"';
    return text;
}

void Exposition::begin(std::string_view name, Kind kind, std::string_view help) {
    family_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(metrics::name(kind)).append("\n");
}

void Exposition::add_part(std::string_view suffix, double value, std::string_view labels,
                          std::string_view more) {
    text_.append(family_).append(suffix);
    if (!labels.empty() || !more.empty()) {
        text_.append("{").append(labels);
        if (!labels.empty() && !more.empty()) text_ += ',';
        text_.append(more).append("}");
    }
    text_ += ' ';
    append_number(text_, value);
    text_ += '\n';
}

}  // namespace warren::metrics
