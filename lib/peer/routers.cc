// SPDX-License-Identifier: BSD-3-Clause
#include "peer/routers.h"

#include <algorithm>

#include "peer/inventory.h"

namespace warren::peer {

bool Routers::follow(const exchange::Snapshot& snapshot, const exchange::OwnershipView& ownership) {
    bool is_other = generation_ != snapshot.generation;
    if (is_other) rebuild(snapshot);
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const std::uint16_t index = indices_[i];
        const sync::Role role = ownership.owns(index, snapshot.virtual_routers[index].lease_ns)
                                    ? sync::Role::master
                                    : sync::Role::backup;
        is_other = is_other || role != all_[i].role;
        all_[i].role = role;
    }
    return is_other;
}

void Routers::rebuild(const exchange::Snapshot& snapshot) {
    generation_ = snapshot.generation;
    all_.clear();
    indices_.clear();
    facts_.clear();
    for (std::uint16_t i = 0; i < snapshot.virtual_routers.size(); ++i) {
        const auto addresses = snapshot.addresses_of(i);
        if (addresses.empty() || all_.size() == sync::max_routers) continue;
        const auto lowest = std::min_element(
            addresses.begin(), addresses.end(), [&](std::uint16_t a, std::uint16_t b) {
                return snapshot.addresses[a].address < snapshot.addresses[b].address;
            });
        facts_.push_back(facts_of(snapshot, i));
        all_.push_back(
            {.key = {snapshot.addresses[*lowest].address, snapshot.virtual_routers[i].vrid},
             .role = sync::Role::backup,
             .fingerprint = fingerprint_of(key_, facts_.back())});
        indices_.push_back(i);
    }
}

std::uint16_t Routers::index_of(const sync::RouterKey& key) const {
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (all_[i].key == key) return indices_[i];
    return exchange::Snapshot::no_router;
}

const sync::LocalRouter* Routers::find(std::uint16_t index) const {
    const auto found = std::find(indices_.begin(), indices_.end(), index);
    return found == indices_.end() ? nullptr
                                   : &all_[static_cast<std::size_t>(found - indices_.begin())];
}

std::span<const sync::Fact> Routers::facts_of_router(const sync::RouterKey& key) const {
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (all_[i].key == key) return facts_[i];
    return {};
}

std::uint16_t Routers::router_of(const exchange::Snapshot& snapshot, const net::IpAddress& vip) {
    const exchange::OwnedAddress* owned = snapshot.find_address(vip);
    return owned == nullptr ? exchange::Snapshot::no_router : owned->virtual_router;
}

std::vector<sync::RouterSum> Routers::totals(const exchange::Snapshot& snapshot,
                                             std::span<const flow::FlowSum> by_service) const {
    std::vector<sync::RouterSum> totals;
    for (const sync::LocalRouter& router : all_)
        totals.push_back({.key = router.key, .flows = {}});
    const std::size_t count = std::min(by_service.size(), snapshot.services.size());
    for (std::size_t id = 0; id < count; ++id) {
        const std::uint16_t router = router_of(snapshot, snapshot.services[id].address);
        const auto found = std::find(indices_.begin(), indices_.end(), router);
        if (found != indices_.end())
            totals[static_cast<std::size_t>(found - indices_.begin())].flows += by_service[id];
    }
    return totals;
}

}  // namespace warren::peer
