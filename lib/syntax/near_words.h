// SPDX-License-Identifier: BSD-3-Clause
// Which of the known words somebody meant who has mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace warren::syntax {

// Number of single-character changes between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of those considered, the first of equals.
class NearWord {
  public:
    explicit NearWord(std::string_view mistyped);

    void consider(std::string_view known);
    const std::string& best() const { return best_; }  // empty: none is near

  private:
    std::string_view mistyped_;
    std::string best_;
    std::size_t best_distance_;
};

}  // namespace warren::syntax
