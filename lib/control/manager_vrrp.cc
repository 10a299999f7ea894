// SPDX-License-Identifier: BSD-3-Clause
// What the manager does for virtual routers: their plans after a change of addresses, their peers'
// next hops, the groups they hear.
#include <algorithm>

#include "control/alarm_text.h"
#include "control/manager.h"
#include "model/kernel_rules.h"
#include "model/vrrp_plan.h"
#include "port/clock.h"

namespace warren::control {

std::vector<net::IpAddress> Manager::unicast_peers() const {
    std::vector<net::IpAddress> peers;
    for (const model::RouterState& router : state_->routers)
        for (const vrrp::UnicastPeer& peer : router.plan->settings.unicast_peers)
            if (std::find(peers.begin(), peers.end(), peer.address) == peers.end())
                peers.push_back(peer.address);
    return peers;
}

// The peer's adverts leave by the instance's interface; a peer behind another one has no next hop.
void Manager::tell_next_hop(const net::IpAddress& address,
                            const std::optional<kernel::NextHop>& hop) {
    for (std::size_t i = 0; i < state_->routers.size(); ++i) {
        const model::RouterState& router = state_->routers[i];
        const auto& peers = router.plan->settings.unicast_peers;
        const model::PortState& port = state_->ports[router.port];
        const bool usable =
            hop && hop->mac && !hop->local && port.ifindex != 0 && hop->ifindex == port.ifindex;
        for (std::size_t peer = 0; peer < peers.size(); ++peer)
            if (peers[peer].address == address)
                command({.kind = election::VrrpCommand::Kind::next_hop,
                         .router = static_cast<std::uint16_t>(i),
                         .peer = static_cast<std::uint16_t>(peer),
                         .mac = usable ? *hop->mac : net::MacAddress{}});
    }
}

void Manager::tell_next_hops() {
    for (const net::IpAddress& peer : unicast_peers()) {
        const auto hop = netlink_.next_hop(peer);
        if (!hop)
            events_.warn(journal::EventKind::vrrp, "unicast_peer {}: no route", peer.to_string());
        tell_next_hop(peer, hop);
    }
}

void Manager::set_addresses(std::uint8_t index, const std::optional<net::Prefix>& primary,
                            const std::optional<net::IpAddress>& link_local) {
    model::PortState& port = state_->ports[index];
    if (port.primary == primary && port.link_local == link_local) return;
    if (port.primary != primary)
        events_.info(journal::EventKind::link, "interface {}: address {}", port.name,
                     primary ? primary->to_string() : std::string("none"));
    if (port.link_local != link_local)
        events_.info(journal::EventKind::link, "interface {}: link-local address {}", port.name,
                     link_local ? link_local->to_string() : std::string("none"));
    port.primary = primary;
    port.link_local = link_local;
    for (std::size_t i = 0; i < state_->routers.size(); ++i)
        if (state_->routers[i].port == index) renew_plan(static_cast<std::uint16_t>(i));
}

// The port's address or MAC has changed, not necessarily the one that this router sends from. True:
// there is a new plan. Without an address the old one stays: good-bye is said from that.
bool Manager::replace_plan(std::uint16_t index) {
    model::RouterState& router = state_->routers[index];
    auto plan = std::make_unique<election::RouterPlan>(
        make_plan(*router.config, state_->ports[router.port], router.port, router.plan->group));
    const net::IpAddress& source = plan->settings.primary_address;
    const bool same = source == router.plan->settings.primary_address &&
                      plan->source_mac == router.plan->source_mac;
    if (source.is_unspecified() || same) return false;
    retired_plans_.push_back(std::move(router.plan));
    router.plan = std::move(plan);
    return true;
}

void Manager::tell_plan(std::uint16_t index) {
    command({.kind = election::VrrpCommand::Kind::plan,
             .router = index,
             .plan = state_->routers[index].plan.get()});
}

void Manager::renew_plan(std::uint16_t index) {
    model::RouterState& router = state_->routers[index];
    if (replace_plan(index)) tell_plan(index);
    const bool missing =
        make_plan(*router.config, state_->ports[router.port], router.port, router.plan->group)
            .settings.primary_address.is_unspecified();
    if (router.no_address == missing) return;
    router.no_address = missing;
    command({.kind = election::VrrpCommand::Kind::fault,
             .router = index,
             .cause = vrrp::FaultCause::no_address,
             .present = missing});
}

// An advert that differs is often the only sign of two masters: a wrong password or interval.
void Manager::on_alarm(model::RouterState& router, const election::VrrpReport& report) {
    if (router.alarms.see(report, port::now_ns()))
        events_.warn(journal::EventKind::vrrp, "{}: {}", router.config->name,
                     alarm_text(report, router.plan->settings, router.status.effective_priority));
}

void Manager::summarise_alarms(std::uint64_t now_ns) {
    for (model::RouterState& router : state_->routers)
        router.alarms.summarise(now_ns, [&](const election::VrrpReport& last, std::uint64_t more) {
            events_.warn(journal::EventKind::vrrp, "{}: {} times more, last: {}",
                         router.config->name, more,
                         alarm_text(last, router.plan->settings, router.status.effective_priority));
        });
}

void Manager::join_groups(std::uint8_t index, const exchange::Snapshot& snapshot) {
    const model::PortState& port = state_->ports[index];
    for (const net::IpAddress& group : multicast_groups(*state_, snapshot, index)) {
        const std::string error = multicast_.join(port.ifindex, group);
        if (!error.empty())
            events_.warn(journal::EventKind::link, "interface {}: not in the group {}: {}",
                         port.name, group.to_string(), error);
    }
}

}  // namespace warren::control
