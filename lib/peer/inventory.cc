// SPDX-License-Identifier: BSD-3-Clause
#include "peer/inventory.h"

#include <algorithm>
#include <array>
#include <bit>

namespace warren::peer {

using exchange::ConfigDifference;
using sync::Fact;

namespace {

bool stands_before(const Fact& a, const Fact& b) {
    return a.name() < b.name();
}

// What FNAT leaves to the host on an address that both have (ip_local_port_range): the other one's
// flows may use it, and their answers would be the host's after a takeover. 0: as Linux has it, or
// the address is not the host's.
std::uint16_t host_ports_of(const exchange::Snapshot& snapshot, const net::IpAddress& local) {
    const exchange::OwnedAddress* owned = snapshot.find_address(local);
    if (owned == nullptr || !owned->is_hosts) return 0;
    const flow::PortRange& range = snapshot.host_ports;
    return static_cast<std::uint16_t>((range.first - 32'768) * 31 + (range.last - 60'999));
}

void add_facts(std::vector<Fact>& facts, const exchange::Snapshot& snapshot,
               const exchange::Service& service) {
    const Fact place{.vip = service.address,
                     .port = service.port,
                     .kind = Fact::Kind::service,
                     .detail = static_cast<std::uint16_t>(service.persistence.prefix_length << 1 |
                                                          static_cast<unsigned>(service.synced))};
    facts.push_back(place);
    for (const std::uint16_t id : service.servers) {
        const exchange::Server& server = snapshot.servers[id];
        if (server.state == exchange::ServerState::absent) continue;
        Fact fact = place;
        fact.kind = Fact::Kind::server;
        fact.other = server.address;
        fact.other_port = server.port;
        fact.detail = static_cast<std::uint16_t>(server.method);
        facts.push_back(fact);
    }
    for (const net::IpAddress& local : service.local_addresses) {
        Fact fact = place;
        fact.kind = Fact::Kind::local_address;
        fact.other = local;
        fact.detail = host_ports_of(snapshot, local);
        facts.push_back(fact);
    }
}

ConfigDifference difference_of(const Fact& fact, ConfigDifference::Side side) {
    return {.side = side,
            .what = static_cast<ConfigDifference::What>(fact.kind),
            .port = fact.port,
            .other_port = fact.other_port,
            .vip = fact.vip,
            .other = fact.other};
}

// What of ours lies where the part reaches.
std::span<const Fact> reached_by(const sync::Inventory& part, std::span<const Fact> ours) {
    auto first = ours.begin();
    auto last = ours.end();
    if (!part.begins) first = std::lower_bound(first, last, *part.facts.begin(), stands_before);
    if (!part.ends) last = std::upper_bound(first, last, *(part.facts.end() - 1), stands_before);
    return {first, last};
}

}  // namespace

std::vector<Fact> facts_of(const exchange::Snapshot& snapshot, std::uint16_t router) {
    std::vector<Fact> facts;
    for (const std::uint16_t position : snapshot.addresses_of(router))
        facts.push_back({.vip = snapshot.addresses[position].address});
    for (const exchange::Service& service : snapshot.services) {
        if (!service.present) continue;
        const exchange::OwnedAddress* owned = snapshot.find_address(service.address);
        if (owned != nullptr && owned->virtual_router == router)
            add_facts(facts, snapshot, service);
    }
    std::sort(facts.begin(), facts.end(), stands_before);
    return facts;
}

std::uint64_t fingerprint_of(const flow::SipKey& key, std::span<const Fact> facts) {
    std::uint64_t sum = 0;
    for (const Fact& fact : facts)
        sum += flow::siphash_2_4(key, std::bit_cast<std::array<std::uint8_t, sizeof(Fact)>>(fact));
    return sum;
}

sync::Inventory part_of(std::span<const Fact> facts, const sync::RouterKey& router,
                        std::size_t from) {
    sync::Inventory part;
    part.router = router;
    part.begins = from == 0;
    part.ends = true;
    for (const Fact& fact : facts.subspan(std::min(from, facts.size())))
        if (!part.facts.push(fact)) {
            part.ends = false;
            break;
        }
    return part;
}

ConfigDifference difference(std::span<const Fact> ours, const sync::Inventory& theirs) {
    using Side = ConfigDifference::Side;
    if (theirs.facts.empty() && !(theirs.begins && theirs.ends)) return {};
    const std::span<const Fact> all = reached_by(theirs, ours);
    auto our = all.begin();
    auto their = theirs.facts.begin();
    while (our != all.end() || their != theirs.facts.end()) {
        if (their == theirs.facts.end() || (our != all.end() && stands_before(*our, *their)))
            return difference_of(*our, Side::ours);
        if (our == all.end() || stands_before(*their, *our))
            return difference_of(*their, Side::peers);
        if (our->detail != their->detail) return difference_of(*our, Side::both);
        ++our;
        ++their;
    }
    return {};
}

}  // namespace warren::peer
