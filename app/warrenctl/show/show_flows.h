// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show flows [count] [client A[:P]] …`: connections, those that are asked for; and
// `reset client A[:P]`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

const std::vector<std::string>& flow_filter_names();
const std::vector<std::string>& flow_state_names();
const std::vector<std::string>& flow_orders();

struct FlowChoice {
    bool is_count = false;     // only how many
    std::string question{};    // as warren takes it (flow_question.h)
    std::size_t most = 1'000;  // rows; 0: all
    std::string order{};       // empty, or one of flow_orders()
};

// Of the words behind `show flows`, or `reset`. Throws std::invalid_argument.
FlowChoice read_flows(const std::vector<std::string>& words);

void show_flows(Telemetry& telemetry, const FlowChoice& choice, const Output& output);

// Whether `reset` is told of connections rather than of a server.
bool is_reset_of_flows(const std::vector<std::string>& words);

// How many connections those words are about.
std::uint64_t count_flows(Telemetry& telemetry, const std::string& question);
// `note`: with_who() of order.h.
void reset_flows(Telemetry& telemetry, const std::string& question, const std::string& note,
                 const Output& output);

}  // namespace warren::ctl
