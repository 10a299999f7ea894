// SPDX-License-Identifier: BSD-3-Clause
// The two formulas every deadline comes from, in nanoseconds, and the deadline that never comes.
//   v2 (RFC 3768 6.1): Skew_Time = (256 - Priority) / 256 seconds, whatever the advert interval.
//   v3 (RFC 9568 6.1): Skew_Time = (256 - Priority) * Active_Adver_Interval / 256.
//   Master_Down_Interval = 3 * interval + Skew_Time, where v3 takes the interval the master
//   advertises.
#pragma once

#include <cstdint>

#include "vrrp/settings.h"

namespace warren::vrrp {

inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

constexpr std::uint64_t skew_ns(Version version, std::uint8_t priority,
                                std::uint64_t master_interval_ns) {
    const std::uint64_t unit_ns = version == Version::v2 ? ns_per_s : master_interval_ns;
    return (256U - priority) * unit_ns / 256;
}

constexpr std::uint64_t master_down_ns(Version version, std::uint8_t priority,
                                       std::uint64_t master_interval_ns, std::uint8_t adverts = 3) {
    return adverts * master_interval_ns + skew_ns(version, priority, master_interval_ns);
}

}  // namespace warren::vrrp
