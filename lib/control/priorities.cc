// SPDX-License-Identifier: BSD-3-Clause
#include "control/priorities.h"

#include <utility>

namespace warren::control {

Priorities::Priorities(const Context& context, const kernel::Netlink& netlink,
                       tracking::LinkDelays& delays, Callbacks callbacks)
    : context_(context),
      netlink_(netlink),
      delays_(delays),
      callbacks_(std::move(callbacks)),
      scripts_(context.io, context.state.config, context.events, [this] { apply(); }),
      files_(context.io, context.state.config, context.events,
             [this] {
                 apply();
                 callbacks_.watched();
             }),
      processes_(context.io, context.state.config, context.events, [this] { apply(); }),
      bfd_(context.io, context.state.config, context.events, [this] {
          apply();
          callbacks_.watched();
      }) {}

// A card of our own is not among the kernel's interfaces.
vrrp::TrackedState Priorities::interface_state(const std::string& name) const {
    for (const model::PortState& port : context_.state.ports)
        if (port.name == name && !port.shared)
            return vrrp::TrackedState::of(port.link_up, port.link_up ? "up" : "down");
    const auto link = netlink_.link(name);
    if (!link) delays_.forget(name);
    const bool up = link && delays_.counts_as(name, link->running);
    return vrrp::TrackedState::of(up, !link ? "no such interface" : up ? "up" : "down");
}

vrrp::TrackedState Priorities::quorum_state(const std::string& name) const {
    for (const model::ServiceRecord& service : context_.state.services)
        if (is_served(service) && config::name_of(*service.config) == name)
            return vrrp::TrackedState::of(service.has_quorum,
                                          service.has_quorum ? "has its quorum" : "quorum lost");
    return {vrrp::TrackedState::Standing::ignored, 0, "no such virtual_server"};
}

vrrp::TrackedState Priorities::state_of(const config::Tracked& tracked) const {
    switch (tracked.kind) {
        case config::TrackKind::interface:
            return interface_state(tracked.name);
        case config::TrackKind::script:
            return scripts_.state(tracked.name);
        case config::TrackKind::file:
            return files_.state(tracked.name);
        case config::TrackKind::process:
            return processes_.state(tracked.name);
        case config::TrackKind::bfd:
            return bfd_.state(tracked.name);
        case config::TrackKind::group:
            return callbacks_.group(tracked.name);
        case config::TrackKind::quorum:
            break;
    }
    return quorum_state(tracked.name);
}

void Priorities::apply() {
    for (std::size_t i = 0; i < context_.state.routers.size(); ++i)
        apply_to(static_cast<std::uint16_t>(i));
}

model::Tracking Priorities::evaluate(const model::RouterState& router) const {
    return model::evaluate(*router.config, router.has_begun,
                           [this](const config::Tracked& tracked) { return state_of(tracked); });
}

void Priorities::follow(const model::ReloadChanges& changes) {
    const config::Config& config = context_.state.config;
    scripts_.follow(config);
    files_.follow(config);
    processes_.follow(config);
    bfd_.follow(config);
    const auto note = [this](std::uint16_t index) {
        model::RouterState& router = context_.state.routers[index];
        router.tracking = evaluate(router);
    };
    for (const std::uint16_t index : changes.added_routers)
        note(index);
    for (const auto& replanned : changes.replanned_routers)
        note(replanned.index);
}

void Priorities::apply_to(std::uint16_t index) {
    model::RouterState& router = context_.state.routers[index];
    if (!is_served(router)) return;
    const vrrp::TrackedPart before = router.tracking.total;
    router.tracking = evaluate(router);
    if (router.waits_silently && router.tracking.settled()) callbacks_.settled(index);
    const vrrp::TrackedPart& now = router.tracking.total;
    if (now.fault != before.fault)
        context_.publication.fault(index, vrrp::FaultCause::tracked, now.fault);
    if (now.priority == before.priority) return;
    context_.publication.command(
        {.kind = election::VrrpCommand::Kind::priority, .router = index, .priority = now.priority});
    if (router.tracking.settled())
        context_.events.info(journal::EventKind::track, about(router), "{}: priority {}, was {}",
                             router.config->name, now.priority, before.priority);
}

}  // namespace warren::control
