// SPDX-License-Identifier: BSD-3-Clause
#include "history/router_history.h"

#include <algorithm>
#include <cmath>

#include "history/duration_text.h"
#include "vrrp/words.h"

namespace warren::history {
namespace {

std::string other_master(const model::RouterState& router) {
    return router.other_master.is_unspecified() ? std::string() : router.other_master.to_string();
}

std::string named(const model::RouterState& router) {
    const std::string other = other_master(router);
    return other.empty() ? "the other" : other;
}

std::string faults_text(const vrrp::Status& status) {
    return status.faults == 0 ? "fault" : vrrp::fault_words(status.faults);
}

std::string silence_text(const election::VrrpReport& report, const model::RouterState& router) {
    if (router.other_heard_ns == 0 || report.when_ns < router.other_heard_ns)
        return "no other master was heard";
    return "nobody was heard for " +
           duration_text((report.when_ns - router.other_heard_ns) / 1'000'000);
}

}  // namespace

std::string reason_text(const election::VrrpReport& report, const model::RouterState& router) {
    const bool gained = report.to == vrrp::State::master;
    switch (report.reason) {
        case vrrp::Reason::master_down:
            return silence_text(report, router);
        case vrrp::Reason::priority_zero:
            return named(router) + " said good-bye";
        case vrrp::Reason::preempted_lower:
            return "its priority is above that of " + named(router);
        case vrrp::Reason::higher_priority_heard:
            return named(router) + " has the higher priority";
        case vrrp::Reason::higher_address_heard:
            return named(router) + " has the same priority and the higher address";
        case vrrp::Reason::fault:
            return faults_text(router.status);
        case vrrp::Reason::sync_group:
            return "its sync group moved";
        case vrrp::Reason::shutdown:
            return is_served(router) ? "warren stops" : "it is removed";
        case vrrp::Reason::handover:
            return gained ? named(router) + " handed it over" : "handed over to " + named(router);
        case vrrp::Reason::stalled:
            return "this machine stood still: a peer has taken over meanwhile";
        case vrrp::Reason::owner_startup:
            return "it owns the address";
        case vrrp::Reason::startup:
            return "it starts";
        case vrrp::Reason::fault_cleared:
            return "its fault is over";
        case vrrp::Reason::none:
            break;
    }
    return "no reason is known";
}

const MastershipChange* RouterHistory::take(const election::VrrpReport& report,
                                            const model::RouterState& router,
                                            std::int64_t wall_ms) {
    using vrrp::State;
    if (report.from != State::master && report.to != State::master) return nullptr;
    if (changes_.size() == most) changes_.pop_front();
    changes_.push_back({report.router, router.config->name, report.to == State::master, wall_ms,
                        reason_text(report, router), other_master(router)});
    return &changes_.back();
}

const MastershipChange* RouterHistory::last(std::uint16_t router, bool gained) const {
    const auto found =
        std::find_if(changes_.rbegin(), changes_.rend(), [&](const MastershipChange& change) {
            return change.router == router && change.gained == gained;
        });
    return found == changes_.rend() ? nullptr : &*found;
}

}  // namespace warren::history
