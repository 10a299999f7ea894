// SPDX-License-Identifier: BSD-3-Clause
#include "peer/hand_over.h"

#include <algorithm>

namespace warren::peer {

using exchange::SyncOrder;
using exchange::SyncReport;

namespace {

// The manager undoes it before; this is for one that does not.
constexpr std::uint64_t answer_wait_ns = 1'000'000'000;

}  // namespace

void HandOvers::report(SyncReport::Kind kind, std::uint16_t router) {
    static_cast<void>(common_.exchange.sync_reports.reports.push(
        {.kind = kind, .router = router, .when_ns = common_.now_ns}));
}

void HandOvers::take(const SyncOrder& order, Links links) {
    switch (order.kind) {
        case SyncOrder::Kind::hand_over:
            return begin(order.router, links);
        case SyncOrder::Kind::taken:
            return answer(order.router, true, links);
        case SyncOrder::Kind::refused:
            return answer(order.router, false, links);
        case SyncOrder::Kind::walk:
            return;
    }
}

// To the first peer that has all of it.
void HandOvers::begin(std::uint16_t router, Links links) {
    const sync::LocalRouter* ours = common_.routers.find(router);
    if (ours == nullptr || ours->role != sync::Role::master)
        return report(SyncReport::Kind::not_asked, router);
    std::erase_if(outgoing_, [&](const Outgoing& old) {
        if (old.router != router) return false;
        links[old.peer]->session().forget_take_over(old.key);
        return true;
    });
    for (std::size_t i = 0; i < links.size(); ++i) {
        const sync::PeerRouter* theirs = links[i]->find(ours->key);
        if (theirs == nullptr || !theirs->in_sync || theirs->role != sync::Role::backup) continue;
        outgoing_.push_back({.router = router,
                             .key = ours->key,
                             .peer = static_cast<PeerId>(i),
                             .ticket = ++tickets_,
                             .until_ns = common_.now_ns + answer_wait_ns});
        return;
    }
    report(SyncReport::Kind::not_asked, router);
}

void HandOvers::answer(std::uint16_t router, bool agreed, Links links) {
    const auto asked = std::find_if(incoming_.begin(), incoming_.end(),
                                    [&](const Incoming& one) { return one.router == router; });
    if (asked == incoming_.end()) return;
    links[asked->peer]->session().answer_take_over(asked->key, asked->ticket, agreed,
                                                   common_.now_us());
    incoming_.erase(asked);
}

void HandOvers::on_event(const SessionEvent& event, PeerId from, Links links) {
    const std::uint16_t router = common_.routers.index_of(event.router);
    if (event.kind == SessionEvent::Kind::take_over_asked) {
        if (router == exchange::Snapshot::no_router)
            return links[from]->session().answer_take_over(event.router, event.ticket, false,
                                                           common_.now_us());
        std::erase_if(incoming_, [&](const Incoming& one) { return one.router == router; });
        incoming_.push_back({router, event.router, from, event.ticket});
        return report(SyncReport::Kind::take_over_asked, router);
    }
    const bool agreed = event.kind == SessionEvent::Kind::take_over_agreed;
    if (!agreed && event.kind != SessionEvent::Kind::take_over_refused) return;
    const auto asked = std::find_if(outgoing_.begin(), outgoing_.end(), [&](const Outgoing& one) {
        return one.router == router && one.ticket == event.ticket;
    });
    if (asked == outgoing_.end()) return;
    outgoing_.erase(asked);
    report(agreed ? SyncReport::Kind::answered : SyncReport::Kind::not_answered, router);
}

bool HandOvers::waits_for_mark() const {
    return std::any_of(outgoing_.begin(), outgoing_.end(),
                       [](const Outgoing& one) { return one.stage == Stage::ordered; });
}

// Workers that pass it must know of the offer: from then on they tell the peer of handshakes, and
// leave the virtual MAC to it.
bool HandOvers::is_ready(const Outgoing& one) const {
    return one.stage == Stage::ordered && common_.exchange.ownership.is_offered(one.router);
}

bool HandOvers::wants_mark() const {
    return std::any_of(outgoing_.begin(), outgoing_.end(),
                       [this](const Outgoing& one) { return is_ready(one); });
}

void HandOvers::mark_begins() {
    for (Outgoing& one : outgoing_)
        if (is_ready(one)) one.stage = Stage::marking;
}

void HandOvers::mark_ended(Links links) {
    for (Outgoing& one : outgoing_) {
        if (one.stage != Stage::marking) continue;
        one.stage = Stage::asked;
        links[one.peer]->session().ask_take_over(one.key, one.ticket, common_.now_us());
        report(SyncReport::Kind::asked, one.router);
    }
}

void HandOvers::tick(Links links) {
    std::erase_if(outgoing_, [&](const Outgoing& one) {
        if (common_.now_ns < one.until_ns && links[one.peer]->is_up()) return false;
        links[one.peer]->session().forget_take_over(one.key);
        report(SyncReport::Kind::not_answered, one.router);
        return true;
    });
}

}  // namespace warren::peer
