// SPDX-License-Identifier: BSD-3-Clause
// A World of servers of any method: the client and the VIP on port 0, the servers on port 1, whose
// virtual router owns their gateway, FNAT's local address. In FNAT the two sides may be of two
// families.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "world.h"

namespace warren::datapath {

struct Endpoints {
    const char* name;
    const char* client;
    const char* vip;
    std::vector<const char*> servers;
    const char* gateway;
    const char* primary;  // the kernel's address on port 1: TUN's outer source
    const char* router;   // somewhere between us and an end: who sends ICMP errors
    const char* ip;       // describe()'s word

    bool is_v4() const { return packets::address(vip).is_v4(); }
    // What describe() says of a header from one to the other; IPv4 packets have DF.
    std::string header(const std::string& source, const std::string& destination, int ttl) const {
        return std::string(ip) + " " + source + " > " + destination + " ttl " +
               std::to_string(ttl) + (is_v4() ? " DF" : "");
    }
};

inline const Endpoints ipv4{.name = "IPv4",
                            .client = "192.168.8.50",
                            .vip = "192.168.8.100",
                            .servers = {"10.0.0.11", "10.0.0.12"},
                            .gateway = "10.0.0.1",
                            .primary = "10.0.0.4",
                            .router = "203.0.113.9",
                            .ip = "IPv4"};
inline const Endpoints ipv6{.name = "IPv6",
                            .client = "2001:db8:8::50",
                            .vip = "2001:db8:8::100",
                            .servers = {"2001:db8:10::11", "2001:db8:10::12"},
                            .gateway = "2001:db8:10::1",
                            .primary = "2001:db8:10::4",
                            .router = "2001:db8:ffff::9",
                            .ip = "IPv6"};

inline constexpr auto first_server_mac = "02:00:00:00:00:0b";
inline constexpr auto second_server_mac = "02:00:00:00:00:0c";

class MethodWorld : public World {
  public:
    MethodWorld(flow::Method method, const Endpoints& ends, unsigned worker_count = 1)
        : MethodWorld(method, ends, ends, worker_count) {}
    // The client and the VIP are those of `near`, the servers' side is that of `far`.
    MethodWorld(flow::Method method, const Endpoints& near, const Endpoints& far,
                unsigned worker_count = 1)
        : World({.workers = worker_count, .servers = 2, .ports = 2}),
          at{.name = near.name,
             .client = near.client,
             .vip = near.vip,
             .servers = far.servers,
             .gateway = far.gateway,
             .primary = far.primary,
             .router = near.router,
             .ip = near.ip} {
        exchange.ownership.set(1, true);
        change([&](exchange::Snapshot& s) {
            s.virtual_routers.push_back(s.virtual_routers[0]);
            s.virtual_routers[1].port = 1;
            s.addresses = {{.address = packets::address(at.vip), .mac = packets::mac(vip_mac)},
                           {.address = packets::address(at.gateway),
                            .mac = packets::mac(second_mac),
                            .virtual_router = 1,
                            .port = 1}};
            s.services[0].address = packets::address(at.vip);
            s.services[0].local_addresses = {packets::address(at.gateway)};  // FNAT
            for (std::size_t i = 0; i < 2; ++i) {
                s.servers[i].address = packets::address(at.servers[i]);
                s.servers[i].method = method;
                s.servers[i].out_port = 1;
                s.servers[i].link_source = packets::mac(second_mac);
                s.servers[i].tunnel_source = packets::address(at.primary);
            }
        });
    }

    // The client's segment to the VIP, and that of a server to the client.
    packets::PacketBuilder to_vip(std::string_view flags, std::uint16_t port = 4000) const {
        return packets::PacketBuilder()
            .ethernet(client_mac, vip_mac)
            .ip(at.client, at.vip)
            .tcp(port, 5672, flags)
            .seq(1000);
    }
    packets::PacketBuilder to_client(std::string_view flags, std::size_t server = 0,
                                     std::uint16_t port = 4000) const {
        return packets::PacketBuilder()
            .ethernet(server == 0 ? first_server_mac : second_server_mac, second_mac)
            .ip(at.servers[server], at.client)
            .tcp(5672, port, flags)
            .seq(70'000);
    }

    void set_server(std::size_t server, exchange::ServerState state) {
        change([=](exchange::Snapshot& s) { s.servers[server].state = state; });
    }

    const Endpoints at;
};

inline std::string text(net::Be16 port) {
    return std::to_string(port.host());
}

// What the receiver of a segment answers, the way it came.
inline packets::PacketBuilder answer_to(const packets::Frame& frame, std::string_view flags,
                                        std::uint32_t sequence) {
    const net::Parsed parsed = net::parse(frame);
    const auto ethernet = net::load<net::EthernetHeader>(frame, 0);
    return packets::PacketBuilder()
        .ethernet(ethernet.destination.to_string(), ethernet.source.to_string())
        .ip(parsed.destination.to_string(), parsed.source.to_string())
        .tcp(parsed.destination_port.host(), parsed.source_port.host(), flags)
        .seq(sequence)
        .ack(parsed.sequence + parsed.segment_length());
}

// The IP packet `offset` bytes into the frame, as a frame of its own without link addresses.
inline std::string describe_inner(const packets::Frame& frame, std::size_t offset) {
    packets::Frame inner(12, 0);
    const bool four = offset < frame.size() && frame[offset] >> 4 == 4;
    inner.push_back(four ? 0x08 : 0x86);
    inner.push_back(four ? 0x00 : 0xdd);
    inner.insert(inner.end(), frame.begin() + static_cast<std::ptrdiff_t>(offset), frame.end());
    constexpr std::size_t macs = 2 * 17 + 4;
    return packets::describe(inner).substr(macs);
}

// Both headers of a packet in a tunnel: "OUTER | INNER".
inline std::string describe_tunnel(const packets::Frame& frame) {
    const std::string outer = packets::describe(frame);
    const std::size_t header = frame[12] == 0x08 ? 20 : 40;
    return outer.substr(0, outer.find(" protocol")) + " | " + describe_inner(frame, 14 + header);
}

// An ICMP error of a router about a packet that we sent, to the packet's sender.
inline packets::PacketBuilder error_about(const packets::Frame& sent, const char* router,
                                          std::uint8_t type, std::uint8_t code,
                                          std::uint32_t rest = 0, std::size_t quote = 4096) {
    const net::Parsed parsed = net::parse(sent);
    const auto ethernet = net::load<net::EthernetHeader>(sent, 0);
    const auto begin = sent.begin() + 14;
    const auto bytes = static_cast<std::ptrdiff_t>(std::min(quote, sent.size() - 14));
    return packets::PacketBuilder()
        .ethernet(ethernet.destination.to_string(), ethernet.source.to_string())
        .ip(router, parsed.source.to_string())
        .icmp(type, code, rest)
        .payload(packets::Frame(begin, begin + bytes));
}

// The packet that an ICMP error quotes.
inline std::string describe_quote(const packets::Frame& error) {
    return describe_inner(error, net::parse(error).payload_offset);
}

// Each test of a fixture with this parameter runs for both families.
inline std::string family_name(const testing::TestParamInfo<Endpoints>& info) {
    return info.param.name;
}

}  // namespace warren::datapath
