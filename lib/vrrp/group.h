// SPDX-License-Identifier: BSD-3-Clause
// Sync groups: virtual routers that move together (keepalived's vrrp_sync_group). What the members
// are decides what the others must become; nothing is remembered between two looks, so no order of
// events can leave a group torn.
//   one member has a fault of its own -> every other is in fault{sync_group}; the last own fault
//     clears -> all are freed: a fault that the group gave never holds the group.
//   all are backup and every one's Master_Down timer ran out -> all become master at once. One that
//     still hears a master keeps the others waiting, for half a group must never run ("prefer
//     backup state to avoid thrashing", keepalived's vrrp_sync.c).
//   one master yields -> the others say good-bye (priority 0) and are backup.
// Members have Settings::grouped, which makes them wait for GroupMaster.
#pragma once

#include <cstdint>
#include <optional>

#include "vrrp/event.h"
#include "vrrp/instance.h"

namespace warren::vrrp {

enum class GroupOrder : std::uint8_t { none, fault, clear_fault, master, backup };

// The members at one moment. add() each, then ask.
class GroupView {
  public:
    void add(const Status& member);
    GroupOrder order() const;

  private:
    std::uint32_t members_ = 0;
    std::uint32_t own_faults_ = 0;      // members with another cause than sync_group
    std::uint32_t group_faults_ = 0;    // members with sync_group
    std::uint32_t without_faults_ = 0;  // members without any cause
    std::uint32_t masters_ = 0;
    std::uint32_t backups_ = 0;
    std::uint32_t wanting_ = 0;    // backups whose Master_Down timer ran out
    std::uint32_t undecided_ = 0;  // backups whose election still goes on
};

// What the order means to one member; nothing when it has done so already.
std::optional<Event> event_for(GroupOrder order, const Status& member);

// A fault clears, its backups (owners: at once) become master: never more rounds than that.
inline constexpr unsigned max_group_rounds = 4;

// Steps the members until they agree; call it whenever a member was stepped.
//   for_each(f) calls f(index, const Status&) for each member; step(index, event) steps one.
template <typename ForEach, typename Step>
void settle_group(const ForEach& for_each, const Step& step) {
    for (unsigned round = 0; round < max_group_rounds; ++round) {
        GroupView view;
        for_each([&](std::size_t, const Status& member) { view.add(member); });
        const GroupOrder order = view.order();
        if (order == GroupOrder::none) return;
        for_each([&](std::size_t index, const Status& member) {
            if (const std::optional<Event> event = event_for(order, member)) step(index, *event);
        });
    }
}

}  // namespace warren::vrrp
