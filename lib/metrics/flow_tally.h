// SPDX-License-Identifier: BSD-3-Clause
// What became of flows, counted from the workers' events: why they ended, by service, and how long
// servers took to answer a SYN; and whom no flow came of. Bounded by the indices of services and
// servers. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange/records.h"
#include "exchange/worker_link.h"

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

// What workers have counted of clients that got RST from us.
struct TurnedAway {
    std::uint64_t no_server = 0, no_local_port = 0, table_full = 0, strays = 0;

    friend bool operator==(const TurnedAway&, const TurnedAway&) = default;
};
TurnedAway turned_away(const exchange::Exchange& exchange, std::uint16_t service);

// What has gone through a server, or all of a service's.
struct PoolCounts {
    std::uint64_t active = 0, connections = 0;
    std::uint64_t to_server_bytes = 0, to_client_bytes = 0;
    std::uint64_t to_server_frames = 0, to_client_frames = 0;
    std::uint64_t refused = 0, unanswered = 0;

    void add(const PoolCounts& other);
};

struct ServiceTally {
    std::array<std::uint64_t, ending_count> endings{};
    ConnectTimes connects{};
    TurnedAway before{};  // counted for those who had the index before
    PoolCounts gone{};    // of servers that a reload has taken out
};

struct ServerTally {
    std::uint64_t connections = 0;
    std::uint64_t resets = 0;  // connections that it ended so
    ConnectTimes connects{};   // and how long a SYN waited that another server got then
};

class FlowTally {
  public:
    void take(const exchange::FlowEvent& event);
    // The index is another's from now on.
    void begin_service(std::uint16_t service, const TurnedAway& before);
    void begin_server(std::uint16_t server);

    // A reload takes a server out; what it has counted stays its service's.
    void keep(std::uint16_t service, const PoolCounts& counts);

    // All zero for one that nothing has been heard of.
    ServiceTally service(std::uint16_t index) const;
    ServerTally server(std::uint16_t index) const;

  private:
    static void take(const exchange::FlowEvent& event, ServerTally& server);

    std::vector<ServiceTally> services_;
    std::vector<ServerTally> servers_;
};

}  // namespace warren::metrics
