// SPDX-License-Identifier: BSD-3-Clause
// Pieces of HTML: text that cannot become markup, cells, ages, numbers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::page {

// For text and for attributes in double quotes.
std::string escaped(std::string_view text);

// 950 ms, 12s, 4m12s, 3h5m, 3d4h
std::string age_text(std::uint64_t ms);
// 1234567 -> 1,234,567
std::string grouped(std::uint64_t number);
// "0.8 ms", as HTML
std::string ms_text(double ms);

// A cell of a table. `label`: what its column is called where a row is a card. `key`: what the
// column is sorted by, if not by its text. `content` is HTML.
struct Cell {
    std::string_view label;
    std::string content;
    std::string key{};
    std::string_view classes{};
    std::string_view data{};  // other attributes
};
std::string cell(const Cell& cell);

// "bad", "warn", "ok" or nothing: its colour, beside the word.
std::string badge(std::string_view text, std::string_view colour);

}  // namespace warren::page
