// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/sequences.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>

#include "syntax/lines.h"

namespace warren::syntax {
namespace {

// Splits at commas outside of braces.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    bool braced = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && (text[i] == '{' || text[i] == '}')) braced = text[i] == '{';
        if (i < text.size() && (text[i] != ',' || braced)) continue;
        parts.push_back(trim(text.substr(begin, i - begin)));
        begin = i + 1;
    }
    return parts;
}

bool is_braced(std::string_view text) {
    return text.size() >= 2 && text.front() == '{' && text.back() == '}';
}

std::vector<std::string> values_of(std::string_view text) {
    std::vector<std::string> values;
    if (!is_braced(text)) return {std::string(text)};
    for (const std::string_view part : split(text.substr(1, text.size() - 2)))
        values.emplace_back(part);
    return values;
}

std::optional<std::int64_t> number(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    std::uint32_t value = 0;
    const auto [end, fault] =
        std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return negative ? -static_cast<std::int64_t>(value) : value;
}

std::string in_hex(std::int64_t value) {
    char text[20];
    const auto end = std::to_chars(text, text + sizeof(text), value, 16).ptr;
    return {text, end};
}

// (var, [start, [step,]] end)
std::optional<Sequence> count(const std::vector<std::string_view>& parts, bool hex,
                              std::size_t most) {
    if (parts.size() < 2 || parts.size() > 4 || parts[0].empty()) return std::nullopt;
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto value = number(parts[i]);
        if (!value) return std::nullopt;
        numbers.push_back(*value);
    }
    const std::int64_t last = numbers.back();
    const std::int64_t first = numbers.size() > 1 ? numbers[0] : last > 0 ? 1 : -1;
    const std::int64_t step = numbers.size() > 2 ? numbers[1] : last >= first ? 1 : -1;
    if (step == 0 || (first != last && (step > 0) != (last > first))) return std::nullopt;
    if (static_cast<std::uint64_t>((last - first) / step) >= most) return std::nullopt;
    Sequence out{{std::string(parts[0])}, {}, {}};
    for (std::int64_t value = first; step > 0 ? value <= last : value >= last; value += step)
        out.rounds.push_back({hex ? in_hex(value) : std::to_string(value)});
    return out;
}

std::optional<Sequence> list(const std::vector<std::string_view>& parts, std::size_t most) {
    if (parts.size() < 2 || parts.size() - 1 > most) return std::nullopt;
    Sequence out{values_of(parts[0]), {}, {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        out.rounds.push_back(values_of(parts[i]));
        if (out.rounds.back().size() != out.names.size()) return std::nullopt;
    }
    return out;
}

}  // namespace

std::string with_braced_names(std::string_view head) {
    std::string out;
    std::size_t begin = std::string_view::npos;  // of the name that goes on
    for (const char c : head) {
        const bool in_name = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        if (begin != std::string::npos && !in_name) {
            if ((c == ',' || c == ')') && begin < out.size()) out.insert(begin, "{").push_back('}');
            begin = std::string::npos;
        }
        out.push_back(c);
        if (c == '$') begin = out.size();
    }
    return out;
}

std::size_t sequence_head_length(std::string_view line) {
    const std::size_t close = line.find(')');
    return close == std::string_view::npos ? line.size() : close + 1;
}

std::optional<Sequence> parse_sequence(std::string_view head, std::string_view rest,
                                       std::size_t most) {
    const std::size_t open = head.find('(');
    if (open == std::string_view::npos || !head.ends_with(')')) return std::nullopt;
    const auto parts = split(head.substr(open + 1, head.size() - open - 2));
    std::optional<Sequence> out = head.starts_with("~LST")
                                      ? list(parts, most)
                                      : count(parts, head.starts_with("~SEQx"), most);
    if (out) out->rest = trim(rest);
    return out;
}

}  // namespace warren::syntax
