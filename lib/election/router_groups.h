// SPDX-License-Identifier: BSD-3-Clause
// Members of each sync group, and which groups have members whose state has changed. The rules are
// vrrp/group.h's. No heap after the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "election/plan.h"
#include "vrrp/group.h"

namespace warren::election {

class RouterGroups {
  public:
    explicit RouterGroups(std::size_t most_routers)
        : groups_(most_routers), next_member_(most_routers, no_router) {}

    // group_of(router): the number of its group, or no_group. All groups settle once more.
    template <typename GroupOf>
    void rebuild(std::size_t routers, const GroupOf& group_of) {
        for (Group& group : groups_)
            group = {};
        for (std::size_t i = routers; i-- != 0;) {
            const std::uint16_t number = group_of(i);
            next_member_[i] = no_router;
            if (number >= groups_.size()) continue;
            next_member_[i] = std::exchange(groups_[number].first, static_cast<std::uint16_t>(i));
            note_moved(number);
        }
    }

    // A member's state has changed.
    void note_moved(std::uint16_t group) {
        if (group < groups_.size()) groups_[group].moved = moved_ = true;
    }

    // At the end of a round, not at each step: members that change together anyway (their port, a
    // stop) need no group event, and a takeover of hundreds looks at each once. status_of(router)
    // returns its vrrp::Status; step(router, event) steps it.
    template <typename StatusOf, typename Step>
    void settle(const StatusOf& status_of, const Step& step) {
        if (!std::exchange(moved_, false)) return;
        for (Group& group : groups_) {
            if (!std::exchange(group.moved, false)) continue;
            const auto for_each = [&](const auto& look) {
                for (std::uint16_t i = group.first; i != no_router; i = next_member_[i])
                    look(i, status_of(i));
            };
            vrrp::settle_group(for_each, step);
        }
    }

  private:
    struct Group {
        std::uint16_t first = no_router;  // the others by next_member_
        bool moved = false;               // a member has, since it last settled
    };

    std::vector<Group> groups_;               // by the plans' numbers
    std::vector<std::uint16_t> next_member_;  // router -> the next one of its group, or no_router
    bool moved_ = false;                      // any
};

}  // namespace warren::election
