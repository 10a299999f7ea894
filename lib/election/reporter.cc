// SPDX-License-Identifier: BSD-3-Clause
#include "election/reporter.h"

namespace warren::election {
namespace {

VrrpReport report_of(VrrpReport::Kind kind, std::size_t router, std::uint64_t now_ns) {
    return {.kind = kind, .router = static_cast<std::uint16_t>(router), .when_ns = now_ns};
}

// An alarm is raised once a second, what it is about may come more often.
std::uint64_t total_of(vrrp::AlarmKind kind, const vrrp::Counters& counters, std::uint64_t raised) {
    switch (kind) {
        case vrrp::AlarmKind::other_master:
            return counters.lower_priority_heard;
        case vrrp::AlarmKind::address_conflict:
            return counters.address_conflicts;
        case vrrp::AlarmKind::late_advert:
            return counters.late_adverts;
        case vrrp::AlarmKind::address_list:
            return counters.address_list_differs;
        case vrrp::AlarmKind::interval:
            return counters.interval_differs;
        case vrrp::AlarmKind::two_owners:
        case vrrp::AlarmKind::unproven_silence:
            break;
    }
    return raised;
}

}  // namespace

Reporter::Reporter(std::size_t most_routers, VrrpLink& link) : items_(most_routers), link_(link) {}

void Reporter::transition(std::size_t router, const vrrp::Report& change, std::uint64_t now_ns) {
    VrrpReport record = report_of(VrrpReport::Kind::transition, router, now_ns);
    record.from = change.from;
    record.to = change.to;
    record.reason = change.reason;
    send(record);
    link_.bell.ring_if_asleep();
}

void Reporter::alarm(std::size_t router, const vrrp::Alarm& alarm, const vrrp::Heard& heard,
                     const vrrp::Counters& counters, std::uint64_t now_ns) {
    VrrpReport record = report_of(VrrpReport::Kind::alarm, router, now_ns);
    record.alarm = alarm.kind;
    record.address = alarm.address;
    record.claimant = alarm.claimant;
    record.heard = heard;
    const std::uint64_t raised = ++items_[router].alarms[static_cast<std::size_t>(alarm.kind)];
    record.total = total_of(alarm.kind, counters, raised);
    send(record);
}

// The manager says it far less often (alarm_pacer.h).
void Reporter::rejected(std::size_t router, vrrp::RejectReason reason, const vrrp::Heard& heard,
                        const vrrp::Counters& counters, std::uint64_t now_ns) {
    const auto i = static_cast<std::size_t>(reason);
    std::uint64_t& next_ns = items_[router].next_reject_ns[i];
    if (now_ns < next_ns) return;
    next_ns = now_ns + reject_distance_ns;
    VrrpReport record = report_of(VrrpReport::Kind::rejected, router, now_ns);
    record.reject = reason;
    record.address = heard.source;
    record.heard = heard;
    record.total = counters.rejected[i];
    send(record);
}

void Reporter::since_takeover(VrrpReport::Kind kind, std::uint16_t router, std::uint64_t silent_ns,
                              std::uint64_t now_ns) {
    VrrpReport record = report_of(kind, router, now_ns);
    record.silent_ns = silent_ns;
    send(record);
}

void Reporter::plan_taken(std::uint16_t router, const RouterPlan* old) {
    VrrpReport record = report_of(VrrpReport::Kind::plan_taken, router, 0);
    record.plan = old;
    send(record);
}

void Reporter::reloaded(const RouterChanges& changes, std::uint64_t now_ns) {
    VrrpReport record = report_of(VrrpReport::Kind::reloaded, 0, now_ns);
    record.changes = &changes;
    send(record);
}

void Reporter::stopped(std::uint64_t now_ns) {
    send(report_of(VrrpReport::Kind::stopped, 0, now_ns));
}

void Reporter::send(const VrrpReport& report) {
    if (!link_.reports.push(report)) link_.counters.reports_lost.add();
}

void Reporter::status(const VrrpStatus& status) {
    if (!link_.statuses.push(status)) return;
}

}  // namespace warren::election
