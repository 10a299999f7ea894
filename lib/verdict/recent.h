// SPDX-License-Identifier: BSD-3-Clause
// What has gone wrong in the last seconds, of things that say no more than a number: looked at once
// a second. Pure: the time is an argument.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "balance/rate.h"
#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::verdict {

// Of a healthy warren none of these grows; the others are the network's and the clients'.
inline constexpr std::array own_drops{exchange::Drop::punt_full, exchange::Drop::handoff_full,
                                      exchange::Drop::no_mbuf, exchange::Drop::tx_full};

class Recent {
  public:
    static constexpr std::uint64_t span_ns = 10'000'000'000;

    // `lag_ns`: how late the manager's loop is.
    void sample(const model::State& state, const exchange::Exchange& exchange, std::uint64_t lag_ns,
                std::uint64_t now_ns);

    // Within span_ns, all workers'; by the place in own_drops.
    std::uint64_t drops(std::size_t reason) const { return drops_[reason].grown(); }
    // Within span_ns: adverts that left a whole interval late.
    std::uint64_t late_adverts(std::size_t router) const;
    // The worst within span_ns.
    std::uint64_t manager_lag_ns(std::uint64_t now_ns) const;
    // Since a client last sent anything to a service that has connections; 0: nothing is missed.
    std::uint64_t silent_ns(std::size_t service, std::uint64_t now_ns) const;

  private:
    struct Hearing {
        std::uint64_t bytes = 0, heard_ns = 0;  // of the clients, when they last grew; 0: have not
        std::uint64_t flows = 0;
    };
    void listen(std::size_t service, const model::State& state, const exchange::Exchange& exchange,
                std::uint64_t now_ns);

    std::array<balance::Rate, own_drops.size()> drops_{};
    std::vector<balance::Rate> late_adverts_;  // by router
    std::vector<Hearing> hearings_;            // by service
    std::uint64_t lag_ns_ = 0, lagged_ns_ = 0;
};

}  // namespace warren::verdict
