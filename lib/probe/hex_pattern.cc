// SPDX-License-Identifier: BSD-3-Clause
#include "probe/hex_pattern.h"

#include <algorithm>

namespace warren::probe {
namespace {

constexpr std::string_view blanks = " \t";

struct Nibble {
    std::uint8_t value, mask;
};

std::optional<Nibble> read_nibble(char c, bool any) {
    if (any && (c == 'x' || c == 'X')) return Nibble{0, 0};
    if (c >= '0' && c <= '9') return Nibble{static_cast<std::uint8_t>(c - '0'), 15};
    if (c >= 'a' && c <= 'f') return Nibble{static_cast<std::uint8_t>(c - 'a' + 10), 15};
    if (c >= 'A' && c <= 'F') return Nibble{static_cast<std::uint8_t>(c - 'A' + 10), 15};
    return std::nullopt;
}

// Pairs from the left; a last one alone is the lower half of its byte.
bool read_word(std::string_view word, bool any, HexPattern& out) {
    for (std::size_t at = 0; at < word.size(); at += 2) {
        const bool alone = at + 1 == word.size();
        const std::optional<Nibble> high = alone ? Nibble{0, 15} : read_nibble(word[at], any);
        const std::optional<Nibble> low = read_nibble(word[alone ? at : at + 1], any);
        if (!high || !low) return false;
        out.bytes.push_back(static_cast<std::uint8_t>(high->value << 4 | low->value));
        out.mask.push_back(static_cast<std::uint8_t>(high->mask << 4 | low->mask));
    }
    return true;
}

}  // namespace

std::optional<HexPattern> read_hex(std::string_view text, bool any) {
    HexPattern out;
    for (std::size_t begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(blanks, begin), text.size());
        if (!read_word(text.substr(begin, end - begin), any, out)) return std::nullopt;
        begin = text.find_first_not_of(blanks, end);
    }
    if (out.bytes.empty()) return std::nullopt;
    return out;
}

bool matches(const HexPattern& pattern, net::ConstBytes reply) {
    const std::size_t length = std::min(pattern.bytes.size(), reply.size());
    for (std::size_t i = 0; i < length; ++i)
        if (((reply[i] ^ pattern.bytes[i]) & pattern.mask[i]) != 0) return false;
    return true;
}

}  // namespace warren::probe
