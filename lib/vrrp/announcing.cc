// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/announcing.h"

#include <algorithm>

namespace warren::vrrp {

void Announcing::begin(const Announcements& settings, std::uint64_t now_ns) {
    defence_ns_ = no_deadline;
    refresh_every(settings.refresh_ns, now_ns);
    start_burst(&Announcements::takeover, settings, now_ns);
}

void Announcing::start(AnnouncedSet what, const Announcements& settings, std::uint64_t now_ns) {
    if (what == AnnouncedSet::all) start_burst(&Announcements::takeover, settings, now_ns);
    if (what == AnnouncedSet::added)
        added_burst_ = burst_of(&Announcements::takeover, settings, now_ns);
}

void Announcing::request(std::uint64_t now_ns) {
    if (request_ns_ == no_deadline) request_ns_ = std::max(now_ns, next_burst_ns_);
}

void Announcing::defend(std::uint64_t now_ns) {
    defence_ns_ = std::max(now_ns, next_defence_ns_);
}

void Announcing::refresh_every(std::uint64_t refresh_ns, std::uint64_t now_ns) {
    refresh_ns_ = refresh_ns == 0 ? no_deadline : now_ns + refresh_ns;
}

AnnounceRounds Announcing::take_due(const Announcements& settings, std::uint64_t now_ns) {
    AnnounceRounds due;
    if (now_ns >= request_ns_) start_burst(&Announcements::lower_priority, settings, now_ns);
    due.all = take_due(burst_, settings, now_ns);
    if (now_ns >= refresh_ns_) {
        refresh_ns_ = now_ns + settings.refresh_ns;
        due.all = std::max(due.all, settings.refresh_repeat);
    }
    if (now_ns >= defence_ns_) {
        defence_ns_ = no_deadline;
        next_defence_ns_ = now_ns + defend_interval_ns;
        due.all = std::max(due.all, std::uint8_t{1});
    }
    due.added = take_due(added_burst_, settings, now_ns);
    return due;
}

std::uint64_t Announcing::deadline_ns() const {
    return std::min({burst_.next_ns, added_burst_.next_ns, request_ns_, refresh_ns_, defence_ns_});
}

Announcing::Burst Announcing::burst_of(AnnounceSchedule Announcements::*schedule,
                                       const Announcements& settings, std::uint64_t now_ns) {
    return {schedule, 0, 0, now_ns + (settings.*schedule)[0].delay_ns};
}

// Of all addresses, so it takes the added ones along.
void Announcing::start_burst(AnnounceSchedule Announcements::*schedule,
                             const Announcements& settings, std::uint64_t now_ns) {
    burst_ = burst_of(schedule, settings, now_ns);
    added_burst_ = {};
    next_burst_ns_ = now_ns + burst_distance_ns;
    request_ns_ = no_deadline;
}

std::uint8_t Announcing::take_due(Burst& burst, const Announcements& settings,
                                  std::uint64_t now_ns) {
    if (now_ns < burst.next_ns) return 0;
    const AnnounceSchedule& schedule = settings.*burst.schedule;
    const AnnouncePhase& phase = schedule[burst.phase];
    const bool at_once = phase.gap_ns == 0;
    const auto rounds =
        static_cast<std::uint8_t>(at_once ? phase.count : std::min(phase.count, std::uint8_t{1}));
    burst.done = static_cast<std::uint8_t>(burst.done + rounds);
    if (burst.done < phase.count) {
        burst.next_ns = now_ns + phase.gap_ns;
        return rounds;
    }
    ++burst.phase;
    burst.done = 0;
    burst.next_ns =
        burst.phase < schedule.size() ? now_ns + schedule[burst.phase].delay_ns : no_deadline;
    return rounds;
}

}  // namespace warren::vrrp
