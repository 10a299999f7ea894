// SPDX-License-Identifier: BSD-3-Clause
#include "views/pages.h"

#include <algorithm>
#include <charconv>

namespace warren::views {
namespace {

constexpr std::size_t reserved_bytes = 100;  // for what finish() adds

// ASCII only, so that telemetry's escaping meets nothing but quotes and backslashes.
std::string dump(const Json& value) {
    return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::size_t escaped_size(std::string_view text) {
    return text.size() +
           static_cast<std::size_t>(std::count_if(text.begin(), text.end(),
                                                  [](char c) { return c == '"' || c == '\\'; }));
}

}  // namespace

Page::Page(std::string_view view) : text_("{\"view\":" + dump(view) + ",\"rows\":[") {
    escaped_bytes_ = escaped_size(text_);
}

Page::Page(std::string_view view, std::span<const char* const> names) : Page(view) {
    is_named_ = true;
    keys_ = ",\"keys\":" + dump(names);
}

bool Page::fits(std::size_t bytes, std::size_t escaped_bytes) const {
    return text_.size() + keys_.size() + bytes + reserved_bytes <= max_page_bytes &&
           escaped_bytes_ + escaped_size(keys_) + escaped_bytes + reserved_bytes <=
               max_escaped_page_bytes;
}

void Page::take_names(const Json& row) {
    if (is_named_) return;
    names_.clear();
    keys_.clear();
    if (!row.is_object() || row.empty()) return;
    for (const auto& [name, value] : row.items())
        names_.push_back(name);
    keys_ = ",\"keys\":" + dump(names_);
}

bool Page::has_its_names(const Json& row) const {
    if (!row.is_object() || names_.empty() || row.size() != names_.size()) return false;
    auto name = names_.begin();
    for (const auto& [key, value] : row.items())
        if (key != *name++) return false;
    return true;
}

std::string Page::text_of(const Json& row) const {
    if (!has_its_names(row)) return dump(row);
    std::string text;
    for (const Json& value : row)
        text += (text.empty() ? '[' : ',') + dump(value);
    return text + ']';
}

bool Page::add(const Json& row) {
    if (first_) take_names(row);
    std::string text = (first_ ? "" : ",") + text_of(row);
    if (!fits(text.size(), escaped_size(text))) {
        if (!first_) return false;
        text = dump({{"error", "this row is too long to be shown"}});
        take_names({});
    }
    escaped_bytes_ += escaped_size(text);
    text_ += text;
    first_ = false;
    return true;
}

std::string Page::finish(const std::optional<std::string>& next) {
    text_ += ']' + keys_;
    if (next) text_ += ",\"next\":" + dump(*next);
    text_ += '}';
    return std::move(text_);
}

std::string make_page(std::string_view view, const std::vector<Json>& rows,
                      std::string_view cursor) {
    std::size_t row = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), row);
    Page page(view);
    for (; row < rows.size(); ++row)
        if (!page.add(rows[row])) return page.finish(std::to_string(row));
    return page.finish(std::nullopt);
}

std::string error_page(std::string_view text) {
    return dump({{"error", text}});
}

std::string usage_page(std::string_view text) {
    return dump({{"error", text}, {"usage", true}});
}

std::string refusal_page(std::string_view text, bool is_usage) {
    return is_usage ? usage_page(text) : error_page(text);
}

}  // namespace warren::views
