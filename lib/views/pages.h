// SPDX-License-Identifier: BSD-3-Clause
// Cuts a view's rows into answers that fit DPDK's telemetry: one string of at most 8 KiB, 16 KiB
// once telemetry has escaped it as JSON. A page is {"view": …, "rows": […], "next": "CURSOR"};
// without "next" it is the last. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
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

    // false: the row did not fit and belongs to the next page. A row that fits no page at all is
    // replaced by {"error": …}.
    [[nodiscard]] bool add(const Json& row);
    std::string finish(const std::optional<std::string>& next);

  private:
    bool fits(std::size_t bytes, std::size_t escaped_bytes) const;

    std::string text_;
    std::size_t escaped_bytes_ = 0;
    bool first_ = true;
};

// The page that begins with row number `cursor` ("" = 0).
std::string make_page(std::string_view view, const std::vector<Json>& rows,
                      std::string_view cursor);
std::string error_page(std::string_view text);

}  // namespace warren::views
