// SPDX-License-Identifier: BSD-3-Clause
// The manager's part in tracking: what each virtual router makes of it goes to the control lcore.
#include <string>
#include <utility>

#include "control/manager.h"

namespace warren::control {

// A card of our own is not among the kernel's interfaces.
vrrp::TrackedState Manager::interface_state(const std::string& name) const {
    for (const model::PortState& port : state_->ports)
        if (port.name == name && !port.shared)
            return vrrp::TrackedState::of(port.link_up, port.link_up ? "up" : "down");
    const auto link = netlink_.link(name);
    const bool up = link && link->running;
    return vrrp::TrackedState::of(up, !link ? "no such interface" : up ? "up" : "down");
}

vrrp::TrackedState Manager::quorum_state(const std::string& name) const {
    for (const model::ServiceRecord& service : state_->services)
        if (is_served(service) && config::name_of(*service.config) == name)
            return vrrp::TrackedState::of(service.has_quorum,
                                          service.has_quorum ? "has its quorum" : "quorum lost");
    return {vrrp::TrackedState::Standing::ignored, 0, "no such virtual_server"};
}

vrrp::TrackedState Manager::state_of(const config::Tracked& tracked) const {
    switch (tracked.kind) {
        case config::TrackKind::interface:
            return interface_state(tracked.name);
        case config::TrackKind::script:
            return track_scripts_.state(tracked.name);
        case config::TrackKind::file:
            return track_files_.state(tracked.name);
        case config::TrackKind::process:
            return track_processes_.state(tracked.name);
        case config::TrackKind::quorum:
            break;
    }
    return quorum_state(tracked.name);
}

// The commands of a start reach the control lcore before its first round does.
void Manager::apply_tracking() {
    for (std::size_t i = 0; i < state_->routers.size(); ++i) {
        model::RouterState& router = state_->routers[i];
        const vrrp::TrackedPart before = router.tracking.total;
        router.tracking = model::evaluate(
            *router.config, [this](const config::Tracked& tracked) { return state_of(tracked); });
        if (router.waits_silently && router.tracking.settled()) tell_of_fault(i);
        const vrrp::TrackedPart& now = router.tracking.total;
        const auto index = static_cast<std::uint16_t>(i);
        if (now.fault != before.fault)
            command({.kind = election::VrrpCommand::Kind::fault,
                     .router = index,
                     .cause = vrrp::FaultCause::tracked,
                     .present = now.fault});
        if (now.priority == before.priority) continue;
        command({.kind = election::VrrpCommand::Kind::priority,
                 .router = index,
                 .priority = now.priority});
        if (router.tracking.settled())
            events_.info(journal::EventKind::track, "{}: priority {}, was {}", router.config->name,
                         now.priority, before.priority);
    }
}

// As in keepalived a router that waits for the first result of a script is in no state that notify
// scripts hear of.
bool Manager::waits_for_tracked(const election::VrrpReport& report) {
    model::RouterState& router = state_->routers[report.router];
    constexpr unsigned tracked = 1U << static_cast<unsigned>(vrrp::FaultCause::tracked);
    if (report.from != vrrp::State::initialize || report.to != vrrp::State::fault ||
        (router.status.faults & ~tracked) != 0)
        return false;
    router.waits_silently = !router.tracking.settled();
    return router.waits_silently || !router.tracking.total.fault;
}

// What it waited for has failed.
void Manager::tell_of_fault(std::size_t index) {
    model::RouterState& router = state_->routers[index];
    router.waits_silently = false;
    if (router.tracking.total.fault)
        notifier_.on_transition(router.config->name, NotifyState::fault,
                                router.status.effective_priority);
}

}  // namespace warren::control
