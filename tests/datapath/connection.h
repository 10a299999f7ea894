// SPDX-License-Identifier: BSD-3-Clause
// Both ends of one TCP connection through a World, as a script that the test writes line by line.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "net/headers.h"
#include "net/parse.h"
#include "world.h"

namespace warren::datapath {

// One frame that came out.
struct Seen {
    std::string line;
    packets::Frame frame;
    net::Parsed parsed;

    std::string destination_mac() const {
        return net::load<net::EthernetHeader>(frame, 0).destination.to_string();
    }
};

class Connection {
  public:
    explicit Connection(World& world, std::uint16_t client_port_number = 4000)
        : world_(world), client_port(client_port_number) {}

    packets::PacketBuilder client_segment(std::string_view flags) const {
        return packets::PacketBuilder()
            .ethernet(client_mac, vip_mac)
            .ip(client, vip)
            .tcp(client_port, 5672, flags)
            .seq(client_seq)
            .ack(flags.find('A') != std::string_view::npos ? server_seq : 0);
    }
    // As the server writes it: its view of the client's numbers is shifted.
    packets::PacketBuilder server_segment(std::string_view flags) const {
        return packets::PacketBuilder()
            .ethernet(server_mac, vip_mac)
            .ip(server_address, vip)
            .tcp(5672, local_port, flags)
            .seq(server_seq)
            .ack(client_seq + delta);
    }

    // Sends one segment and returns the one frame it became.
    Seen from_client(std::string_view flags, std::string_view payload = {}) {
        const Seen seen = only(world_.send_raw(client_segment(flags).payload(payload)));
        local_port = seen.parsed.source_port.host();
        delta = seen.parsed.sequence - client_seq;
        server_mac = seen.destination_mac();
        server_address = seen.parsed.destination.to_string();
        return seen;
    }
    Seen from_server(std::string_view flags, std::string_view payload = {}) {
        return only(world_.send_raw(server_segment(flags).payload(payload)));
    }

    void open() {
        from_client("S");
        ++client_seq;
        server_seq = 70'000;
        from_server("SA");
        ++server_seq;
        from_client("A");
    }

  private:
    static Seen only(const std::vector<packets::Frame>& frames) {
        EXPECT_EQ(frames.size(), 1U);
        if (frames.empty()) return {};
        return {packets::describe(frames[0]), frames[0], net::parse(frames[0])};
    }

    World& world_;

  public:
    std::uint16_t client_port;
    std::uint32_t client_seq = 1000;
    std::uint32_t server_seq = 0;
    std::uint32_t delta = 0;
    std::uint16_t local_port = 0;
    std::string server_mac;
    std::string server_address;
};

// Why flows have ended since the last question.
inline std::vector<exchange::EndCause> causes(World& world) {
    std::vector<exchange::EndCause> all;
    exchange::FlowEvent event;
    while (world.exchange.workers[0]->events.pop(event))
        if (event.kind == exchange::FlowEventKind::ended) all.push_back(event.cause);
    return all;
}

}  // namespace warren::datapath
