// SPDX-License-Identifier: BSD-3-Clause
// What workers say of their flows, as a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "exchange/records.h"
#include "views/pages.h"

namespace warren::views {

// A flow as a row of a view. Its age may be unknown.
Json flow_row(const exchange::FlowRow& row, std::size_t worker, std::optional<std::int64_t> age_ms);

// What the workers say of a client's segment to a service.
struct FlowAnswer {
    std::optional<exchange::FlowRow> flow;
    std::size_t worker = 0;  // the flow's
    std::size_t owner = 0;   // of a new flow
    std::uint16_t choice = 0xffff;
    bool is_kept = false;  // the choice is persistence's
    bool is_full = false;  // the owner has no place for a flow
};

}  // namespace warren::views
