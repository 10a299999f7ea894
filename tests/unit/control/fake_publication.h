// SPDX-License-Identifier: BSD-3-Clause
// A publication that only writes down, and what else a part of the manager works with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/publication.h"
#include "unit/model/sample_state.h"

namespace warren::control {

class FakePublication : public Publication {
  public:
    void publish() override { ++published; }
    void publish_soon() override { ++asked; }
    void command(const election::VrrpCommand& command) override { commands.push_back(command); }

    unsigned published = 0, asked = 0;
    std::vector<election::VrrpCommand> commands;
};

struct Surroundings {
    explicit Surroundings(const std::string& text) : state(model::state_of(text)) {}

    Context context() { return {io, *state, events, attempts, publication}; }
    // Of the newest event.
    std::string last_event() const { return events.at(events.end() - 1).text; }

    boost::asio::io_context io;
    std::unique_ptr<model::State> state;
    journal::EventLog events;
    journal::Attempts attempts{events};
    FakePublication publication;
};

}  // namespace warren::control
