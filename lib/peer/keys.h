// SPDX-License-Identifier: BSD-3-Clause
// The keys of flow sync, all derived from one file that both warrens have (RFC 5869, HKDF-SHA256).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "flow/isn.h"

namespace warren::peer {

struct MacKey {
    std::array<std::uint8_t, 32> bytes{};
    std::uint32_t id = 0;  // says which key it is, and nothing of what it is
};

struct Keys {
    std::vector<MacKey> macs;  // the first signs; all, one or two, verify
    std::uint64_t rss_seed = 0;
    flow::SipKey isn{};
    flow::SipKey digest{};
};

// Of one secret, or two while they change: the first signs, both verify. Throws
// std::runtime_error: OpenSSL cannot.
Keys derive_keys(const std::vector<std::string>& secrets);

}  // namespace warren::peer
