// SPDX-License-Identifier: BSD-3-Clause
#include "handover/taking.h"

#include <algorithm>

namespace warren::handover {

void Taking::asked(std::uint16_t router, vrrp::State state, std::uint64_t now_ns) {
    if (state != vrrp::State::backup) return answer(router, state == vrrp::State::master);
    outlets_.vrrp({.kind = election::VrrpCommand::Kind::take_over, .router = router});
    std::erase_if(under_way_, [&](const UnderWay& u) { return u.router == router; });
    under_way_.push_back({router, now_ns + patience_ns});
}

void Taking::on_transition(std::uint16_t router, vrrp::State to) {
    const auto is_asked = [&](const UnderWay& u) { return u.router == router; };
    if (std::erase_if(under_way_, is_asked) != 0) answer(router, to == vrrp::State::master);
}

void Taking::tick(std::uint64_t now_ns) {
    for (std::size_t i = under_way_.size(); i-- > 0;) {
        const UnderWay one = under_way_[i];
        if (now_ns < one.deadline_ns) continue;
        under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(i));
        answer(one.router, false);
    }
}

void Taking::answer(std::uint16_t router, bool taken) {
    using Kind = exchange::SyncOrder::Kind;
    outlets_.sync({taken ? Kind::taken : Kind::refused, router});
}

}  // namespace warren::handover
