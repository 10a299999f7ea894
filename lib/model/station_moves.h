// SPDX-License-Identifier: BSD-3-Clause
// Which MAC each station of our links has, as it says in ARP and neighbour discovery, and which has
// moved to another one (RFC 826: the newer sender MAC replaces the older). Flows to clients there
// follow: a client or a gateway that is replaced may not speak before its server does. Bounded: of
// many stations those that have not spoken for longest are forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "exchange/records.h"

namespace warren::model {

class StationMoves {
  public:
    static constexpr std::size_t stations_max = 8'192;
    static constexpr unsigned moves_a_second = 16;  // each is a walk over all flows

    // The move, if the station had another MAC until now. Too many a second are not believed, and
    // not remembered either: who has really moved says so again.
    std::optional<exchange::NextHopMove> note(const exchange::StationSeen& seen,
                                              std::uint64_t now_ns);

    // Moves that were too many, since the last call.
    std::uint64_t take_ignored() { return std::exchange(ignored_, 0); }

  private:
    using Stations = std::map<std::pair<std::uint8_t, net::IpAddress>, net::MacAddress>;

    std::optional<net::MacAddress> known(const exchange::StationSeen& seen) const;
    bool may_move(std::uint64_t now_ns);

    Stations young_;
    Stations old_;  // heard of before `young_` began
    std::uint64_t second_ = 0;
    unsigned moves_ = 0;  // in that second
    std::uint64_t ignored_ = 0;
};

}  // namespace warren::model
