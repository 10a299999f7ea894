// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/near_words.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace warren::syntax {
namespace {

constexpr std::size_t longest = 64;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row.back();
}

// More than half of what was typed is right.
NearWord::NearWord(std::string_view mistyped)
    : mistyped_(mistyped),
      best_distance_(std::min(std::max<std::size_t>(2, mistyped.size() / 3),
                              (std::max<std::size_t>(mistyped.size(), 1) - 1) / 2) +
                     1) {}

void NearWord::consider(std::string_view known) {
    if (mistyped_.size() > longest) return;
    const std::size_t distance = edit_distance(mistyped_, known);
    if (distance >= best_distance_) return;
    best_distance_ = distance;
    best_ = known;
}

}  // namespace warren::syntax
