// SPDX-License-Identifier: BSD-3-Clause
// Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): families of
// samples, written in order. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warren::metrics {

enum class Kind : std::uint8_t { gauge, counter, histogram };

// `name="value"`, the value escaped. Labels are joined by commas.
std::string label(std::string_view name, std::string_view value);

class Exposition {
  public:
    // Begins a family, or goes on with it; the samples that follow belong to it. Families are
    // written in the order in which they began. `name` and `help` are literals.
    void begin(std::string_view name, Kind kind, std::string_view help);
    // `labels` and `more` as of label(), either may be empty.
    void add(double value, std::string_view labels = {}, std::string_view more = {}) {
        add_part({}, value, labels, more);
    }
    // Of a histogram: "_bucket", "_sum", "_count".
    void add_part(std::string_view suffix, double value, std::string_view labels,
                  std::string_view more = {});

    // Puts the families together, at least so many bytes of them; whether there are more. What is
    // added afterwards is lost.
    bool join(std::size_t bytes);
    std::string take();

  private:
    struct Family {
        std::string_view name;
        std::string text;
    };

    std::vector<Family> families_{1};  // the first is none
    std::size_t current_ = 0, joined_ = 0;
    std::string whole_;
};

}  // namespace warren::metrics
