// SPDX-License-Identifier: BSD-3-Clause
// What a worker knows during one round; taken once at its start.
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
    // It was until a moment ago, and its known flows go on (afterglow).
    bool glows(std::uint16_t router) const { return !owns(router) && ownership.glows(router); }
    // It is being handed over, or has just been: the peer's frames must not be contradicted.
    bool is_leaving(std::uint16_t router) const {
        return ownership.is_offered(router) || glows(router);
    }
    // Whether the service's address is ours now.
    bool serves(std::uint16_t service) const {
        const std::uint16_t router = snapshot->router_of(service);
        return router != Snapshot::no_router && owns(router);
    }
    // Whether we are still to tell the peer what becomes of its flows: also for a while after it
    // has been lost, to a peer or to a fault. Some come to us yet, and the peer may lack some.
    bool speaks_of(std::uint16_t service) const {
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
    // Whether it answers as a host does: echo, and RST to what nobody serves.
    bool accepts(const OwnedAddress& address) const {
        return snapshot->virtual_routers[address.virtual_router].accept;
    }
};

}  // namespace warren::exchange
