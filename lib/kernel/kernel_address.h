// SPDX-License-Identifier: BSD-3-Clause
// An address of an interface as the kernel is asked to have it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "net/address.h"

namespace warren::kernel {

struct KernelAddress {
    static constexpr std::uint32_t for_ever = std::numeric_limits<std::uint32_t>::max();

    std::string interface;
    net::Prefix prefix;
    std::optional<net::Prefix> peer{};
    std::optional<net::IpAddress> broadcast{};
    std::string label{};
    std::uint8_t scope = 0;                  // RT_SCOPE_*
    std::uint32_t flags = 0;                 // IFA_F_*
    std::uint32_t preferred_lft = for_ever;  // seconds; 0: deprecated, never chosen as a source
    bool returns = true;                     // when somebody takes it away

    friend bool operator==(const KernelAddress&, const KernelAddress&) = default;
};

}  // namespace warren::kernel
