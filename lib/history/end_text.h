// SPDX-License-Identifier: BSD-3-Clause
// The cause of a flow's end and the sentence about it, as `warrenctl ended` shows both.
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

// A segment of no flow that was answered with RST at that time; `known`: the last flow of that
// client and service here, or null.
Explained explain_stray(const RouterHistory& history, std::uint16_t router, const KnownFlow* known,
                        std::int64_t wall_ms);

// A flow that was open here when another warren took its VIP over.
Explained explain_move(const RouterHistory& history, std::uint16_t router);

}  // namespace warren::history
