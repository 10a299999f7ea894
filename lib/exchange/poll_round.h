// SPDX-License-Identifier: BSD-3-Clause
// A worker's view of the shared state during one round, taken once at its start.
#pragma once

#include <cstdint>

#include "exchange/ownership.h"
#include "exchange/router_watch.h"
#include "exchange/snapshot.h"
#include "flow/tcp.h"
#include "net/address.h"

namespace warren::exchange {

struct PollRound {
    const Snapshot* snapshot = nullptr;
    OwnershipView ownership;
    RouterWatch watch;  // with flow sync only
    std::uint64_t now_ns = 0;
    flow::Tick tick = 0;

    bool owns(std::uint16_t router) const {
        return ownership.owns(router, snapshot->virtual_routers[router].lease_ns);
    }
    bool owns(const OwnedAddress& address) const { return owns(address.virtual_router); }
    // It has just been handed over: for a moment its known flows go on.
    bool in_grace(std::uint16_t router) const {
        return !owns(router) && ownership.in_grace(router);
    }
    // It is being handed over, or has just been: nothing may leave with the virtual MAC.
    bool is_handing_over(std::uint16_t router) const {
        return ownership.is_offered(router) || in_grace(router);
    }
    // Whether the service's address is ours now.
    bool serves(std::uint16_t service) const {
        const std::uint16_t router = snapshot->router_of(service);
        return router != Snapshot::no_router && owns(router);
    }
    // Whether flow sync reports this service's flows to the peer: while its router is ours and for
    // a while after it was lost, as some segments still come to us and the peer may lack some
    // flows.
    bool syncs(std::uint16_t service) const {
        const std::uint16_t router = snapshot->router_of(service);
        return router != Snapshot::no_router && (owns(router) || watch.is_parting(router, now_ns));
    }
    // A source that nobody else may send from.
    bool owns(const net::IpAddress& address) const {
        const OwnedAddress* owned = snapshot->find_address(address);
        return owned != nullptr && owns(*owned);
    }
    // The low 32 bits, for differences below an hour.
    std::uint32_t now_us() const { return static_cast<std::uint32_t>(now_ns / 1000); }
    // Accept_Mode (RFC 9568 6.1): answer echo, and RST to ports that nobody serves.
    bool accepts(const OwnedAddress& address) const {
        return snapshot->virtual_routers[address.virtual_router].accept;
    }
};

}  // namespace warren::exchange
