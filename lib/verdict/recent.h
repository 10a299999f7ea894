// SPDX-License-Identifier: BSD-3-Clause
// Windows of the last seconds over counters that show trouble here, sampled once a second. Pure:
// the time is an argument.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "balance/rate.h"
#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::verdict {

// Drops that a healthy warren never counts; the other reasons are the network's and the clients'.
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
    // For how long no client has sent anything to a service that has connections; 0: traffic is as
    // expected.
    std::uint64_t silent_ns(std::size_t service, std::uint64_t now_ns) const;

  private:
    struct ClientActivity {
        std::uint64_t bytes = 0, last_ns = 0;  // from clients; last_ns: when they last grew
        std::uint64_t flows = 0;
    };
    void watch_clients(std::size_t service, const model::State& state,
                       const exchange::Exchange& exchange, std::uint64_t now_ns);

    std::array<balance::Rate, own_drops.size()> drops_{};
    std::vector<balance::Rate> late_adverts_;  // by router
    std::vector<ClientActivity> activity_;     // by service
    std::uint64_t lag_ns_ = 0, lagged_ns_ = 0;
};

}  // namespace warren::verdict
