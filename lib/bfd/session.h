// SPDX-License-Identifier: BSD-3-Clause
// One BFD session: RFC 5880 6.8 as a function from (event, time) to actions. Pure: no clock, I/O,
// heap or randomness. Times are nanoseconds of one monotonic clock. README.md tells the theory.
#pragma once

#include <array>
#include <cstdint>

#include "bfd/event.h"

namespace warren::bfd {

inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;  // and believed
    std::array<std::uint64_t, discard_reason_count> discarded{};
    std::uint64_t became_up = 0;
};

struct Status {
    State state = State::admin_down;
    Diagnostic diagnostic = Diagnostic::none;
    bool path_up = false;  // what depends on the path shall believe; AdminDown is no failure
    std::uint64_t since_ns = 0;
    // The neighbour's last word.
    State remote_state = State::down;
    Diagnostic remote_diagnostic = Diagnostic::none;
    std::uint32_t remote_discriminator = 0;  // 0: unknown
    std::uint32_t remote_min_tx_us = 0;
    std::uint32_t remote_min_rx_us = 1;  // 6.8.1
    std::uint8_t remote_detect_mult = 0;
    bool remote_demand = false;
    Counters counters;
};

class Session {
  public:
    explicit Session(const Settings& settings);

    // `now_ns` never goes back. `random` is uniform in 32 bits and new for each call. Anything but
    // Tick may come at any time, Tick when deadline_ns() has come (or earlier).
    Actions step(const Event& event, std::uint64_t now_ns, std::uint32_t random);

    // When the next Tick is due; may be in the past, no_deadline = never.
    std::uint64_t deadline_ns() const;

    // How far apart our packets are, before jitter, and how long the neighbour may be silent;
    // 0: the neighbour is unknown.
    std::uint64_t transmit_interval_ns() const;
    std::uint64_t detection_time_ns() const;

    const Settings& settings() const { return settings_; }
    const Status& status() const { return status_; }

  private:
    void on(const Startup& event, Actions& out);
    void on(const Shutdown& event, Actions& out);
    void on(const PacketReceived& event, Actions& out);
    void on(const Tick& event, Actions& out);

    bool discards(const PacketReceived& event);
    void learn(const ControlPacket& packet);
    void follow(State remote, Actions& out);
    void expire(Actions& out);
    void change_state(State to, Diagnostic why, Actions& out);

    std::uint32_t desired_min_tx_us() const;
    bool transmits() const;
    void send(bool final, Actions& out);
    void hasten();
    std::uint64_t jittered_interval_ns() const;

    Settings settings_;
    Status status_;
    std::uint64_t now_ns_ = 0;
    std::uint32_t random_ = 0;
    bool started_ = false;  // once; before that admin_down is silent
    bool polling_ = false;

    std::uint64_t last_sent_ns_ = 0;
    std::uint64_t send_deadline_ns_ = 0;
    std::uint64_t scheduled_interval_ns_ = 0;  // what send_deadline_ns_ was made of
    std::uint64_t detection_deadline_ns_ = no_deadline;
};

}  // namespace warren::bfd
