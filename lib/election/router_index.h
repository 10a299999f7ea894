// SPDX-License-Identifier: BSD-3-Clause
// Whose advert is this: port, family and VRID to the index of a virtual router, in one look. No
// heap after the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "election/plan.h"

namespace warren::election {

class RouterIndex {
  public:
    // In the place of who had that port, family and VRID before.
    void insert(const RouterPlan& plan, std::size_t router) {
        by_key_[key_of(plan)] = static_cast<std::uint16_t>(router);
    }
    // Unless another has come in its place.
    void erase(const RouterPlan& plan, std::size_t router) {
        std::uint16_t& of_key = by_key_[key_of(plan)];
        if (of_key == router) of_key = no_router;
    }
    // no_router: nobody's.
    std::uint16_t find(std::uint8_t port, std::uint8_t vrid, bool ipv6) const {
        return by_key_[key(port, vrid, ipv6)];
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
};

}  // namespace warren::election
