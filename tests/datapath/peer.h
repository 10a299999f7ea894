// SPDX-License-Identifier: BSD-3-Clause
// The sync thread's side of one worker of a World, as a script: orders go in, what the worker says
// comes out. And a World that is the peer of another one, whose flows it is given.
#pragma once

#include <vector>

#include "connection.h"
#include "exchange/sync_link.h"

namespace warren::datapath {

using exchange::SyncCommand;
using exchange::SyncEvent;
using exchange::SyncRefusal;

class Peer {
  public:
    explicit Peer(World& world, unsigned worker = 0)
        : link(*world.exchange.workers[worker]->sync), world_(world) {
        world.exchange.sync.speaks = true;
    }

    void order(const SyncCommand& command) { ASSERT_TRUE(link.commands.push(command)); }
    void install(const flow::Flow& flow, std::uint8_t colour = 0) {
        order({.kind = SyncCommand::Kind::install, .colour = colour, .flow = flow});
        world_.run();
    }
    // As it comes from the sync thread: without the server's addresses.
    void end(const flow::Flow& known) {
        flow::Flow flow = known;
        flow.set_server_address({});
        flow.set_local_address({});
        order({.kind = SyncCommand::Kind::end, .flow = flow});
        world_.run();
    }
    void sweep(std::uint8_t colour, std::uint16_t router = 0) {
        order({.kind = SyncCommand::Kind::sweep, .colour = colour, .router = router, .number = 7});
        world_.run();
    }
    // All that has been said since.
    std::vector<SyncEvent> heard() {
        std::vector<SyncEvent> all;
        for (SyncEvent event; link.events.pop(event);)
            all.push_back(event);
        return all;
    }
    std::vector<SyncEvent> heard(SyncEvent::Kind kind) {
        std::vector<SyncEvent> some;
        for (const SyncEvent& event : heard())
            if (event.kind == kind) some.push_back(event);
        return some;
    }
    std::uint64_t refused(SyncRefusal why) const {
        return link.refused[static_cast<std::size_t>(why)].value();
    }
    // The sums over all services, copied for a mark.
    flow::FlowSum sum() {
        order({.kind = SyncCommand::Kind::mark, .number = 1});
        world_.run();
        flow::FlowSum all;
        for (const flow::FlowSum& one : link.sums)
            all += one;
        return all;
    }

    exchange::SyncLink& link;

  private:
    World& world_;
};

// A connection as its record says it: what a master of the same configuration has of it.
inline flow::Flow record_of(const Connection& c, std::uint8_t server = 11) {
    flow::Flow f;
    f.set_client_address(packets::address(client));
    f.set_vip(packets::address(vip));
    f.set_local_address(packets::address(vip));
    f.set_server_address(net::IpAddress::v4(192, 168, 8, server));
    f.client_port = net::Be16(c.client_port);
    f.service_port = f.server_port = net::Be16(5672);
    f.local_port = net::Be16(c.local_port);
    f.state = flow::TcpState::established;
    f.client_mac = packets::mac(client_mac);
    f.seq_delta = c.delta;
    f.next_to_client = f.ack_from_client = c.server_seq;
    f.next_to_server = f.ack_from_server = c.client_seq + c.delta;
    return f;
}

// One that is known by its record alone.
inline Connection foreign(World& world, std::uint16_t client_port = 4000) {
    Connection c(world, client_port);
    c.client_seq = 5'000;
    c.server_seq = 70'000;
    c.delta = 123'456;
    c.local_port = static_cast<std::uint16_t>(client_port + 20'000);
    c.server_mac = "02:00:00:00:00:0b";
    c.server_address = "192.168.8.11";
    return c;
}

}  // namespace warren::datapath
