// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers that we hand over to the peer, make before break: offer to yield (priority 1),
// ask the peer, wait until it is master, yield to its advert. Each step has a deadline; a late one
// undoes the hand-over and we stay master.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "exchange/sync_reports.h"
#include "handover/outputs.h"
#include "vrrp/event.h"

namespace warren::handover {

class OutgoingHandOvers {
  public:
    static constexpr std::uint64_t step_ns = 500'000'000;
    // The control lcore ends the offer after this time, should the manager hang.
    static constexpr std::uint64_t offer_ns = 3 * step_ns;

    struct Ended {
        std::uint16_t router = 0;
        std::string trouble;  // empty: the peer is master
        std::uint64_t took_ns = 0;
    };

    OutgoingHandOvers(const Outputs& outputs, std::function<void(const Ended&)> ended)
        : outputs_(outputs), ended_(std::move(ended)) {}

    void begin(std::uint16_t router, std::uint64_t now_ns);
    // Reports asked, not_asked, answered and not_answered; ignores others.
    void take(const exchange::SyncReport& report, std::uint64_t now_ns);
    void on_transition(std::uint16_t router, vrrp::State to, std::uint64_t now_ns);
    void tick(std::uint64_t now_ns);

    bool is_idle() const { return pending_.empty(); }
    bool has(std::uint16_t router) const;

  private:
    enum class Step : std::uint8_t { asking, waiting, yielding };
    struct Pending {
        std::uint16_t router = 0;
        Step step = Step::asking;
        std::uint64_t began_ns = 0;
        std::uint64_t deadline_ns = 0;
    };

    Pending* find(std::uint16_t router);
    void advance(Pending& one, Step to, std::uint64_t now_ns);
    void end(std::uint16_t router, std::string trouble, std::uint64_t now_ns);
    void undo(std::uint16_t router, std::string trouble, std::uint64_t now_ns);

    const Outputs& outputs_;
    std::function<void(const Ended&)> ended_;
    std::vector<Pending> pending_;
};

}  // namespace warren::handover
