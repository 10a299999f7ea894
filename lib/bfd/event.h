// SPDX-License-Identifier: BSD-3-Clause
// What goes into a Session (Event) and what comes out (Actions).
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "bfd/control_packet.h"

namespace warren::bfd {

// What a session is configured to be. Intervals are microseconds, as on the wire.
struct Settings {
    std::uint32_t discriminator = 0;       // random, not 0, unlike that of any other session here
    std::uint32_t min_tx_us = 10'000;      // as fast as we like to send while up
    std::uint32_t min_rx_us = 10'000;      // as fast as we can hear
    std::uint32_t idle_tx_us = 1'000'000;  // while not up; never less than a second
    std::uint8_t detect_mult = 5;
    bool passive = false;          // says nothing before the neighbour has
    std::uint8_t least_ttl = 255;  // a packet with less has come from too far
};

// ---- events

struct Startup {};
// admin_down: the neighbour is told.
struct Shutdown {};
struct PacketReceived {
    ControlPacket packet;
    std::uint8_t ttl = 0;  // or hop limit
};
// Everything that had arrived until now has been given to the session.
struct Tick {};

using Event = std::variant<Startup, Shutdown, PacketReceived, Tick>;

// ---- actions

struct Send {
    ControlPacket packet;
    friend bool operator==(const Send&, const Send&) = default;
};
struct Report {
    State from = State::admin_down;
    State to = State::admin_down;
    Diagnostic diagnostic = Diagnostic::none;
    friend bool operator==(const Report&, const Report&) = default;
};

using Action = std::variant<Send, Report>;

// A bounded list: no event changes the state more than once or sends more than one packet.
class Actions {
  public:
    static constexpr std::size_t capacity = 2;

    void push(const Action& action) {
        assert(size_ < capacity);
        items_[size_++] = action;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const Action* begin() const { return items_.data(); }
    const Action* end() const { return items_.data() + size_; }

  private:
    std::array<Action, capacity> items_{};
    std::size_t size_ = 0;
};

}  // namespace warren::bfd
