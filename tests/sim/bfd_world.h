// SPDX-License-Identifier: BSD-3-Clause
// Two BFD systems and the wire between them in virtual time: a discrete event simulation, a pure
// function of its seed. Packets travel as bytes through the real codec. A system may be restarted
// with another discriminator, stopped on purpose, or frozen: then it takes what has arrived before
// it ticks.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bfd/session.h"
#include "event_queue.h"
#include "random.h"

namespace warren::sim {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t quiet_delay_ns = 2 * ms;
constexpr std::uint64_t max_latency_ns = 200 * us;  // from a deadline until the system acts

struct System {
    bfd::Settings settings;
    std::unique_ptr<bfd::Session> session;  // empty: the process is dead
    std::deque<std::array<std::uint8_t, bfd::control_packet_bytes>> rx;
    bool hears = true;  // the wire towards it
    std::uint64_t frozen_until_ns = 0;
    std::uint64_t wake_generation = 0;
    std::uint64_t last_heard_ns = 0;
    std::uint64_t last_arrival_ns = 0;
    std::uint64_t falls = 0;  // from up
    std::uint64_t fell_ns = 0;
};

struct Wire {
    std::uint64_t loss_percent = 0;
    std::uint64_t duplicate_percent = 0;
    std::uint64_t delay_ns = quiet_delay_ns;
    bool reorders = false;
};

class World {
  public:
    World(std::uint64_t seed, bool tracing) : random(seed), tracing_(tracing) {}

    void start(System& system);
    void kill(System& system);
    void stop(System& system);
    void freeze(System& system, std::uint64_t for_ns);

    // Lets time pass. `each` runs after every event; false stops.
    void run_until(std::uint64_t end_ns, const std::function<bool()>& each = {});

    System& other(const System& system) { return systems[&system == &systems[0] ? 1 : 0]; }
    int id(const System& system) const { return static_cast<int>(&system - systems.data()); }
    bool both(bfd::State state) const;
    void note(const std::string& text);
    void fail(const std::string& what);

    Random random;
    std::array<System, 2> systems;
    Wire wire;
    std::uint64_t now_ns = 1'000 * ms;
    std::string failure;
    std::vector<std::string> trace;

  private:
    void at(std::uint64_t time_ns, std::function<void()> what);
    void schedule_wake(System& system);
    void wake(System& system);
    void give(System& system, const bfd::Event& event);
    void execute(System& system, const bfd::Actions& actions);
    void report(System& system, const bfd::Report& report);
    void transmit(System& from, const bfd::ControlPacket& packet);

    bool tracing_;
    EventQueue events_;
};

}  // namespace warren::sim
