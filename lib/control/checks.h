// SPDX-License-Identifier: BSD-3-Clause
// Runs the configured checkers of all servers and tells when one changes a server's standing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "control/event_log.h"
#include "control/state.h"
#include "health/checker.h"

namespace warren::control {

class Checks {
  public:
    using Tell = std::function<void(std::uint16_t server)>;
    struct Told {
        Tell changed;   // the server's standing is another now
        Tell answered;  // its TCP answered a check
    };

    // Starts all checkers; `state` and `events` outlive this. `told` is called by the io_context.
    Checks(boost::asio::io_context& io, State& state, EventLog& events, const Told& told);

  private:
    std::vector<std::unique_ptr<health::Checker>> checkers_;
};

}  // namespace warren::control
