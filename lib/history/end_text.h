// SPDX-License-Identifier: BSD-3-Clause
// What is said of an end beside its cause.
#pragma once

#include <string>

#include "exchange/records.h"
#include "history/known_flows.h"
#include "history/router_history.h"
#include "model/state.h"

namespace warren::history {

struct Explained {
    std::string_view cause;
    std::string text;
};

// Of a flow that ended or never began; `server` is null if it had none.
Explained explain_end(const exchange::FlowEvent& event, const model::ServerRecord* server);

// A segment of no flow that was answered with RST at that time; `known`: what was here last by that
// name, or null.
Explained explain_stray(const RouterHistory& history, std::uint16_t router, const KnownFlow* known,
                        std::int64_t wall_ms);

// A flow whose VIP another warren has now.
Explained explain_move(const RouterHistory& history, std::uint16_t router);

}  // namespace warren::history
