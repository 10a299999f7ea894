// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers on virtual LANs in virtual time: a discrete event simulation, a pure function of
// its seed. Nodes of one host are members of one sync group. Adverts travel as bytes through the
// real codec. Each node has a worker that may stall, a control lcore that may freeze, a link that
// may fail, a process that may die. One host listens to announcements.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "event_queue.h"
#include "random.h"
#include "vrrp/ah.h"
#include "vrrp/instance.h"

namespace warren::sim {

constexpr int max_lans = 2;
constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t max_delay_ns = 2 * ms;  // of a quiet network
constexpr std::uint64_t stall_ns = 1'000 * ms;  // VrrpEngine::stall_ns
constexpr std::uint64_t max_latency_ns =
    200 * us;  // from a deadline or an arrival until the control lcore acts

struct Packet {
    std::vector<std::uint8_t> bytes;
    net::IpAddress source;
};
struct Arrival {
    std::shared_ptr<const Packet> packet;  // all that hear it share it
    std::uint64_t at_ns = 0;
};

struct Node {
    vrrp::Settings settings;
    std::unique_ptr<vrrp::Instance> instance;  // empty: the process is dead
    std::deque<Arrival> rx;
    bool owned = false;
    bool link_up = true;
    int lan = 0;
    int segment = 0;           // of the LAN; nodes of different segments don't hear each other
    int host = -1;             // nodes of one host are a sync group; -1: alone
    vrrp::AhSequence numbers;  // of adverts in authentication headers
    bool one_counter = false;  // keepalived's: refuses what is not above all it has sent, too
    bool blind = false;        // beside a queue whose rx mark never moves
    bool stall_known = false;  // to the control lcore: a fault
    std::uint64_t stalled_since_ns = 0;
    std::uint64_t stalled_until_ns = 0;  // the worker
    std::uint64_t frozen_until_ns = 0;   // the control lcore
    std::uint64_t wake_generation = 0;
    std::uint64_t last_advert_ns = 0;
    std::uint64_t last_arrival_ns = 0;
};

struct Network {
    std::uint64_t loss_percent = 0;
    std::uint64_t duplicate_percent = 0;
    std::uint64_t delay_ns = max_delay_ns;
    bool reorders = false;
};

class World {
  public:
    World(std::uint64_t seed, bool tracing) : random(seed), tracing_(tracing) {}

    void start(Node& node);
    void start_host(int host);
    void kill(Node& node);
    void shut_down(Node& node);
    void set_link(Node& node, bool up);
    void stall_worker(Node& node, std::uint64_t for_ns);
    void end_stalls(Node& node);
    void freeze_control(Node& node, std::uint64_t for_ns);
    void give(Node& node, const vrrp::Event& event);

    // Lets time pass. `each` runs after every event; false stops.
    void run_until(std::uint64_t end_ns, const std::function<bool()>& each = {});

    std::vector<Node*> owners(int lan = 0);
    std::size_t owner_count(int lan = 0) const;
    Node* only_owner(int lan = 0);
    int id(const Node& node) const { return static_cast<int>(&node - nodes.data()); }
    // A line of the trace, put together only if somebody reads it.
    template <typename... Words>
    void note(const Words&... words) {
        if (!tracing_) return;
        std::ostringstream line;
        line << now_ns / us << " us  ";
        (line << ... << words);
        trace.push_back(line.str());
    }
    void fail(const std::string& what);

    Random random;
    std::vector<Node> nodes;  // filled once, before the first start()
    Network network;
    std::uint64_t now_ns = 1'000'000'000;
    int host_believes = -1;  // the node whose announcement the host on LAN 0 saw last
    std::uint64_t owner_changes = 0;
    std::array<std::uint64_t, max_lans> two_owners_since_ns{};  // 0: not now
    std::string failure;
    std::vector<std::string> trace;

  private:
    void power_on(Node& node);
    void settle(const Node& node);
    void at(std::uint64_t time_ns, std::function<void()> what);
    void wake(Node& node);
    void schedule_wake(Node& node);
    void execute(Node& node, const vrrp::Actions& actions);
    void set_owned(Node& node, bool owned);
    void transmit(Node& node, std::uint8_t priority);
    void deliver(Node& to, const std::shared_ptr<const Packet>& packet);
    void watch_worker(Node& node);
    void drain(Node& node, std::uint64_t seen_ns);
    static Packet built(Node& node, std::uint8_t priority);
    static vrrp::Decoded decoded(Node& node, const Packet& packet);

    bool tracing_;
    EventQueue events_;
};

}  // namespace warren::sim
