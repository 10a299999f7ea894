// SPDX-License-Identifier: BSD-3-Clause
// The last 24 hours of one virtual router or real_server, an hour a slot: how long it was known,
// up, master, and how often it changed. Bounded, 200 bytes. Times are seconds of a clock that never
// goes back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace warren::history {

class Day {
  public:
    static constexpr std::size_t hours = 24;
    static constexpr std::uint64_t slot_s = 3'600;

    // Its state at one look. `standing` numbers the state, so that another number is a change; 0:
    // no state yet, which is not counted.
    struct Sample {
        bool is_up = false;
        bool is_master = false;
        std::uint64_t standing = 0;
    };
    // In seconds.
    struct Sums {
        std::uint32_t known_s = 0, up_s = 0, master_s = 0, flips = 0;
    };

    // Counts the time since the last call under `sample`. Changes between two calls count as one.
    void take(const Sample& sample, std::uint64_t now_s);

    Sums sums() const;
    // Share of the time that it was up, in whole percent, rounded down; the oldest hour first.
    std::array<std::optional<unsigned>, hours> up_percents() const;

  private:
    struct Slot {
        std::uint16_t known_s = 0, up_s = 0, master_s = 0, flips = 0;
    };

    void go_on_to(std::uint64_t hour);

    std::array<Slot, hours> slots_{};  // by hour modulo hours
    std::uint64_t newest_ = 0;         // hour
    std::uint64_t last_s_ = 0;         // of the last call; 0: none yet
    std::uint64_t standing_ = 0;
};

}  // namespace warren::history
