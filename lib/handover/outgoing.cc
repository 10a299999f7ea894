// SPDX-License-Identifier: BSD-3-Clause
#include "handover/outgoing.h"

#include <algorithm>
#include <array>
#include <utility>

namespace warren::handover {
namespace {

// By step.
constexpr std::array<const char*, 3> lateness{
    "the peer was not asked in time: what it must know of the flows did not get there",
    "the peer did not answer in time",
    "the new master's advert did not come in time: do adverts get lost between the two?"};

}  // namespace

OutgoingHandOvers::Pending* OutgoingHandOvers::find(std::uint16_t router) {
    const auto found = std::find_if(pending_.begin(), pending_.end(),
                                    [&](const Pending& u) { return u.router == router; });
    return found == pending_.end() ? nullptr : &*found;
}

bool OutgoingHandOvers::has(std::uint16_t router) const {
    return std::any_of(pending_.begin(), pending_.end(),
                       [&](const Pending& u) { return u.router == router; });
}

// The offer comes first: whoever is asked may be master, and advertise, at once.
void OutgoingHandOvers::begin(std::uint16_t router, std::uint64_t now_ns) {
    if (has(router)) return;
    pending_.push_back({router, Step::asking, now_ns, now_ns + step_ns});
    outputs_.vrrp(
        {.kind = election::VrrpCommand::Kind::hand_over, .router = router, .for_ns = offer_ns});
    outputs_.sync({exchange::SyncOrder::Kind::hand_over, router});
}

void OutgoingHandOvers::take(const exchange::SyncReport& report, std::uint64_t now_ns) {
    using Kind = exchange::SyncReport::Kind;
    Pending* const one = find(report.router);
    if (one == nullptr) return;
    if (report.kind == Kind::asked)
        advance(*one, Step::waiting, now_ns);
    else if (report.kind == Kind::answered)
        advance(*one, Step::yielding, now_ns);
    else if (report.kind == Kind::not_asked)
        undo(report.router, "no peer is in sync", now_ns);
    else if (report.kind == Kind::not_answered)
        undo(report.router, "the peer cannot take over", now_ns);
}

void OutgoingHandOvers::on_transition(std::uint16_t router, vrrp::State to, std::uint64_t now_ns) {
    if (find(router) == nullptr || to == vrrp::State::master) return;
    // Fault or the end: priority 0 has been said, so the peer takes over in any case.
    end(router, to == vrrp::State::backup ? "" : "this warren is no master any more", now_ns);
}

void OutgoingHandOvers::tick(std::uint64_t now_ns) {
    for (std::size_t i = pending_.size(); i-- > 0;)
        if (const Pending one = pending_[i]; now_ns >= one.deadline_ns)
            undo(one.router, lateness[static_cast<std::size_t>(one.step)], now_ns);
}

void OutgoingHandOvers::advance(Pending& one, Step to, std::uint64_t now_ns) {
    one.step = to;
    one.deadline_ns = now_ns + step_ns;
}

void OutgoingHandOvers::undo(std::uint16_t router, std::string trouble, std::uint64_t now_ns) {
    outputs_.vrrp({.kind = election::VrrpCommand::Kind::hand_over, .router = router});
    end(router, std::move(trouble), now_ns);
}

void OutgoingHandOvers::end(std::uint16_t router, std::string trouble, std::uint64_t now_ns) {
    const Ended ended{router, std::move(trouble), now_ns - find(router)->began_ns};
    std::erase_if(pending_, [&](const Pending& u) { return u.router == router; });
    ended_(ended);
}

}  // namespace warren::handover
