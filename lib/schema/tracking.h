// SPDX-License-Identifier: BSD-3-Clause
// What instances and sync groups have in common: tracking and notify scripts.
#pragma once

#include "schema/keywords.h"

namespace warren::schema {

// "[weight N] [reverse|noreverse]" from the argument `first` on; N is at most `most` either way.
void read_weight(Statement& s, std::size_t first, std::int64_t most, std::optional<int>& weight,
                 std::optional<bool>& reverse);
// "weight N [reverse]" in a definition.
template <typename Definition>
void read_own_weight(Statement& s, std::int64_t most, Definition& definition) {
    std::optional<int> weight;
    std::optional<bool> reverse;
    s.number_near(-most, most, definition.weight);
    read_weight(s, 1, most, weight, reverse);
    definition.reverse = reverse.value_or(false);
}
void add_tracked_keywords(BlockReader& reader, std::vector<config::Tracked>& tracked);
void add_notify_keywords(BlockReader& reader, config::NotifyScripts& notify);

}  // namespace warren::schema
