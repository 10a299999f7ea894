// SPDX-License-Identifier: BSD-3-Clause
// Which flows somebody asks for, as warrenctl says it: where the page begins, then pairs of words.
// Pure.
//     [WORKER:INDEX] [client A[:P]] [server A[:P]] [service A[:P]] [local A[:P]] [state NAME]
//         [idle MS] [older MS]
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "exchange/flow_filter.h"

namespace warren::telemetry {

struct FlowQuestion {
    std::size_t worker = 0;
    std::uint32_t from = 0;
    exchange::FlowFilter filter{};
    std::uint32_t older_ms = 0;  // began so long ago, which is the manager's to know
    std::string words{};         // all but where the page begins
    std::string problem{};       // not empty: it cannot be answered

    // The question for the page that begins there.
    std::string continued(std::size_t next_worker, std::uint32_t next_from) const;
};

FlowQuestion read_flow_question(std::string_view text);

}  // namespace warren::telemetry
