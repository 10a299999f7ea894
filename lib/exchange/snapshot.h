// SPDX-License-Identifier: BSD-3-Clause
// What the workers know of the world: immutable, built by the manager, replaced as a whole.
// Indices are stable from one snapshot to the next: a virtual router, a service and a server keep
// theirs for life, and an index is given to another one only when no worker has had a live flow of
// it for longer than dead flows are answered.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "balance/flow_limit.h"
#include "balance/scheduler.h"
#include "balance/slot_table.h"
#include "flow/flow.h"
#include "flow/local_ports.h"
#include "net/address.h"
#include "net/bytes.h"
#include "net/proxy_header.h"

namespace warren::exchange {

struct CaptureTap;  // capture.h

inline constexpr std::size_t max_servers = 4096;
inline constexpr std::size_t max_services = 1024;
inline constexpr std::size_t max_addresses = 8192;
inline constexpr std::size_t max_ports = 32;
// In the place of a port: the way to servers that are this host.
inline constexpr std::uint8_t loopback_port = max_ports;

struct VirtualRouter {
    std::uint8_t vrid = 0;
    std::uint8_t port = 0;       // index of the port its addresses live on
    std::uint64_t lease_ns = 0;  // Master_Down_Interval: how long ownership outlives a heartbeat
    net::MacAddress mac{};       // what it answers with: its port's, or the virtual MAC (use_vmac)
    // false (no_accept): its addresses answer ARP, ND and virtual_servers only, no echo, no RST.
    bool accept = true;
};

// An address we answer for while its virtual router is master: a VIP or a local address.
struct OwnedAddress {
    net::IpAddress address;
    net::MacAddress mac;               // what ARP answers, and the source of what we send
    std::uint16_t virtual_router = 0;  // index into Snapshot::virtual_routers
    std::uint8_t port = 0;
    // The host has it too: what belongs to no virtual_server goes to its kernel. False: Warren
    // alone answers, with RST where nobody serves.
    bool is_hosts = false;
    // Who has it is asked of the kernel alone: the host's own, with the port's MAC.
    bool kernel_answers = false;
};

enum class ServerState : std::uint8_t {
    absent,    // removed by the operator, its flows are reset; then a free index
    up,        // takes new flows when its weight is above 0
    down,      // takes none, and its flows are reset
    disabled,  // the same, by the operator's order
    drain,     // takes none, its flows go on
};

struct Server {
    net::IpAddress address;
    net::Be16 port;
    ServerState state = ServerState::absent;
    bool reachable = false;       // next_hop is known
    std::uint8_t out_port = 0;    // port towards the next hop
    net::MacAddress next_hop;     // Ethernet destination
    net::MacAddress link_source;  // Ethernet source: the local address's MAC on that port
    std::uint32_t weight = 0;     // effective weight, configured weight x 256 x health factor
    balance::FlowLimit limit;     // over all workers
    std::uint16_t service = 0;
    flow::Method method = flow::Method::fnat;
    net::ProxyVersion proxy = net::ProxyVersion::none;  // what it is told of its clients
    net::IpAddress tunnel_source;  // TUN: the outer source, an address of the port's
};

// persistence_timeout and persistence_granularity: all connections of a group of clients go to one
// server.
struct PersistenceRule {
    std::uint64_t timeout_ns = 0;    // 0: off
    std::uint8_t prefix_length = 0;  // of the group's address, in the service's family
};

struct Service {
    bool present = false;
    net::IpAddress address;
    net::Be16 port;
    balance::Algorithm algorithm = balance::Algorithm::wlc;
    // sh and mh: the table, shared by the snapshots in which it is the same; what a client is and
    // whether another server takes those of one that cannot.
    std::shared_ptr<const balance::SlotTable> slots;
    bool hash_port = false;
    bool hash_fallback = false;
    PersistenceRule persistence;
    std::uint64_t established_timeout_ns = 0;     // 0: RFC 5382's 7,440 s
    std::vector<std::uint16_t> servers;           // indices into Snapshot::servers
    std::vector<net::IpAddress> local_addresses;  // FNAT: sources towards the servers, never empty
    // seal() fills these in: service ports on those addresses; whether a server's method is NAT,
    // which decides by what its flows' owner is found and so must stay while it has any.
    std::vector<std::uint16_t> reserved_ports;
    bool has_nat = false;
    bool synced = true;  // flow_sync: a peer is told of its flows

    // Its flows' owners are found by the client alone.
    bool goes_by_client() const { return has_nat || is_persistent(); }
    bool is_persistent() const { return persistence.timeout_ns != 0; }
    net::IpAddress group_of(const net::IpAddress& client_address) const {
        return net::Prefix{client_address, persistence.prefix_length}.network();
    }
    // Whose port and address are steered by, where it goes by client: a group has no port.
    net::IpAddress steered_address(const net::IpAddress& client_address) const {
        return is_persistent() ? group_of(client_address) : client_address;
    }
    net::Be16 steered_port(net::Be16 client_port) const {
        return is_persistent() ? net::Be16(0) : client_port;
    }
};

class Snapshot {
  public:
    std::uint64_t generation = 0;
    bool reset_unknown_flows = true;  // RST to a segment of a connection nobody knows; else silence
    std::vector<VirtualRouter> virtual_routers;
    std::vector<OwnedAddress> addresses;
    std::vector<Server> servers;
    std::vector<Service> services;
    std::vector<net::IpAddress> kernel_addresses;  // of this machine's kernel, sorted
    // By port index. Bytes of an IP packet; what frames to the port itself are addressed to; and
    // the kernel's interface behind a shared port, which is another one when it was made anew (0:
    // gone). Those of MACs and interfaces are all ports that there are.
    std::vector<std::uint16_t> port_mtus;
    std::vector<net::MacAddress> port_macs;
    std::vector<int> port_ifindexes;
    std::vector<std::uint16_t> port_names;  // flow::interface_hash(), by which a peer knows them
    // What the host numbers its own connections from; on its addresses those are no local ports, so
    // that a server's answer tells by its port alone whose it is.
    flow::PortRange host_ports{};
    std::shared_ptr<CaptureTap> capture;  // null: nobody captures

    // Builds the indices below; call once, after the vectors are filled and before publishing.
    void seal();

    std::size_t mtu_of(std::uint8_t port) const { return mtus_[port]; }
    bool is_kernels(const net::IpAddress& address) const {
        return std::binary_search(kernel_addresses.begin(), kernel_addresses.end(), address);
    }

    // Positions in `addresses` of what that virtual router owns, in their order.
    std::span<const std::uint16_t> addresses_of(std::size_t virtual_router) const;

    // The service's; null: nobody owns it.
    const OwnedAddress* address_of(std::uint16_t service) const {
        const std::uint16_t index = service_addresses_[service];
        return index != no_address ? &addresses[index] : nullptr;
    }
    // Whose address the service has; no_router: nobody's.
    std::uint16_t router_of(std::uint16_t service) const {
        return service < service_routers_.size() ? service_routers_[service] : no_router;
    }

    // How a peer is told of a port; 0: the one at home of the VIP, whatever it is called there.
    std::uint16_t name_of(std::uint8_t port, std::uint8_t home) const {
        return port == home || port >= port_names.size() ? std::uint16_t{0} : port_names[port];
    }
    // And back; a name that no port has here says nothing more than 0.
    std::uint8_t port_named(std::uint16_t name, std::uint8_t home) const {
        const auto found = std::find(port_names.begin(), port_names.end(), name);
        return name == 0 || found == port_names.end()
                   ? home
                   : static_cast<std::uint8_t>(found - port_names.begin());
    }

    // The owned address or null. Linear probing over a table at most half full.
    const OwnedAddress* find_address(const net::IpAddress& address) const;
    // The link source of what we send from the address by that port: what it is answered for with
    // at home, elsewhere that port's own.
    const net::MacAddress& mac_on(std::uint8_t port, const OwnedAddress& address) const {
        return address.port == port || port >= port_macs.size() ? address.mac : port_macs[port];
    }
    // Index of the service at address:port, or no_service.
    std::uint16_t find_service(const net::IpAddress& address, net::Be16 port) const;
    // Whether TCP from there to an address that the host has too is Warren's nevertheless, though
    // no virtual_server is there now: a server's to us, or for one that has been removed.
    bool claims(const net::IpAddress& source, net::Be16 source_port,
                const net::IpAddress& destination, net::Be16 destination_port) const;
    // Index of that service's server at address:port, or no_server.
    std::uint16_t find_server(std::uint16_t service, const net::IpAddress& address,
                              net::Be16 port) const;
    // Index of a server at address:port whose method is NAT, or no_server.
    std::uint16_t find_nat_server(const net::IpAddress& address, net::Be16 port) const;

    // The first virtual router with that virtual MAC on that port of which is_wanted(index) is
    // true, or no_router. Two have the same one only by mistake.
    template <typename IsWanted>
    std::uint16_t find_router(std::uint8_t port, const net::MacAddress& mac,
                              IsWanted is_wanted) const {
        const std::size_t mask = router_mac_slots_.size() - 1;
        for (std::size_t at = hash_of(port, mac) & mask; router_mac_slots_[at] != no_router;
             at = (at + 1) & mask) {
            const VirtualRouter& router = virtual_routers[router_mac_slots_[at]];
            if (router.mac == mac && router.port == port && is_wanted(router_mac_slots_[at]))
                return router_mac_slots_[at];
        }
        return no_router;
    }

    static constexpr std::uint16_t no_router = 0xffff;
    static constexpr std::uint16_t no_service = 0xffff;
    static constexpr std::uint16_t no_server = 0xffff;
    static constexpr std::uint16_t no_address = 0xffff;

  private:
    void index_ports();
    void index_routers();
    void reserve_ports();
    // A virtual MAC's last two bytes are family and VRID (RFC 9568 7.3).
    static std::size_t hash_of(std::uint8_t port, const net::MacAddress& mac) {
        return (std::size_t{port} << 9 ^ std::size_t{mac.bytes[4]} << 8 ^ mac.bytes[5]) *
                   0x9e3779b97f4a7c15ULL >>
               32;
    }
    void index_services();
    void index_servers();
    std::vector<std::uint16_t> servers_by_endpoint(flow::Method method) const;
    // Also one that is not present any more; the first of a place is the one that is.
    std::uint16_t find_service_slot(const net::IpAddress& address, net::Be16 port) const;
    std::uint16_t find_server(const std::vector<std::uint16_t>& slots,
                              const net::IpAddress& address, net::Be16 port) const;

    std::array<std::uint16_t, 256> mtus_{};        // by any port, seal() fills them in
    std::vector<std::uint16_t> router_addresses_;  // sorted by router
    std::vector<std::uint16_t> router_ends_;       // in router_addresses_, one past each router's
    std::vector<std::uint16_t> router_mac_slots_;  // of those with a virtual MAC
    std::vector<std::uint16_t> address_slots_;
    std::vector<std::uint16_t> service_slots_;
    std::vector<std::uint16_t> service_routers_;
    std::vector<std::uint16_t> service_addresses_;
    std::vector<std::uint16_t> server_slots_;  // of services that are there
    std::vector<std::uint16_t> nat_server_slots_;
    std::vector<std::uint16_t> fnat_server_slots_;
};

}  // namespace warren::exchange
