// SPDX-License-Identifier: BSD-3-Clause
// The manager's dealings with the kernel: links, next hops, guards, multicast.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <tuple>

#include "control/manager.h"
#include "model/builder.h"
#include "model/kernel_rules.h"
#include "model/start.h"

namespace warren::control {
namespace {

std::uint16_t mtu_of(const kernel::Link& link) {
    constexpr std::uint32_t ethernet = 1500;  // where the kernel has not said
    return static_cast<std::uint16_t>(
        std::min<std::uint32_t>(link.mtu == 0 ? ethernet : link.mtu, 65'535));
}

}  // namespace

std::vector<model::PortState> Manager::port_states(const config::Config& config) {
    std::vector<model::PortState> states;
    const std::vector<std::string> names = model::port_names(config);
    for (std::size_t i = 0; i < names.size(); ++i) {
        port::Port& device = *ports_.at(i);
        model::PortState state{.name = names[i],
                               .driver = device.driver(),
                               .mac = device.mac(),
                               .shared = device.shared_with_kernel(),
                               .link_up = device.link_up(),
                               .primary = {},
                               .mtu = device.mtu()};
        state.rss_trouble = device.rss_trouble();
        state.hears_virtual_macs = device.mac_trouble().empty();
        state.reaches_kernel = state.shared || (i < options_.kernel_ports.size() &&
                                                options_.kernel_ports[i] != nullptr);
        if (!state.hears_virtual_macs)
            events_.warn(journal::EventKind::link,
                         "interface {}: use_vmac is not possible, the physical MAC is used: {}",
                         names[i], device.mac_trouble());
        if (const auto link = netlink_.link(names[i])) {
            state.ifindex = link->index;
            state.primary = link->ipv4();
            if (state.shared) state.mtu = mtu_of(*link);
            state.link_local = link->ipv6_link_local();
            if (state.shared) state.link_up = link->running;
        }
        states.push_back(std::move(state));
    }
    return states;
}

// ---- next hops

void Manager::watch_next_hops() {
    std::vector<net::IpAddress> wanted;
    for (const model::ServerRecord& server : state_->servers)
        if (is_served(server)) wanted.push_back(server.config->address);
    for (const net::IpAddress& peer : unicast_peers())
        wanted.push_back(peer);
    netlink_.set_wanted(wanted);
    for (model::ServerRecord& server : state_->servers) {
        if (!is_served(server)) continue;
        const auto hop = netlink_.next_hop(server.config->address);
        const bool is_news = !hop || server.next_hop != hop;
        server.next_hop = hop;
        if (is_news) warn_unreachable(server.config->address, hop);
    }
}

void Manager::warn_unreachable(const net::IpAddress& server,
                               const std::optional<kernel::NextHop>& hop) {
    const auto is_way = [&](const model::PortState& port) { return port.ifindex == hop->ifindex; };
    const auto& ports = state_->ports;
    if (!hop)
        events_.warn(journal::EventKind::server, "server {}: no route", server.to_string());
    else if (hop->local)
        tell_of_local_server(server);
    else if (std::none_of(ports.begin(), ports.end(), is_way))
        events_.warn(journal::EventKind::server,
                     "server {}: its route leads over no interface of ours", server.to_string());
}

void Manager::on_next_hop(const net::IpAddress& address,
                          const std::optional<kernel::NextHop>& hop) {
    tell_next_hop(address, hop);
    bool is_server = false;
    for (model::ServerRecord& server : state_->servers) {
        if (!is_served(server) || server.config->address != address) continue;
        is_server = true;
        server.next_hop = hop;
        publish_soon();
    }
    if (!is_server) return;
    warn_unreachable(address, hop);
    follow_own_hosts();
    if (hop && hop->mac)
        spdlog::debug("server {}: next hop {} is {}", address.to_string(), hop->gateway.to_string(),
                      hop->mac->to_string());
}

// ---- links

// Our own addresses come and go as events too; those change nothing of what is computed anew here.
void Manager::on_link(const kernel::Link& link) {
    bool changed = !link.present;
    for (std::size_t i = 0; i < state_->ports.size(); ++i) {
        model::PortState& port = state_->ports[i];
        if (port.name != link.name) continue;
        const auto index = static_cast<std::uint8_t>(i);
        const auto facts = [&port] {
            return std::tuple(port.ifindex, port.primary, port.link_local, port.mac, port.mtu,
                              port.link_up);
        };
        const auto known = facts();
        if (port.shared && link.present) follow_interface(index, link);
        if (!link.present || link.index != port.ifindex) multicast_.forget(port.ifindex);
        port.ifindex = link.present ? link.index : 0;
        const kernel::Link own = own_part(link);
        set_addresses(index, link.present ? own.ipv4() : std::nullopt,
                      link.present ? own.ipv6_link_local() : std::nullopt);
        if (port.shared && link.present) set_mtu(index, mtu_of(link));
        if (port.shared) set_link(index, link.present && link.running);
        changed = changed || known != facts();
        if (link.present && changed) join_groups(index, *build_snapshot(*state_, 0));
    }
    if (auto addresses = kernel_addresses(); addresses != state_->kernel_addresses) {
        state_->kernel_addresses = std::move(addresses);
        publish();
        follow_own_hosts();
        changed = true;
    }
    if (changed || guarded_.size() < guards_.size())
        follow_masters();
    else
        host_addresses_.follow(host_addresses(*state_), netlink_.links());
    apply_tracking();
}

// Whose MAC is another one, or that was made anew: sockets belong to an interface, not to its name,
// and those who read from them hear of it by the snapshot. Before the link is said to be up.
void Manager::follow_interface(std::uint8_t index, const kernel::Link& link) {
    model::PortState& port = state_->ports[index];
    const bool is_new = port.ifindex != link.index;
    if (is_new) {
        port.ifindex = link.index;
        ports_[index]->restore_filter();
        guarded_.erase(index);  // its chain went with the old one
        events_.warn(journal::EventKind::link, "interface {}: was made anew and is taken up again",
                     port.name);
    }
    const bool has_moved = port.mac != link.mac && !link.mac.is_zero();
    if (has_moved) {
        events_.warn(journal::EventKind::link, "interface {}: its MAC is {} now, was {}", port.name,
                     link.mac.to_string(), port.mac.to_string());
        port.mac = link.mac;
    }
    std::vector<std::uint16_t> renewed;
    for (std::uint16_t i = 0; has_moved && i < state_->routers.size(); ++i)
        if (state_->routers[i].port == index && replace_plan(i)) renewed.push_back(i);
    if (is_new || has_moved) publish();
    // A master tells all stations, with the MAC that the snapshot says now.
    for (const std::uint16_t i : renewed)
        tell_plan(i);
}

void Manager::try_guards(const exchange::Snapshot& snapshot) {
    for (const auto& [port, guard] : guards_)
        try_guard(port, snapshot);
}

// Serving goes on without: the next link event tries again.
void Manager::try_guard(std::uint8_t index, const exchange::Snapshot& snapshot) {
    try {
        apply_guard(index, snapshot);
    } catch (const kernel::GuardError& error) {
        guarded_.erase(index);
        events_.error(journal::EventKind::link,
                      "interface {}: the kernel sees our frames too and may answer them: {}",
                      state_->ports[index].name, error.what());
    }
}

// Ports of our own have no kernel interface that tells.
void Manager::poll_own_links() {
    for (std::size_t i = 0; i < state_->ports.size(); ++i)
        if (!state_->ports[i].shared) set_link(static_cast<std::uint8_t>(i), ports_[i]->link_up());
}

void Manager::set_link(std::uint8_t index, bool up) {
    model::PortState& port = state_->ports[index];
    if (port.link_up == up) return;
    port.link_up = up;
    for (std::size_t i = 0; i < state_->routers.size(); ++i)
        if (state_->routers[i].port == index && state_->routers[i].config->track_primary)
            command({.kind = election::VrrpCommand::Kind::fault,
                     .router = static_cast<std::uint16_t>(i),
                     .cause = vrrp::FaultCause::link_down,
                     .present = !up,
                     .can_transmit = up});
    events_.add(journal::EventKind::link,
                up ? journal::EventLevel::info : journal::EventLevel::warning,
                "interface " + port.name + ": link " + (up ? "up" : "down"));
    apply_tracking();
}

void Manager::set_mtu(std::uint8_t index, std::uint16_t mtu) {
    model::PortState& port = state_->ports[index];
    if (port.mtu == mtu) return;
    spdlog::info("interface {}: MTU {}, was {}", port.name, mtu, port.mtu);
    port.mtu = mtu;
    publish();
}

// ---- what the kernel must not see, and must ask for

void Manager::start_guards() {
    state_->kernel_addresses = kernel_addresses();
    const auto snapshot = build_snapshot(*state_, 0);
    for (std::size_t i = 0; i < state_->ports.size(); ++i) {
        const model::PortState& port = state_->ports[i];
        const auto index = static_cast<std::uint8_t>(i);
        if (port.ifindex != 0)
            join_groups(index, *snapshot);
        else
            events_.warn(
                journal::EventKind::link,
                "interface {}: the kernel has none of that name: no IGMP or MLD reports, a "
                "snooping switch may withhold the peer's adverts",
                port.name);
        if (!port.shared) continue;
        guards_[index] = std::make_unique<kernel::Guard>(port.name);
        try {
            apply_guard(index, *snapshot);
        } catch (const kernel::GuardError& error) {
            if (error.kind != kernel::GuardError::Kind::unsupported)
                throw std::runtime_error("interface " + port.name + ": " + error.what());
            events_.warn(journal::EventKind::link,
                         "interface {}: the kernel sees our frames too and may answer them: {}",
                         port.name, error.what());
            guards_.erase(index);
        }
    }
}

void Manager::apply_guard(std::uint8_t index, const exchange::Snapshot& snapshot) {
    const model::PortState& port = state_->ports[index];
    if (port.ifindex == 0) {
        guarded_.erase(index);  // the chain went with the interface
        return;
    }
    kernel::GuardRules rules = guard_rules(*state_, snapshot, index);
    // An address that the kernel has too (somebody has put it there) is still ours alone.
    const std::vector<net::IpAddress>& kernel = state_->kernel_addresses;
    for (const net::IpAddress& address : rules.addresses)
        if (std::binary_search(kernel.begin(), kernel.end(), address) &&
            doubly_owned_.insert(address).second)
            events_.warn(journal::EventKind::link,
                         "{} is an address of the kernel too, which hears nothing of it; remove it",
                         address.to_string());
    const auto old = guarded_.find(index);
    if (old != guarded_.end() && old->second == rules) return;
    guards_.at(index)->apply(rules);
    guarded_[index] = std::move(rules);
}

}  // namespace warren::control
