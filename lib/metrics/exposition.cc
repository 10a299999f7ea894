// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

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
    // The one after the last is asked first: each step has them in the same order.
    const auto behind = families_.begin() + static_cast<std::ptrdiff_t>(current_) + 1;
    const auto is_it = [name](const Family& family) { return family.name == name; };
    auto found = std::find_if(behind, families_.end(), is_it);
    if (found == families_.end()) {
        found = std::find_if(families_.begin(), behind, is_it);
        if (found == behind) found = families_.end();
    }
    current_ = static_cast<std::size_t>(found - families_.begin());
    if (found != families_.end()) return;
    std::string& text = families_.emplace_back(Family{name, {}}).text;
    text.append("# HELP ").append(name).append(" ").append(help);
    text.append("\n# TYPE ").append(name).append(" ").append(metrics::name(kind)).append("\n");
}

void Exposition::add_part(std::string_view suffix, double value, std::string_view labels,
                          std::string_view more) {
    auto& [family, text] = families_[current_];
    text.append(family).append(suffix);
    if (!labels.empty() || !more.empty()) {
        text.append("{").append(labels);
        if (!labels.empty() && !more.empty()) text += ',';
        text.append(more).append("}");
    }
    text += ' ';
    append_number(text, value);
    text += '\n';
}

bool Exposition::join(std::size_t bytes) {
    if (joined_ == 0)
        whole_.reserve(std::accumulate(
            families_.begin(), families_.end(), std::size_t{0},
            [](std::size_t sum, const Family& family) { return sum + family.text.size(); }));
    for (const std::size_t begin = whole_.size();
         joined_ < families_.size() && whole_.size() - begin < bytes; ++joined_)
        whole_ += std::exchange(families_[joined_].text, {});
    return joined_ < families_.size();
}

std::string Exposition::take() {
    while (join(std::numeric_limits<std::size_t>::max())) {
    }
    return std::move(whole_);
}

}  // namespace warren::metrics
