// SPDX-License-Identifier: BSD-3-Clause
// Rows of a view as an answer: those of a view that has thousands come page by page.
#pragma once

#include <string>
#include <string_view>

#include "metrics/document.h"
#include "views/views.h"

namespace warren::http {

// Rows of a page, their names at them again.
void add_rows(const views::Json& page, views::Json& rows);

views::Json envelope(const metrics::Facts& facts, std::string_view view, views::Json rows);

class ViewDocument : public metrics::Document {
  public:
    // A row of all_views().
    explicit ViewDocument(const views::View& view) : view_(view) {}

    bool step(const metrics::Facts& facts) override;
    std::string take() override { return std::move(text_); }

  private:
    const views::View& view_;
    std::string cursor_, text_;
    bool has_rows_ = false;
};

}  // namespace warren::http
