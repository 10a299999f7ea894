// SPDX-License-Identifier: BSD-3-Clause
// What is wrong now, each reason with its level and a sentence for operators.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exchange/worker_link.h"
#include "handover/sync_picture.h"
#include "model/state.h"
#include "verdict/recent.h"

namespace warren::verdict {

enum class Level : std::uint8_t {
    ok,
    degraded,  // redundancy is lost, or some clients are affected
    down,      // a service does not work
};
const char* name(Level level);

struct Reason {
    const char* name = "";  // stable; README.md lists them
    Level level = Level::degraded;
    std::string text;  // "10.0.1.12:5672 is down: connection refused"
    std::string look;  // what tells more: "warrenctl show servers"
};

struct Facts {
    const model::State& state;
    const exchange::Exchange& exchange;
    std::span<const double> busy{};  // share of the last second, by worker
    const handover::SyncPicture* sync = nullptr;
    std::uint64_t now_ns = 0;
    bool is_reload_refused = false;  // the last one
    const Recent* recent = nullptr;
};

inline constexpr std::size_t most_reasons = 64;

// The worst first; at most most_reasons.
std::vector<Reason> reasons(const Facts& facts);
Level level_of(std::span<const Reason> reasons);

}  // namespace warren::verdict
