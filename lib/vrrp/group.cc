// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/group.h"

namespace warren::vrrp {
namespace {

constexpr std::uint16_t group_bit = 1U << static_cast<unsigned>(FaultCause::sync_group);

bool has_own_fault(const Status& member) {
    return (member.faults & ~group_bit) != 0;
}

bool has_group_fault(const Status& member) {
    return (member.faults & group_bit) != 0;
}

}  // namespace

void GroupView::add(const Status& member) {
    ++members_;
    if (has_own_fault(member)) ++own_faults_;
    if (has_group_fault(member)) ++group_faults_;
    if (member.faults == 0) ++without_faults_;
    if (member.state == State::master) ++masters_;
    if (member.state == State::backup) ++backups_;
    if (member.state != State::backup) return;
    if (member.wants_master)
        ++wanting_;
    else if (member.undecided)
        ++undecided_;
}

GroupOrder GroupView::order() const {
    if (own_faults_ != 0) return without_faults_ != 0 ? GroupOrder::fault : GroupOrder::none;
    if (group_faults_ != 0) return GroupOrder::clear_fault;
    if (backups_ == 0) return GroupOrder::none;
    // Masters come of GroupMaster only, which all get in one round: so in a mixture one has
    // yielded, or has just come to a running group. The masters need not give up for him as long as
    // he may still win.
    if (wanting_ + masters_ == members_) return GroupOrder::master;
    if (masters_ == 0 || wanting_ + undecided_ == backups_) return GroupOrder::none;
    return GroupOrder::backup;
}

std::optional<Event> event_for(GroupOrder order, const Status& member) {
    switch (order) {
        case GroupOrder::none:
            break;
        case GroupOrder::fault:
            if (member.faults == 0) return FaultChange{FaultCause::sync_group, true, true};
            break;
        case GroupOrder::clear_fault:
            if (has_group_fault(member)) return FaultChange{FaultCause::sync_group, false, true};
            break;
        case GroupOrder::master:
            if (member.state == State::backup) return GroupMaster{};
            break;
        case GroupOrder::backup:
            if (member.state == State::master) return GroupBackup{};
            break;
    }
    return std::nullopt;
}

}  // namespace warren::vrrp
