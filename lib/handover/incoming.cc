// SPDX-License-Identifier: BSD-3-Clause
#include "handover/incoming.h"

#include <algorithm>

namespace warren::handover {

void IncomingHandOvers::asked(std::uint16_t router, vrrp::State state, std::uint64_t now_ns) {
    if (state != vrrp::State::backup) return answer(router, state == vrrp::State::master);
    outputs_.vrrp({.kind = election::VrrpCommand::Kind::take_over, .router = router});
    std::erase_if(pending_, [&](const Pending& u) { return u.router == router; });
    pending_.push_back({router, now_ns + patience_ns});
}

void IncomingHandOvers::on_transition(std::uint16_t router, vrrp::State to) {
    const auto is_asked = [&](const Pending& u) { return u.router == router; };
    if (std::erase_if(pending_, is_asked) != 0) answer(router, to == vrrp::State::master);
}

void IncomingHandOvers::tick(std::uint64_t now_ns) {
    for (std::size_t i = pending_.size(); i-- > 0;) {
        const Pending one = pending_[i];
        if (now_ns < one.deadline_ns) continue;
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
        answer(one.router, false);
    }
}

void IncomingHandOvers::answer(std::uint16_t router, bool taken) {
    using Kind = exchange::SyncOrder::Kind;
    outputs_.sync({taken ? Kind::taken : Kind::refused, router});
}

}  // namespace warren::handover
