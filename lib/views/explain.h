// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl explain`: where a client's segment would go as things are, and why. The workers say
// what they know of it (flow_listing.h); the rest is State. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exchange/worker_link.h"
#include "flow/flow.h"
#include "model/state.h"
#include "views/flow_row.h"
#include "views/pages.h"

namespace warren::views {

// From "CLIENT:PORT" or "CLIENT:PORT,VIP:PORT" (IPv6 addresses in brackets); without a service it
// is the only one there is. Without a tuple `problem` says why.
struct ExplainQuestion {
    std::optional<flow::Tuple> tuple;
    std::string problem;
};
ExplainQuestion read_question(const model::State& state, std::string_view text);

// One row: `answer` in words, the flow if there is one, and the servers with what speaks against
// each (32 at most, `left_out` counts the others).
Json explanation(const model::State& state, const exchange::Exchange& exchange,
                 const flow::Tuple& client_tuple, const FlowAnswer& found);

}  // namespace warren::views
