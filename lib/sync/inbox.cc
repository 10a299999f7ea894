// SPDX-License-Identifier: BSD-3-Clause
#include "sync/inbox.h"

#include <algorithm>

namespace warren::sync {

void Inbox::begin(std::uint64_t sequence, std::uint64_t oldest_unresolved) {
    *this = Inbox{};
    resolve_below(oldest_unresolved);
    take(sequence);
}

void Inbox::resolve_below(std::uint64_t oldest_unresolved) {
    floor_ = std::max(floor_, oldest_unresolved);
    complete_ = std::max(complete_, floor_);
    advance();
}

void Inbox::take(std::uint64_t sequence) {
    window_.mark(sequence);
    advance();
}

void Inbox::advance() {
    while (window_.has(complete_))
        ++complete_;
}

void Inbox::owe_ack(bool urgent, std::uint64_t now_us) {
    const bool at_once = urgent || ++owed_ >= ack_every;
    ack_us_ = std::min(ack_us_, at_once ? now_us : now_us + ack_delay_us);
}

Ack Inbox::take_ack() {
    owed_ = 0;
    ack_us_ = no_deadline;
    Ack ack;
    ack.highest = window_.highest();
    for (std::uint64_t below = 1; below <= Ack::reach && below < ack.highest; ++below)
        if (window_.has(ack.highest - below)) ack.add(ack.highest - below);
    return ack;
}

}  // namespace warren::sync
