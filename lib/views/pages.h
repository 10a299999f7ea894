// SPDX-License-Identifier: BSD-3-Clause
// Cuts a view's rows into answers that fit DPDK's telemetry: one string of at most 8 KiB, 16 KiB
// once telemetry has escaped it as JSON. A page is {"view": …, "rows": […], "keys": […], "next":
// "CURSOR"}; without "next" it is the last. Names take most of a row, so that they stand in "keys"
// once: a row that has just those, in that order, is the list of its values, any other an object.
// Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::views {

using Json = nlohmann::ordered_json;

inline constexpr std::size_t max_page_bytes = 7'900;
inline constexpr std::size_t max_escaped_page_bytes = 15'500;

// Takes rows while they fit.
class Page {
  public:
    explicit Page(std::string_view view);
    // Each row is the list of the values that have these names.
    Page(std::string_view view, std::span<const char* const> names);

    // false: the row did not fit and belongs to the next page. A row that fits no page at all is
    // replaced by {"error": …}.
    [[nodiscard]] bool add(const Json& row);
    std::string finish(const std::optional<std::string>& next);

  private:
    bool fits(std::size_t bytes, std::size_t escaped_bytes) const;
    bool has_its_names(const Json& row) const;
    std::string text_of(const Json& row) const;
    void take_names(const Json& row);

    std::string text_;
    bool is_named_ = false;           // whatever the first row has
    std::vector<std::string> names_;  // of the first row
    std::string keys_;                // the same as a member of the page
    std::size_t escaped_bytes_ = 0;
    bool first_ = true;
};

// The page that begins with row number `cursor` ("" = 0).
std::string make_page(std::string_view view, const std::vector<Json>& rows,
                      std::string_view cursor);
std::string error_page(std::string_view text);
// Of words that cannot mean anything, whatever there is: a reader ends as of a wrong command line.
std::string usage_page(std::string_view text);
std::string refusal_page(std::string_view text, bool is_usage);

}  // namespace warren::views
