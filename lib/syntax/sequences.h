// SPDX-License-Identifier: BSD-3-Clause
// Lines that are read several times, as in keepalived.conf(5): `~SEQ(var, start, step, end) REST`,
// `~SEQx(…)` with values in hexadecimal, and `~LST(var, a, b) REST` or `~LST({x, y}, {a, b}) REST`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::syntax {

struct Sequence {
    std::vector<std::string> names;                // what is defined anew in each round
    std::vector<std::vector<std::string>> rounds;  // a value for each name
    std::string rest;                              // of the line
};

// Where the part in parentheses ends: what stands behind it is the rest of the line.
// `$NAME` before a comma or the ')' as `${NAME}`: elsewhere only a blank ends a name.
std::string with_braced_names(std::string_view head);
std::size_t sequence_head_length(std::string_view line);

// `head` is the part with its definitions resolved. Nothing: not of that form, or more than `most`
// rounds.
std::optional<Sequence> parse_sequence(std::string_view head, std::string_view rest,
                                       std::size_t most);

}  // namespace warren::syntax
