// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers that the peer asks us to take over: a backup becomes master at once, and the peer
// gets the answer when it is, or that it will not be.
#pragma once

#include <cstdint>
#include <vector>

#include "handover/outputs.h"
#include "vrrp/event.h"

namespace warren::handover {

class IncomingHandOvers {
  public:
    // A sync group waits for its last member; the peer waits a little longer
    // (OutgoingHandOvers::step_ns).
    static constexpr std::uint64_t patience_ns = 300'000'000;

    explicit IncomingHandOvers(const Outputs& outputs) : outputs_(outputs) {}

    // `state`: the router's current one.
    void asked(std::uint16_t router, vrrp::State state, std::uint64_t now_ns);
    void on_transition(std::uint16_t router, vrrp::State to);
    void tick(std::uint64_t now_ns);

    bool is_idle() const { return pending_.empty(); }

  private:
    struct Pending {
        std::uint16_t router = 0;
        std::uint64_t deadline_ns = 0;
    };

    void answer(std::uint16_t router, bool taken);

    const Outputs& outputs_;
    std::vector<Pending> pending_;
};

}  // namespace warren::handover
