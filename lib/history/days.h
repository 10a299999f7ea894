// SPDX-License-Identifier: BSD-3-Clause
// The last day of each virtual router and real_server, by their indices. Nothing is kept over a
// restart: the log has that.
#pragma once

#include <cstdint>
#include <vector>

#include "history/day.h"
#include "model/state.h"

namespace warren::history {

class Days {
  public:
    // About once a second.
    void take(const model::State& state, std::uint64_t now_ns);
    // The index has been given to another router or server: its day begins empty.
    void begin_router(std::uint16_t index) { begin(routers_, index); }
    void begin_server(std::uint16_t index) { begin(servers_, index); }

    // Empty of one that was never looked at.
    Day router(std::size_t index) const { return of(routers_, index); }
    Day server(std::size_t index) const { return of(servers_, index); }

  private:
    static void begin(std::vector<Day>& days, std::uint16_t index);
    static Day of(const std::vector<Day>& days, std::size_t index);

    std::vector<Day> routers_, servers_;
};

}  // namespace warren::history
