// SPDX-License-Identifier: BSD-3-Clause
// Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): families of
// samples, written in order. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::metrics {

enum class Kind : std::uint8_t { gauge, counter, histogram };

// `name="value"`, the value escaped. Labels are joined by commas.
std::string label(std::string_view name, std::string_view value);

class Exposition {
  public:
    explicit Exposition(std::size_t expected_bytes = 0) { text_.reserve(expected_bytes); }

    // Begins a family, once; the samples that follow belong to it. `name` and `help` are literals.
    void begin(std::string_view name, Kind kind, std::string_view help);
    // `labels` and `more` as of label(), either may be empty.
    void add(double value, std::string_view labels = {}, std::string_view more = {}) {
        add_part({}, value, labels, more);
    }
    // Of a histogram: "_bucket", "_sum", "_count".
    void add_part(std::string_view suffix, double value, std::string_view labels,
                  std::string_view more = {});

    std::string take() { return std::move(text_); }

  private:
    std::string text_;
    std::string_view family_;
};

}  // namespace warren::metrics
