// SPDX-License-Identifier: BSD-3-Clause
// What became of flows, counted from the workers' events: why they ended, by service, and how long
// servers took to answer a SYN. Bounded by the indices of services and servers. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange/records.h"

namespace warren::metrics {

// Upper bounds of the histogram's buckets.
inline constexpr std::array connect_bounds_s{.0005, .001, .0025, .005, .01, .025,
                                             .05,   .1,   .25,   .5,   1.0, 2.5};

struct ConnectTimes {
    std::array<std::uint64_t, connect_bounds_s.size() + 1> buckets{};  // each its own, not summed
    std::uint64_t count = 0;
    double sum_s = 0;

    void note(double seconds);
};

// The causes of exchange::EndCause, and two that no flow came of.
inline constexpr std::size_t ending_count = exchange::end_cause_names.size() + 2;
std::string_view ending_name(std::size_t ending);

struct ServiceTally {
    std::array<std::uint64_t, ending_count> endings{};
    ConnectTimes connects{};
};

struct ServerTally {
    std::uint64_t connects = 0;
    double connect_sum_s = 0;
};

class FlowTally {
  public:
    void take(const exchange::FlowEvent& event);
    // The index is another's from now on.
    void begin_service(std::uint16_t service);
    void begin_server(std::uint16_t server);

    // All zero for one that nothing has been heard of.
    ServiceTally service(std::uint16_t index) const;
    ServerTally server(std::uint16_t index) const;

  private:
    std::vector<ServiceTally> services_;
    std::vector<ServerTally> servers_;
};

}  // namespace warren::metrics
