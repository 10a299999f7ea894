// SPDX-License-Identifier: BSD-3-Clause
// What an operator wants handed over: `warrenctl handover [ROUTER|all] [--for T] [--force]
// [--back]`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/state.h"

namespace warren::handover {

struct Request {
    std::vector<std::uint16_t> routers;  // with all that move with them
    bool is_all = false;                 // so those that are not master are no mistake
    bool force = false;                  // by priority 0, whatever the peer knows
    bool back = false;                   // what has been handed over may come back
    std::uint64_t for_ns = 0;            // and does after so long; 0: by order only
    std::string problem;                 // empty: none
    bool is_nonsense = false;            // the words are, not only what they name
};

// "all", "NAME,force", "NAME,back", "NAME,for=600000" (ms)
Request read_request(const model::State& state, std::string_view text);

// Of one virtual router, for whoever asked.
struct Row {
    std::string router;
    bool done = false;
    std::string text;
    std::uint64_t took_ns = 0;
};

}  // namespace warren::handover
