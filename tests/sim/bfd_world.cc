// SPDX-License-Identifier: BSD-3-Clause
#include "bfd_world.h"

#include <algorithm>
#include <utility>

namespace warren::sim {

void World::start(System& system) {
    note(std::to_string(id(system)).append(" starts"));
    system.settings.discriminator = static_cast<std::uint32_t>(random.next() | 1);
    system.rx.clear();
    system.frozen_until_ns = now_ns;
    system.session = std::make_unique<bfd::Session>(system.settings);
    give(system, bfd::Startup{});
}

void World::kill(System& system) {
    note(std::to_string(id(system)).append(" dies"));
    system.session.reset();
}

void World::stop(System& system) {
    if (system.session) give(system, bfd::Shutdown{});
    kill(system);
}

void World::freeze(System& system, std::uint64_t for_ns) {
    note(std::to_string(id(system)).append(" freezes"));
    system.frozen_until_ns = std::max(system.frozen_until_ns, now_ns + for_ns);
}

void World::run_until(std::uint64_t end_ns, const std::function<bool()>& each) {
    while (events_.next_ns() <= end_ns && failure.empty()) {
        now_ns = events_.next_ns();
        events_.take()();
        if (each && !each()) return;
    }
    now_ns = std::max(now_ns, end_ns);
}

bool World::both(bfd::State state) const {
    return std::all_of(systems.begin(), systems.end(), [&](const System& system) {
        return system.session && system.session->status().state == state;
    });
}

void World::note(const std::string& text) {
    if (tracing_) trace.push_back(std::to_string(now_ns / us).append(" us: ").append(text));
}

void World::fail(const std::string& what) {
    note(what);
    if (failure.empty()) failure = what;
}

void World::at(std::uint64_t time_ns, std::function<void()> what) {
    events_.at(time_ns, std::move(what));
}

void World::schedule_wake(System& system) {
    if (!system.session) return;
    std::uint64_t when_ns = system.session->deadline_ns();
    if (!system.rx.empty()) when_ns = now_ns;
    if (when_ns == bfd::no_deadline) return;
    when_ns = std::max({when_ns, now_ns, system.frozen_until_ns}) + random.below(max_latency_ns);
    const std::uint64_t generation = ++system.wake_generation;
    at(when_ns, [this, &system, generation] {
        if (generation == system.wake_generation) wake(system);
    });
}

void World::wake(System& system) {
    if (!system.session) return;
    if (now_ns < system.frozen_until_ns) return schedule_wake(system);
    while (!system.rx.empty()) {
        const auto bytes = system.rx.front();
        system.rx.pop_front();
        const bfd::Decoded decoded = bfd::decode(bytes);
        if (const auto* packet = std::get_if<bfd::ControlPacket>(&decoded))
            give(system, bfd::PacketReceived{*packet, 255});
        else
            fail("a packet of ours is discarded");
    }
    give(system, bfd::Tick{});
}

void World::give(System& system, const bfd::Event& event) {
    const std::uint64_t received = system.session->status().counters.received;
    execute(system, system.session->step(event, now_ns, static_cast<std::uint32_t>(random.next())));
    if (system.session->status().counters.received != received) system.last_heard_ns = now_ns;
    schedule_wake(system);
}

void World::execute(System& system, const bfd::Actions& actions) {
    for (const bfd::Action& action : actions) {
        if (const auto* send = std::get_if<bfd::Send>(&action)) transmit(system, send->packet);
        if (const auto* change = std::get_if<bfd::Report>(&action)) report(system, *change);
    }
}

void World::report(System& system, const bfd::Report& report) {
    note(std::to_string(id(system))
             .append(" ")
             .append(name(report.from))
             .append(" -> ")
             .append(name(report.to))
             .append(": ")
             .append(name(report.diagnostic)));
    if (report.from != bfd::State::up) return;
    ++system.falls;
    system.fell_ns = now_ns;
}

void World::transmit(System& from, const bfd::ControlPacket& packet) {
    System& to = other(from);
    const unsigned copies = random.percent(wire.duplicate_percent) ? 2 : 1;
    for (unsigned i = 0; i < copies; ++i) {
        if (!to.hears || random.percent(wire.loss_percent)) continue;
        std::uint64_t arrival_ns = now_ns + random.below(wire.delay_ns);
        if (!wire.reorders) arrival_ns = std::max(arrival_ns, to.last_arrival_ns);
        to.last_arrival_ns = std::max(to.last_arrival_ns, arrival_ns);
        at(arrival_ns, [this, &to, bytes = encode(packet)] {
            if (!to.session || !to.hears) return;
            to.rx.push_back(bytes);
            schedule_wake(to);
        });
    }
}

}  // namespace warren::sim
