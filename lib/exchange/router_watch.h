// SPDX-License-Identifier: BSD-3-Clause
// When this machine last became, and last ceased to be, master of each virtual router, as one
// worker sees it. For a moment after a takeover it may not know all flows of the former master; nor
// after it was suspended, as a peer may have been master meanwhile.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "exchange/ownership.h"

namespace warren::exchange {

class RouterWatch {
  public:
    // Below the first retransmission of any host (200 ms, Linux), so that a retransmission decides.
    static constexpr std::uint64_t grace_ns = 150'000'000;
    // As long as a bulk of a million flows takes, as a bulk goes on when its master loses the
    // router, and lost datagrams are sent again.
    static constexpr std::uint64_t parting_ns = 5'000'000'000;

    // The shortest lease: advert_int is at least 10 ms.
    static constexpr std::uint64_t standstill_ns = 30'000'000;

    // Once a round.
    void look(const OwnershipView& now) {
        has_gained_ = has_lost_ = false;
        const bool stood_still = now.heartbeat_ns - heartbeat_ns_ >= standstill_ns;
        heartbeat_ns_ = now.heartbeat_ns;
        if (now.words == words_ && !stood_still) [[likely]]
            return;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            const std::uint64_t gained = stood_still ? now.words[i] : now.words[i] & ~words_[i];
            has_gained_ = has_gained_ || gained != 0;
            const std::uint64_t lost = words_[i] & ~now.words[i];
            has_lost_ = has_lost_ || lost != 0;
            note(gained, i, gained_ns_, now.now_ns);
            note(lost, i, lost_ns_, now.now_ns);
        }
        words_ = now.words;
    }

    // In this round.
    bool has_gained() const { return has_gained_; }
    bool has_lost() const { return has_lost_; }
    // It became ours less than grace_ns ago.
    bool is_new(std::uint16_t router, std::uint64_t now_ns) const {
        return now_ns - gained_ns_[router] < grace_ns;
    }
    // It was ours less than parting_ns ago.
    bool is_parting(std::uint16_t router, std::uint64_t now_ns) const {
        return now_ns - lost_ns_[router] < parting_ns;
    }

  private:
    using Times = std::vector<std::uint64_t>;  // by router

    static void note(std::uint64_t routers, std::size_t word, Times& when, std::uint64_t now_ns) {
        for (std::uint64_t left = routers; left != 0; left &= left - 1)
            when[word * 64 + static_cast<unsigned>(std::countr_zero(left))] = now_ns;
    }

    std::array<std::uint64_t, max_virtual_routers / 64> words_{};
    std::uint64_t heartbeat_ns_ = 0;
    Times gained_ns_ = Times(max_virtual_routers, -grace_ns);
    Times lost_ns_ = Times(max_virtual_routers, -parting_ns);
    bool has_gained_ = false;
    bool has_lost_ = false;
};

}  // namespace warren::exchange
