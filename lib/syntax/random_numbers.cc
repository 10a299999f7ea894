// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/random_numbers.h"

#include <charconv>
#include <optional>

#include "net/mix.h"
#include "syntax/lines.h"

namespace warren::syntax {
namespace {

constexpr std::string_view opening = "${_RANDOM";
constexpr std::uint32_t default_most = 32'767;

struct Range {
    std::uint32_t least = 0, most = default_most;
};

// "", "MIN", "MIN MAX"
std::optional<Range> parse_range(std::string_view text) {
    Range range;
    for (std::uint32_t* bound : {&range.least, &range.most}) {
        text = trim(text);
        if (text.empty()) break;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), *bound);
        if (fault != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    if (!text.empty() || range.least > range.most) return std::nullopt;
    return range;
}

}  // namespace

std::string RandomNumbers::put_into(std::string_view line) {
    std::string out;
    for (;;) {
        const std::size_t start = line.find(opening);
        const std::size_t end = start == line.npos ? line.npos : line.find('}', start);
        if (end == line.npos) return out.append(line);
        const std::size_t inner = start + opening.size();
        const auto range = parse_range(line.substr(inner, end - inner));
        out += line.substr(0, start);
        if (range)
            out +=
                std::to_string(range->least + net::split_mix(state_) %
                                                  (std::uint64_t{range->most} - range->least + 1));
        else
            out += line.substr(start, end + 1 - start);
        line.remove_prefix(end + 1);
    }
}

}  // namespace warren::syntax
