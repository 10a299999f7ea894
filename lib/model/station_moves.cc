// SPDX-License-Identifier: BSD-3-Clause
#include "model/station_moves.h"

namespace warren::model {

std::optional<exchange::NextHopMove> StationMoves::note(const exchange::StationSeen& seen,
                                                        std::uint64_t now_ns) {
    const std::optional<net::MacAddress> before = known(seen);
    const bool moved = before && *before != seen.mac;
    if (moved && !may_move(now_ns)) {
        ++ignored_;
        return std::nullopt;
    }
    if (young_.size() >= stations_max / 2) old_ = std::exchange(young_, {});
    young_[{seen.port, seen.address}] = seen.mac;
    if (!moved) return std::nullopt;
    return exchange::NextHopMove{.from = *before, .to = seen.mac, .port = seen.port};
}

std::optional<net::MacAddress> StationMoves::known(const exchange::StationSeen& seen) const {
    for (const Stations* stations : {&young_, &old_})
        if (const auto at = stations->find({seen.port, seen.address}); at != stations->end())
            return at->second;
    return std::nullopt;
}

bool StationMoves::may_move(std::uint64_t now_ns) {
    constexpr std::uint64_t ns_per_second = 1'000'000'000;
    if (second_ != now_ns / ns_per_second) {
        second_ = now_ns / ns_per_second;
        moves_ = 0;
    }
    return ++moves_ <= moves_a_second;
}

}  // namespace warren::model
