// SPDX-License-Identifier: BSD-3-Clause
#include "handover/preempt_holds.h"

namespace warren::handover {

void PreemptHolds::set(std::uint16_t router, Hold why, bool holds) {
    const bool was_held = is_held(router);
    const auto bit = static_cast<std::uint8_t>(why);
    causes_[router] =
        static_cast<std::uint8_t>(holds ? causes_[router] | bit : causes_[router] & ~bit);
    if (was_held != is_held(router))
        outputs_.vrrp({.kind = election::VrrpCommand::Kind::preempt_hold,
                       .router = router,
                       .present = is_held(router)});
}

}  // namespace warren::handover
