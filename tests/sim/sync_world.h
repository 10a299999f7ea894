// SPDX-License-Identifier: BSD-3-Clause
// Two warrens and the link between their sync threads in virtual time: a pure function of its
// seed. Datagrams travel as sealed bytes through the real codec; the link loses, delays, reorders,
// doubles and spoils them, and anybody may send old ones again.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "sync_node.h"

namespace warren::sim {

struct Link {
    std::uint64_t loss_percent = 0;
    std::uint64_t duplicate_percent = 0;
    std::uint64_t spoiled_percent = 0;
    std::uint64_t delay_us = 100;
    std::uint64_t jitter_us = 0;  // reorders
    std::array<bool, 2> cut{};    // from node 0, from node 1
};

class SyncWorld {
  public:
    SyncWorld(std::uint64_t seed, bool tracing, const std::array<Sizes, 2>& sizes);

    // Lets time pass; new flows and changes come `rate` a second to each router's masters.
    // `each` runs after every event; false stops.
    void run_until(std::uint64_t end_us, const std::function<bool()>& each = {});

    SyncNode& node(std::size_t i) { return *nodes_[i]; }
    void start(std::size_t i);
    void stop(std::size_t i);
    void set_role(std::size_t i, std::size_t router, sync::Role role);
    // Sends something again that has been delivered before, to whom it was sent or back.
    void replay();
    // Its seq_delta, which no other flow has; 0: the table is full or the tuple in use.
    std::uint32_t open_some(std::size_t i, std::size_t router);

    void note(const std::string& text);
    void fail(const std::string& what);
    bool ok() const { return failure.empty(); }

    Random random;
    Link link;
    std::uint64_t rate = 0;
    std::uint64_t clients = 400, ports = 2'000;
    std::uint64_t now_us = 1'000 * s;
    std::string failure;
    std::vector<std::string> trace;
    std::unordered_set<std::uint64_t> ever;  // identities that any warren ever had

  private:
    struct Flight {
        std::uint64_t at_us;
        std::uint64_t order;
        std::size_t to;
        std::vector<std::uint8_t> bytes;
        bool operator>(const Flight& o) const {
            return at_us != o.at_us ? at_us > o.at_us : order > o.order;
        }
    };

    void transmit(std::size_t from, net::ConstBytes datagram);
    Flight take_first_flight();
    void arrive(Flight flight);
    void happen();
    std::uint64_t next_us();

    bool tracing_;
    std::array<std::unique_ptr<SyncNode>, 2> nodes_;
    std::uint64_t order_ = 0;
    std::uint64_t traffic_us_ = 0;
    std::uint32_t flow_number_ = 0;
    std::vector<Flight> flights_;    // a heap, the first to arrive in front
    std::vector<Flight> delivered_;  // some of those
};

}  // namespace warren::sim
