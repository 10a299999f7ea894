// SPDX-License-Identifier: BSD-3-Clause
// The virtual routers of a snapshot as flow sync sees them: by what name the peer knows each, whose
// is a VIP, and what must be configured alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "exchange/ownership.h"
#include "exchange/snapshot.h"
#include "flow/digest.h"
#include "sync/message.h"
#include "sync/router.h"

namespace warren::peer {

class Routers {
  public:
    // `key` makes the fingerprints what nobody else can tell a configuration by.
    explicit Routers(const flow::SipKey& key) : key_(key) {}

    // True: something is another than before.
    bool follow(const exchange::Snapshot& snapshot, const exchange::OwnershipView& ownership);

    // Those that have addresses, in the order of their indices; at most sync::max_routers.
    std::span<const sync::LocalRouter> all() const { return all_; }
    std::uint16_t index_of(std::size_t position) const { return indices_[position]; }
    // Its index in the snapshot, or no_router.
    std::uint16_t index_of(const sync::RouterKey& key) const;
    const sync::LocalRouter* find(std::uint16_t index) const;
    // What must be configured alike of it, in order; none of a router that we do not have.
    std::span<const sync::Fact> facts_of_router(const sync::RouterKey& key) const;
    static std::uint16_t router_of(const exchange::Snapshot& snapshot, const net::IpAddress& vip);
    // Sums by service become sums by router.
    std::vector<sync::RouterSum> totals(const exchange::Snapshot& snapshot,
                                        std::span<const flow::FlowSum> by_service) const;

  private:
    void rebuild(const exchange::Snapshot& snapshot);

    flow::SipKey key_;
    std::uint64_t generation_ = ~std::uint64_t{0};
    std::vector<sync::LocalRouter> all_;
    std::vector<std::uint16_t> indices_;          // beside all_
    std::vector<std::vector<sync::Fact>> facts_;  // beside all_
};

}  // namespace warren::peer
