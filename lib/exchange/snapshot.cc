// SPDX-License-Identifier: BSD-3-Clause
#include "exchange/snapshot.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <numeric>
#include <unordered_map>

namespace warren::exchange {
namespace {

constexpr std::uint16_t empty_slot = 0xffff;

// Few keys, chosen by the operator: a multiplicative mix is enough, but the last byte of an
// address, which tells neighbours apart, is the highest of its word, and a product carries only
// upwards.
std::size_t mix(const net::IpAddress& address, net::Be16 port) {
    std::uint64_t words[2];
    std::memcpy(words, address.bytes().data(), sizeof(words));
    const std::uint64_t both = words[0] ^ words[1] ^ port.raw();
    const std::uint64_t h = (both ^ both >> 32) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(h >> 32);
}

std::vector<std::uint16_t> empty_table(std::size_t keys) {
    return std::vector<std::uint16_t>(std::bit_ceil(keys * 2 + 2), empty_slot);
}

void insert(std::vector<std::uint16_t>& slots, std::size_t hash, std::size_t index) {
    std::size_t at = hash & (slots.size() - 1);
    while (slots[at] != empty_slot)
        at = (at + 1) & (slots.size() - 1);
    slots[at] = static_cast<std::uint16_t>(index);
}

}  // namespace

void Snapshot::seal() {
    assert(virtual_routers.size() <= 1024 && addresses.size() <= max_addresses);
    assert(servers.size() <= max_servers && services.size() <= max_services);
    index_ports();
    index_routers();
    address_slots_ = empty_table(addresses.size());
    for (std::size_t i = 0; i < addresses.size(); ++i)
        insert(address_slots_, mix(addresses[i].address, net::Be16(0)), i);
    // A removed one is still known for the sake of its dead flows.
    const auto is_nat = [](const Server& s) { return s.method == flow::Method::nat; };
    for (Service& service : services) {
        service.has_nat = std::any_of(service.servers.begin(), service.servers.end(),
                                      [&](std::uint16_t i) { return is_nat(servers[i]); });
    }
    reserve_ports();
    index_services();
    index_servers();
    nat_server_slots_ = servers_by_endpoint(flow::Method::nat);
    fnat_server_slots_ = servers_by_endpoint(flow::Method::fnat);
}

// What is found first is meant, and that is never a removed one that has come back.
void Snapshot::index_services() {
    service_slots_ = empty_table(services.size());
    for (const bool present : {true, false})
        for (std::size_t i = 0; i < services.size(); ++i)
            if (services[i].present == present && services[i].port.raw() != 0)
                insert(service_slots_, mix(services[i].address, services[i].port), i);
}

void Snapshot::index_servers() {
    service_routers_.clear();
    service_addresses_.clear();
    std::size_t count = 0;
    for (OwnedAddress& address : addresses)
        address.goes_by_client = false;
    for (const Service& service : services) {
        const OwnedAddress* owned = find_address(service.address);
        const bool known = owned != nullptr && owned->virtual_router < virtual_routers.size();
        if (known && service.present && service.goes_by_client())
            addresses[static_cast<std::size_t>(owned - addresses.data())].goes_by_client = true;
        service_routers_.push_back(known ? owned->virtual_router : no_router);
        service_addresses_.push_back(known ? static_cast<std::uint16_t>(owned - addresses.data())
                                           : no_address);
        count += service.servers.size();
    }
    server_slots_ = empty_table(count);
    for (const Service& service : services)
        for (const std::uint16_t id : service.servers)
            insert(server_slots_, mix(servers[id].address, servers[id].port), id);
}

std::vector<std::uint16_t> Snapshot::servers_by_endpoint(flow::Method method) const {
    std::vector<std::uint16_t> slots = empty_table(servers.size());
    for (const bool absent : {false, true})
        for (std::size_t i = 0; i < servers.size(); ++i)
            if (servers[i].method == method && servers[i].port.raw() != 0 &&
                (servers[i].state == ServerState::absent) == absent)
                insert(slots, mix(servers[i].address, servers[i].port), i);
    return slots;
}

void Snapshot::reserve_ports() {
    std::unordered_map<net::IpAddress, std::vector<std::uint16_t>, net::IpAddressHash> used;
    for (const Service& service : services)
        if (service.present) used[service.address].push_back(service.port.host());
    for (Service& service : services) {
        service.reserved_ports.clear();
        for (const net::IpAddress& local : service.local_addresses)
            if (const auto ports = used.find(local); ports != used.end())
                service.reserved_ports.insert(service.reserved_ports.end(), ports->second.begin(),
                                              ports->second.end());
    }
}

// Of a port that nobody has described, Ethernet's.
void Snapshot::index_ports() {
    assert(port_mtus.size() <= mtus_.size());
    mtus_.fill(1500);
    std::copy(port_mtus.begin(), port_mtus.end(), mtus_.begin());
}

void Snapshot::index_routers() {
    router_mac_slots_ = empty_table(virtual_routers.size());
    for (std::size_t i = 0; i < virtual_routers.size(); ++i)
        if (net::is_virtual_router_mac(virtual_routers[i].mac))
            insert(router_mac_slots_, hash_of(virtual_routers[i].port, virtual_routers[i].mac), i);
    router_addresses_.clear();
    router_ends_.assign(virtual_routers.size(), 0);
    for (std::uint16_t i = 0; i < addresses.size(); ++i)
        if (addresses[i].virtual_router < virtual_routers.size()) router_addresses_.push_back(i);
    std::stable_sort(router_addresses_.begin(), router_addresses_.end(),
                     [this](std::uint16_t a, std::uint16_t b) {
                         return addresses[a].virtual_router < addresses[b].virtual_router;
                     });
    for (const std::uint16_t i : router_addresses_)
        ++router_ends_[addresses[i].virtual_router];
    std::partial_sum(router_ends_.begin(), router_ends_.end(), router_ends_.begin());
}

std::span<const std::uint16_t> Snapshot::addresses_of(std::size_t virtual_router) const {
    if (virtual_router >= router_ends_.size()) return {};
    const std::size_t begin = virtual_router == 0 ? 0 : router_ends_[virtual_router - 1];
    return std::span(router_addresses_).subspan(begin, router_ends_[virtual_router] - begin);
}

const OwnedAddress* Snapshot::find_address(const net::IpAddress& address) const {
    const std::size_t mask = address_slots_.size() - 1;
    for (std::size_t at = mix(address, net::Be16(0)) & mask;; at = (at + 1) & mask) {
        const std::uint16_t index = address_slots_[at];
        if (index == empty_slot) return nullptr;
        if (addresses[index].address == address) return &addresses[index];
    }
}

std::uint16_t Snapshot::find_service(const net::IpAddress& address, net::Be16 port) const {
    const std::uint16_t index = find_service_slot(address, port);
    return index != no_service && services[index].present ? index : no_service;
}

bool Snapshot::claims(const net::IpAddress& source, net::Be16 source_port,
                      const net::IpAddress& destination, net::Be16 destination_port) const {
    return (!host_ports.contains(destination_port.host()) &&
            find_server(fnat_server_slots_, source, source_port) != no_server) ||
           find_service_slot(destination, destination_port) != no_service;
}

std::uint16_t Snapshot::find_service_slot(const net::IpAddress& address, net::Be16 port) const {
    const std::size_t mask = service_slots_.size() - 1;
    for (std::size_t at = mix(address, port) & mask;; at = (at + 1) & mask) {
        const std::uint16_t index = service_slots_[at];
        if (index == empty_slot) return no_service;
        const Service& service = services[index];
        if (service.address == address && service.port == port) return index;
    }
}

std::uint16_t Snapshot::find_server(std::uint16_t service, const net::IpAddress& address,
                                    net::Be16 port) const {
    const std::size_t mask = server_slots_.size() - 1;
    for (std::size_t at = mix(address, port) & mask;; at = (at + 1) & mask) {
        const std::uint16_t id = server_slots_[at];
        if (id == empty_slot) return no_server;
        const Server& server = servers[id];
        if (server.service == service && server.address == address && server.port == port)
            return id;
    }
}

std::uint16_t Snapshot::find_nat_server(const net::IpAddress& address, net::Be16 port) const {
    return find_server(nat_server_slots_, address, port);
}

std::uint16_t Snapshot::find_server(const std::vector<std::uint16_t>& slots,
                                    const net::IpAddress& address, net::Be16 port) const {
    const std::size_t mask = slots.size() - 1;
    for (std::size_t at = mix(address, port) & mask;; at = (at + 1) & mask) {
        const std::uint16_t index = slots[at];
        if (index == empty_slot) return no_server;
        if (servers[index].address == address && servers[index].port == port) return index;
    }
}

}  // namespace warren::exchange
