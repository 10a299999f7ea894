// SPDX-License-Identifier: BSD-3-Clause
// What went wrong between the kernel and us.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace warren::kernel {

struct NetlinkStatistics {
    std::uint64_t overruns = 0;         // events lost, everything was read again
    std::uint64_t request_errors = 0;   // the kernel refused or did not answer a request
    std::uint64_t table_full = 0;       // links, addresses or servers beyond the bounds
    std::uint64_t managed_refused = 0;  // next hops kept alive by NTF_USE instead
};

// As `show counters` calls them.
struct NetlinkCounterName {
    std::string_view name;
    std::uint64_t NetlinkStatistics::*counter;
};
inline constexpr std::array netlink_counters{
    NetlinkCounterName{"overruns", &NetlinkStatistics::overruns},
    NetlinkCounterName{"request_errors", &NetlinkStatistics::request_errors},
    NetlinkCounterName{"table_full", &NetlinkStatistics::table_full},
    NetlinkCounterName{"managed_refused", &NetlinkStatistics::managed_refused},
};
static_assert(netlink_counters.size() * sizeof(std::uint64_t) == sizeof(NetlinkStatistics),
              "each counter of Netlink needs its name in netlink_counters");

}  // namespace warren::kernel
