// SPDX-License-Identifier: BSD-3-Clause
// Outputs that write down what was told, as text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "handover/outputs.h"

namespace warren::handover {

inline std::string text(const election::VrrpCommand& command) {
    using Kind = election::VrrpCommand::Kind;
    const std::string whose = std::to_string(command.router);
    switch (command.kind) {
        case Kind::hand_over:
            return (command.for_ns != 0 ? "offer " : "withdraw ") + whose;
        case Kind::take_over:
            return "take " + whose;
        case Kind::preempt_hold:
            return (command.present ? "hold " : "release ") + whose;
        case Kind::fault:
            return (command.present ? "fault " : "no fault ") + whose;
        default:
            return "?";
    }
}

inline std::string text(const exchange::SyncOrder& order) {
    constexpr const char* names[] = {"ask ", "taken ", "refused ", "walk "};
    return names[static_cast<std::size_t>(order.kind)] + std::to_string(order.router);
}

class RecordedOutputs {
  public:
    std::vector<std::string> take() { return std::exchange(written_, {}); }

    Outputs outputs{
        [this](const election::VrrpCommand& command) { written_.push_back(text(command)); },
        [this](const exchange::SyncOrder& order) { written_.push_back(text(order)); }};

  private:
    std::vector<std::string> written_;
};

using Told = std::vector<std::string>;
inline constexpr std::uint64_t ms = 1'000'000;

}  // namespace warren::handover
