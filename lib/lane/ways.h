// SPDX-License-Identifier: BSD-3-Clause
// How segments leave to each server, as few bytes as they need: what the snapshot says is written
// down once, as it is copied into a frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "exchange/snapshot.h"
#include "net/headers.h"

namespace warren::lane {

class Ways {
  public:
    struct Way {
        std::array<std::uint8_t, 2 * sizeof(net::MacAddress)> link{};  // destination, source
        std::uint16_t room = 0;  // bytes of an IP packet; 0: there is no way now
        std::uint8_t port = 0;

        void lead(net::EthernetHeader& ethernet) const {
            static_assert(offsetof(net::EthernetHeader, ether_type) == sizeof(link));
            std::memcpy(reinterpret_cast<std::uint8_t*>(&ethernet), link.data(), sizeof(link));
        }
    };
    static_assert(sizeof(Way) == 16);

    const Way& to_server(std::uint16_t server) const { return to_servers_[server]; }

    void follow(const exchange::Snapshot& snapshot) {
        for (std::size_t id = 0; id < snapshot.servers.size(); ++id)
            to_servers_[id] = way_of(snapshot.servers[id], snapshot);
    }

  private:
    static Way way_of(const exchange::Server& server, const exchange::Snapshot& snapshot) {
        Way way;
        if (!server.reachable) return way;
        std::memcpy(way.link.data(), &server.next_hop, sizeof(server.next_hop));
        std::memcpy(way.link.data() + sizeof(server.next_hop), &server.link_source,
                    sizeof(server.link_source));
        way.room = static_cast<std::uint16_t>(snapshot.mtu_of(server.out_port));
        way.port = server.out_port;
        return way;
    }

    std::array<Way, exchange::max_servers> to_servers_{};
};

}  // namespace warren::lane
