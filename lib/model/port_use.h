// SPDX-License-Identifier: BSD-3-Clause
// How many local ports FNAT uses towards each server, and how many it has. A port is bound to one
// worker, so the fullest worker says when new connections will be refused.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
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

// Of some servers, in one walk over all of them however many those are. Services that reach the
// same server from the same local addresses share its ports, and each counts what all use.
class PortUses {
  public:
    PortUses(const State& state, const exchange::Exchange& exchange,
             std::span<const std::uint16_t> servers);

    // One of them; all zero where the service is not FNAT.
    PortUse of(std::uint16_t server) const;
    // All of a service's are among them: the fullest decides fullest_worker, the others add up.
    PortUse of(const ServiceRecord& service) const;

  private:
    struct Local {
        std::uint64_t ports = 0;  // less services' own and the host's
    };

    void note_service(std::uint16_t service);
    void note_locals(std::span<const std::uint16_t> servers);
    void note_sharers(std::span<const std::uint16_t> servers);
    std::vector<net::IpAddress> locals_of(std::uint16_t server) const;

    const State& state_;
    const exchange::Exchange& exchange_;
    // Local addresses, by service: of those servers and of all that share theirs.
    std::unordered_map<std::uint16_t, std::vector<net::IpAddress>> of_services_;
    std::unordered_map<net::IpAddress, Local, net::IpAddressHash> locals_;
    // All servers that have one of theirs' address, by it.
    std::unordered_map<net::IpAddress, std::vector<std::uint16_t>, net::IpAddressHash> hosts_;
};

// Of one.
PortUse port_use(const State& state, const exchange::Exchange& exchange, std::uint16_t server);
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
