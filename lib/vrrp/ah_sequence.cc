// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/ah_sequence.h"

#include <algorithm>
#include <limits>

namespace warren::vrrp {

std::optional<std::uint32_t> AhSequence::next() {
    if (last_ == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return ++last_;
}

// His place, or the one he would get.
AhSequence::Sender& AhSequence::place_of(net::Be32 sender) {
    const auto known = std::find_if(senders_.begin(), senders_.end(),
                                    [&](const Sender& s) { return s.address == sender; });
    if (known != senders_.end()) return *known;
    return *std::min_element(senders_.begin(), senders_.end(),
                             [](const Sender& a, const Sender& b) { return a.heard < b.heard; });
}

bool AhSequence::accept(net::Be32 sender, std::uint32_t number) {
    Sender& place = place_of(sender);
    const bool known = place.address == sender;
    if (number <= (known ? place.heard : forgotten_)) return false;
    if (!known) forgotten_ = std::max(forgotten_, place.heard);
    place = {sender, number};
    // A peer with one counter refuses ours of the same number, and would refuse the next, too: it
    // is due at the same moment as his.
    if (number == last_) static_cast<void>(next());
    last_ = std::max(last_, number);
    return true;
}

}  // namespace warren::vrrp
