// SPDX-License-Identifier: BSD-3-Clause
// The next hop of each server, as its bytes stand in an Ethernet header: derived once from each
// snapshot, 16 bytes a server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "exchange/snapshot.h"
#include "net/headers.h"

namespace warren::fast_path {

class NextHops {
  public:
    struct NextHop {
        std::array<std::uint8_t, 2 * sizeof(net::MacAddress)> link{};  // destination, source
        std::uint16_t mtu = 0;  // bytes of an IP packet; 0: unreachable
        std::uint8_t port = 0;

        void write_link(net::EthernetHeader& ethernet) const {
            static_assert(offsetof(net::EthernetHeader, ether_type) == sizeof(link));
            std::memcpy(reinterpret_cast<std::uint8_t*>(&ethernet), link.data(), sizeof(link));
        }
    };
    static_assert(sizeof(NextHop) == 16);

    const NextHop& to_server(std::uint16_t server) const { return by_server_[server]; }

    void follow(const exchange::Snapshot& snapshot) {
        for (std::size_t id = 0; id < snapshot.servers.size(); ++id)
            by_server_[id] = next_hop_of(snapshot.servers[id], snapshot);
    }

  private:
    static NextHop next_hop_of(const exchange::Server& server, const exchange::Snapshot& snapshot) {
        NextHop next_hop;
        if (!server.reachable) return next_hop;
        std::memcpy(next_hop.link.data(), &server.next_hop, sizeof(server.next_hop));
        std::memcpy(next_hop.link.data() + sizeof(server.next_hop), &server.link_source,
                    sizeof(server.link_source));
        next_hop.mtu = static_cast<std::uint16_t>(snapshot.mtu_of(server.out_port));
        next_hop.port = server.out_port;
        return next_hop;
    }

    std::array<NextHop, exchange::max_servers> by_server_{};
};

}  // namespace warren::fast_path
