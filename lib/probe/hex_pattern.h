// SPDX-License-Identifier: BSD-3-Clause
// UDP_CHECK's HEX_STR: "Ab12f 3 456" is AB 12 0F 03 45 06. In a reply's, X is any four bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/bytes.h"

namespace warren::probe {

struct HexPattern {
    std::vector<std::uint8_t> bytes;
    std::vector<std::uint8_t> mask;  // of each byte, the bits that count
};

// Nothing for what is no HEX_STR. `any` says whether X may stand in it.
std::optional<HexPattern> read_hex(std::string_view text, bool any);

// Compares as far as both go, as keepalived does.
bool matches(const HexPattern& pattern, net::ConstBytes reply);

}  // namespace warren::probe
