// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers that the peer asks this warren to take over: a backup becomes master at once, and
// the peer is told when it is, or that it will not be.
#pragma once

#include <cstdint>
#include <vector>

#include "handover/outlets.h"
#include "vrrp/event.h"

namespace warren::handover {

class Taking {
  public:
    // A sync group waits for its last member; the peer waits a little longer (Giving::step_ns).
    static constexpr std::uint64_t patience_ns = 300'000'000;

    explicit Taking(const Outlets& outlets) : outlets_(outlets) {}

    // `state` is the router's now.
    void asked(std::uint16_t router, vrrp::State state, std::uint64_t now_ns);
    void on_transition(std::uint16_t router, vrrp::State to);
    void tick(std::uint64_t now_ns);

    bool is_idle() const { return under_way_.empty(); }

  private:
    struct UnderWay {
        std::uint16_t router = 0;
        std::uint64_t deadline_ns = 0;
    };

    void answer(std::uint16_t router, bool taken);

    const Outlets& outlets_;
    std::vector<UnderWay> under_way_;
};

}  // namespace warren::handover
