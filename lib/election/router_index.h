// SPDX-License-Identifier: BSD-3-Clause
// Whose advert is this: port, family and VRID to the index of a virtual router, in one look, and a
// few more where several share a VRID for other peers. No heap after the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "election/plan.h"
#include "exchange/ownership.h"

namespace warren::election {

class RouterIndex {
  public:
    void insert(const RouterPlan& plan, std::size_t router) {
        std::uint16_t* last = &by_key_[key_of(plan)];
        while (*last != no_router)
            last = &next_[*last];
        *last = static_cast<std::uint16_t>(router);
        next_[router] = no_router;
    }
    void erase(const RouterPlan& plan, std::size_t router) {
        std::uint16_t* at = &by_key_[key_of(plan)];
        while (*at != no_router && *at != router)
            at = &next_[*at];
        if (*at != no_router) *at = next_[router];
    }
    // Of several the one of which fit(router) is greatest, of equal ones the eldest. no_router:
    // nobody's.
    template <typename Fit>
    std::uint16_t find(std::uint8_t port, std::uint8_t vrid, bool ipv6, const Fit& fit) const {
        std::uint16_t best = by_key_[key(port, vrid, ipv6)];
        if (best == no_router) return best;
        for (std::uint16_t next = next_[best]; next != no_router; next = next_[next])
            if (fit(next) > fit(best)) best = next;
        return best;
    }

  private:
    static constexpr std::size_t key(std::uint8_t port, std::uint8_t vrid, bool ipv6) {
        return (std::size_t{port} * 2 + (ipv6 ? 1 : 0)) * 256 + vrid;
    }
    static std::size_t key_of(const RouterPlan& plan) {
        return key(plan.port, plan.settings.vrid, plan.settings.is_ipv6());
    }

    std::vector<std::uint16_t> by_key_ =
        std::vector<std::uint16_t>(key(max_ports - 1, 255, true) + 1, no_router);
    std::vector<std::uint16_t> next_ =  // by router: who shares its key
        std::vector<std::uint16_t>(exchange::max_virtual_routers, no_router);
};

}  // namespace warren::election
