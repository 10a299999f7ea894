// SPDX-License-Identifier: BSD-3-Clause
// Drives one Session in virtual time and writes what it does as text, so that tests read like a
// log:
//   "Down->Init:no diagnostic send(Init)"
#pragma once

#include <string>

#include "bfd/session.h"

namespace warren::bfd {

constexpr std::uint64_t ns_per_us = 1'000;
constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t ns_per_s = 1'000'000'000;
constexpr std::uint32_t no_jitter = 0xffffffff;
constexpr std::uint32_t most_jitter = 0;

inline std::string text(const Action& action) {
    if (const auto* report = std::get_if<Report>(&action))
        return std::string(name(report->from))
            .append("->")
            .append(name(report->to))
            .append(":")
            .append(name(report->diagnostic));
    const ControlPacket& packet = std::get<Send>(action).packet;
    return std::string("send(")
        .append(name(packet.state))
        .append(packet.poll ? " P" : "")
        .append(packet.final ? " F" : "")
        .append(")");
}

inline std::string text(const Actions& actions) {
    std::string out;
    for (const Action& action : actions)
        out.append(out.empty() ? "" : " ").append(text(action));
    return out;
}

inline Settings test_settings() {
    Settings settings;
    settings.discriminator = 77;
    return settings;
}

// A neighbour with the discriminator 5 that knows us, with a multiplier of 3 and 20 ms both ways.
inline ControlPacket from_neighbour(State state) {
    return {.state = state,
            .detect_mult = 3,
            .my_discriminator = 5,
            .your_discriminator = 77,
            .desired_min_tx_us = 20'000,
            .required_min_rx_us = 20'000};
}

class Driver {
  public:
    explicit Driver(const Settings& settings = test_settings()) : session(settings) {}

    std::string step(const Event& event) {
        const Actions actions = session.step(event, now_ns, random);
        for (const Action& action : actions)
            if (const auto* send = std::get_if<Send>(&action)) last = send->packet;
        return text(actions);
    }
    std::string hear(const ControlPacket& packet, std::uint8_t ttl = 255) {
        return step(PacketReceived{packet, ttl});
    }
    std::string hear(State state) { return hear(from_neighbour(state)); }

    // Time passes until the session does something, at most `limit_ns`.
    std::string wait(std::uint64_t limit_ns = 3'600 * ns_per_s) {
        const std::uint64_t end_ns = now_ns + limit_ns;
        while (session.deadline_ns() <= end_ns) {
            if (session.deadline_ns() > now_ns) now_ns = session.deadline_ns();
            const std::string done = step(Tick{});
            if (!done.empty()) return done;
        }
        now_ns = end_ns;
        return {};
    }
    // How long that took.
    std::uint64_t wait_ns() {
        const std::uint64_t before_ns = now_ns;
        wait();
        return now_ns - before_ns;
    }
    // Up, and the neighbour has answered the poll.
    void come_up() {
        step(Startup{});
        hear(State::down);
        hear(State::up);
        ControlPacket final = from_neighbour(State::up);
        final.final = true;
        hear(final);
    }
    std::uint64_t discarded(DiscardReason reason) const {
        return session.status().counters.discarded[static_cast<std::size_t>(reason)];
    }
    State state() const { return session.status().state; }

    Session session;
    std::uint64_t now_ns = 1'000 * ns_per_s;
    std::uint32_t random = no_jitter;
    ControlPacket last;  // sent
};

}  // namespace warren::bfd
