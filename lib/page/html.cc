// SPDX-License-Identifier: BSD-3-Clause
#include "page/html.h"

#include <array>
#include <cmath>

namespace warren::page {

std::string escaped(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            default:
                safe += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
    }
    return safe;
}

std::string age_text(std::uint64_t ms) {
    struct Unit {
        std::uint64_t s;
        char name;
    };
    constexpr std::array units{Unit{86'400, 'd'}, Unit{3'600, 'h'}, Unit{60, 'm'}, Unit{1, 's'}};
    if (ms < 1'000) return std::to_string(ms) + " ms";
    const std::uint64_t s = ms / 1'000;
    std::size_t i = 0;
    while (s < units[i].s)
        ++i;
    std::string text = std::to_string(s / units[i].s) + units[i].name;
    if (i + 1 < units.size())
        text += std::to_string(s % units[i].s / units[i + 1].s) + units[i + 1].name;
    return text;
}

std::string grouped(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

std::string ms_text(double ms) {
    if (ms < 0.1) return "&lt; 0.1 ms";
    const double tenths = std::round(ms * 10);
    if (ms >= 100) return std::to_string(std::lround(ms)) + " ms";
    return std::to_string(static_cast<long>(tenths) / 10) + "." +
           std::to_string(static_cast<long>(tenths) % 10) + " ms";
}

std::string cell(const Cell& cell) {
    std::string html = "<td data-label=\"" + escaped(cell.label) + "\"";
    if (!cell.classes.empty()) html.append(" class=\"").append(cell.classes).append("\"");
    if (!cell.key.empty()) html.append(" data-key=\"").append(escaped(cell.key)).append("\"");
    if (!cell.data.empty()) html.append(" ").append(cell.data);
    return html.append(">").append(cell.content).append("</td>");
}

std::string badge(std::string_view text, std::string_view colour) {
    std::string html = "<span class=\"badge";
    if (!colour.empty()) html.append(" ").append(colour);
    return html.append("\">").append(escaped(text)).append("</span>");
}

}  // namespace warren::page
