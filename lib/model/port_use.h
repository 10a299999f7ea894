// SPDX-License-Identifier: BSD-3-Clause
// How many local ports FNAT uses towards each server, and how many it has. A port is bound to one
// worker, so the fullest worker says when new connections will be refused.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::model {

struct PortUse {
    std::uint64_t used = 0;
    std::uint64_t total = 0;    // local addresses x ports, the services' own taken off
    double fullest_worker = 0;  // share of its ports that the fullest worker uses, 0-1

    // A new connection to the server is refused, by its worker if not by all.
    bool is_spent() const { return total != 0 && (used >= total || fullest_worker >= 1); }
};

// Of one server of an FNAT service; all zero for another. Services that reach the same server from
// the same local addresses share its ports, and each counts what all use.
PortUse port_use(const State& state, const exchange::Exchange& exchange, std::uint16_t server);

// Of all servers, by index, in one pass: what shows or counts all of them takes these.
std::vector<PortUse> port_uses(const State& state, const exchange::Exchange& exchange);

// The fullest of a service's servers decides its fullest_worker; the others add up.
PortUse port_use(const State& state, const exchange::Exchange& exchange,
                 const ServiceRecord& service);

// Says once that a server's ports are more than this full, and again after they have been below
// for a while (hysteresis).
inline constexpr double ports_warn_share = 0.8;
inline constexpr double ports_calm_share = 0.7;

class PortAlarm {
  public:
    // Servers whose ports have just become short.
    std::vector<std::uint16_t> newly_short(const State& state, const exchange::Exchange& exchange);

  private:
    std::vector<bool> short_;  // by server
};

}  // namespace warren::model
