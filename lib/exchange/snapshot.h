// SPDX-License-Identifier: BSD-3-Clause
// The configuration and state that workers read: immutable, built by the manager, replaced as a
// whole. Indices are stable from one snapshot to the next: virtual routers, services and servers
// keep theirs for life. A free index is reused only when no worker has had a live flow of it for
// longer than stubs of dead flows last.
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
// A port index for servers that are this host: the loopback device.
inline constexpr std::uint8_t loopback_port = max_ports;

struct VirtualRouter {
    std::uint8_t vrid = 0;
    std::uint8_t port = 0;       // of its addresses
    std::uint64_t lease_ns = 0;  // Master_Down_Interval: how long ownership outlives a heartbeat
    net::MacAddress mac{};       // its port's, or the virtual MAC (use_vmac)
    // Accept_Mode (RFC 9568 6.1). False: ARP, ND and virtual_servers only, no echo and no RST.
    bool accept = true;
};

// A VIP or a local address: ours while its virtual router is master.
struct OwnedAddress {
    net::IpAddress address;
    net::MacAddress mac;               // what ARP answers, and the source of what we send
    std::uint16_t virtual_router = 0;  // index into Snapshot::virtual_routers
    std::uint8_t port = 0;
    // The host has the address too: what is for no virtual_server goes to its kernel. False: Warren
    // alone answers, with RST on other ports.
    bool is_hosts = false;
    // The host's own address: the kernel answers ARP and ND, with the port's MAC.
    bool kernel_answers = false;
    // Set by seal(): one of its virtual_servers goes_by_client().
    bool goes_by_client = false;
};

enum class ServerState : std::uint8_t {
    absent,    // removed: its flows are reset; later the index is free
    up,        // takes new flows when its weight is above 0
    down,      // takes none, and its flows are reset
    disabled,  // as down, by the operator's order
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
    bool keeps_groups = false;  // new flows of persistent clients that are its own: at weight 0 too
    balance::FlowLimit limit;   // over all workers
    std::uint16_t service = 0;
    flow::Method method = flow::Method::fnat;
    net::ProxyVersion proxy = net::ProxyVersion::none;  // PROXY header that it expects
    net::IpAddress tunnel_source;  // TUN: the outer source, an address of the port's
};

// persistence_timeout and persistence_granularity: all connections of a client prefix go to one
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
    // sh and mh: the lookup table, shared by snapshots in which it is equal; whether the client's
    // port is hashed too (sh-port), and whether another server stands in for one that is full or
    // down.
    std::shared_ptr<const balance::SlotTable> slots;
    bool hash_port = false;
    bool hash_fallback = false;
    PersistenceRule persistence;
    std::uint64_t established_timeout_ns = 0;     // 0: RFC 5382's 7,440 s
    std::vector<std::uint16_t> servers;           // indices into Snapshot::servers
    std::vector<net::IpAddress> local_addresses;  // FNAT: sources towards the servers, never empty
    // Set by seal(): service ports on those addresses, which are no local ports; whether a server's
    // method is NAT, which decides how owners of flows are found, so must not change under flows.
    std::vector<std::uint16_t> reserved_ports;
    bool has_nat = false;
    bool synced = true;  // flow_sync: its flows are sent to the peer

    // Owners of its flows are a function of the client alone, not of the whole tuple.
    bool goes_by_client() const { return has_nat || is_persistent(); }
    bool is_persistent() const { return persistence.timeout_ns != 0; }
    net::IpAddress group_of(const net::IpAddress& client_address) const {
        return net::Prefix{client_address, persistence.prefix_length}.network();
    }
    // What the owner is then a function of: the client, or its persistence group without a port.
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
    bool reset_unknown_flows = true;  // RST to segments of unknown connections; else silence
    std::vector<VirtualRouter> virtual_routers;
    std::vector<OwnedAddress> addresses;
    std::vector<Server> servers;
    std::vector<Service> services;
    std::vector<net::IpAddress> kernel_addresses;  // of this machine's kernel, sorted
    // By port index: MTU in bytes of an IP packet; the physical MAC; the ifindex of a shared port's
    // interface, which changes when the interface is deleted and made again (0: gone). port_macs
    // and port_ifindexes have all ports there are.
    std::vector<std::uint16_t> port_mtus;
    std::vector<net::MacAddress> port_macs;
    std::vector<int> port_ifindexes;
    std::vector<std::uint16_t> port_names;  // flow::interface_hash(), as in flow sync
    // ip_local_port_range: the host's ephemeral ports, never local ports on addresses that the host
    // has too, so that a reply's port says whose it is.
    flow::PortRange host_ports{};
    std::shared_ptr<CaptureTap> capture;  // null: no capture runs

    // Builds the indices below; call once, after the vectors are filled and before publishing.
    void seal();

    std::size_t mtu_of(std::uint8_t port) const { return mtus_[port]; }
    bool is_kernels(const net::IpAddress& address) const {
        return std::binary_search(kernel_addresses.begin(), kernel_addresses.end(), address);
    }

    // Indices into `addresses` of that virtual router's, ascending.
    std::span<const std::uint16_t> addresses_of(std::size_t virtual_router) const;

    // The owned address that the service is on; null: of no virtual router.
    const OwnedAddress* address_of(std::uint16_t service) const {
        const std::uint16_t index = service_addresses_[service];
        return index != no_address ? &addresses[index] : nullptr;
    }
    // The virtual router of the service's address, or no_router.
    std::uint16_t router_of(std::uint16_t service) const {
        return service < service_routers_.size() ? service_routers_[service] : no_router;
    }

    // The port as flow sync names it; 0: the VIP's own port (`home`), whatever its name there.
    std::uint16_t name_of(std::uint8_t port, std::uint8_t home) const {
        return port == home || port >= port_names.size() ? std::uint16_t{0} : port_names[port];
    }
    // The inverse; an unknown name means `home`, as 0 does.
    std::uint8_t port_named(std::uint16_t name, std::uint8_t home) const {
        const auto found = std::find(port_names.begin(), port_names.end(), name);
        return name == 0 || found == port_names.end()
                   ? home
                   : static_cast<std::uint8_t>(found - port_names.begin());
    }

    // The owned address or null. Linear probing over a table at most half full.
    const OwnedAddress* find_address(const net::IpAddress& address) const;
    // Ethernet source of what we send from the address by that port: the address's MAC on its own
    // port, that port's MAC elsewhere.
    const net::MacAddress& mac_on(std::uint8_t port, const OwnedAddress& address) const {
        return address.port == port || port >= port_macs.size() ? address.mac : port_macs[port];
    }
    // Index of the service at address:port, or no_service.
    std::uint16_t find_service(const net::IpAddress& address, net::Be16 port) const;
    // Whether TCP to an address that the host has too is Warren's though no virtual_server is at
    // that port: a server's reply, or a segment to a virtual_server that has been removed.
    bool claims(const net::IpAddress& source, net::Be16 source_port,
                const net::IpAddress& destination, net::Be16 destination_port) const;
    // Index of that service's server at address:port, or no_server.
    std::uint16_t find_server(std::uint16_t service, const net::IpAddress& address,
                              net::Be16 port) const;
    // Index of a server at address:port whose method is NAT, or no_server.
    std::uint16_t find_nat_server(const net::IpAddress& address, net::Be16 port) const;

    // The first virtual router with that virtual MAC on that port for which is_wanted(index), or
    // no_router. Two share a MAC only by misconfiguration.
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
    // By the last two bytes of a virtual MAC: family and VRID (RFC 9568 7.3).
    static std::size_t hash_of(std::uint8_t port, const net::MacAddress& mac) {
        return (std::size_t{port} << 9 ^ std::size_t{mac.bytes[4]} << 8 ^ mac.bytes[5]) *
                   0x9e3779b97f4a7c15ULL >>
               32;
    }
    void index_services();
    void index_servers();
    std::vector<std::uint16_t> servers_by_endpoint(flow::Method method) const;
    // May be one that is no longer present; a present one comes first.
    std::uint16_t find_service_slot(const net::IpAddress& address, net::Be16 port) const;
    std::uint16_t find_server(const std::vector<std::uint16_t>& slots,
                              const net::IpAddress& address, net::Be16 port) const;

    std::array<std::uint16_t, 256> mtus_{};        // by any port index
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
