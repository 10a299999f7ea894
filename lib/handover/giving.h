// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers that this warren hands over, make before break: it offers to yield, has the peer
// asked, waits until that is master, and yields when it hears the peer's advert. Each step is
// bounded; what is late is undone, and we go on as master.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "exchange/sync_reports.h"
#include "handover/outlets.h"
#include "vrrp/event.h"

namespace warren::handover {

class Giving {
  public:
    static constexpr std::uint64_t step_ns = 500'000'000;
    // The control lcore ends the offer by itself, should the manager not.
    static constexpr std::uint64_t offer_ns = 3 * step_ns;

    struct Ended {
        std::uint16_t router = 0;
        std::string trouble;  // empty: it is the peer's now
        std::uint64_t took_ns = 0;
    };

    Giving(const Outlets& outlets, std::function<void(const Ended&)> ended)
        : outlets_(outlets), ended_(std::move(ended)) {}

    void begin(std::uint16_t router, std::uint64_t now_ns);
    // asked, not_asked, answered, not_answered; the others are not for this.
    void take(const exchange::SyncReport& report, std::uint64_t now_ns);
    void on_transition(std::uint16_t router, vrrp::State to, std::uint64_t now_ns);
    void tick(std::uint64_t now_ns);

    bool is_idle() const { return under_way_.empty(); }
    bool has(std::uint16_t router) const;

  private:
    enum class Step : std::uint8_t { asking, waiting, yielding };
    struct UnderWay {
        std::uint16_t router = 0;
        Step step = Step::asking;
        std::uint64_t began_ns = 0;
        std::uint64_t deadline_ns = 0;
    };

    UnderWay* find(std::uint16_t router);
    void advance(UnderWay& one, Step to, std::uint64_t now_ns);
    void end(std::uint16_t router, std::string trouble, std::uint64_t now_ns);
    void undo(std::uint16_t router, std::string trouble, std::uint64_t now_ns);

    const Outlets& outlets_;
    std::function<void(const Ended&)> ended_;
    std::vector<UnderWay> under_way_;
};

}  // namespace warren::handover
