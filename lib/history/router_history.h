// SPDX-License-Identifier: BSD-3-Clause
// Who was master when, and why that changed, which explains most connections that end without a
// fault of their server. Bounded: the oldest go first.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "election/vrrp_link.h"
#include "model/state.h"

namespace warren::history {

struct MastershipChange {
    std::uint16_t router = 0;  // snapshot index
    std::string name;
    bool gained = false;  // mastership; else lost
    std::int64_t wall_ms = 0;
    std::string reason;  // "nobody was heard for 3.65 s"
    std::string other;   // the address of the master before, or after; empty: not known
};

class RouterHistory {
  public:
    static constexpr std::size_t most = 1'024;

    // Records a gain or loss of mastership; null for other transitions.
    const MastershipChange* take(const election::VrrpReport& report,
                                 const model::RouterState& router, std::int64_t wall_ms);
    const MastershipChange* last_gain(std::uint16_t router) const { return last(router, true); }
    const MastershipChange* last_loss(std::uint16_t router) const { return last(router, false); }

  private:
    const MastershipChange* last(std::uint16_t router, bool gained) const;

    std::deque<MastershipChange> changes_;
};

// "fault: link_down", "192.168.8.4 has the higher priority"
std::string reason_text(const election::VrrpReport& report, const model::RouterState& router);

}  // namespace warren::history
