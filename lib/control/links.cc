// SPDX-License-Identifier: BSD-3-Clause
#include "control/links.h"

#include <utility>

#include <spdlog/spdlog.h>

#include <algorithm>

#include "port/clock.h"

namespace warren::control {
namespace {

std::uint16_t mtu_of(const kernel::Link& link) {
    constexpr std::uint32_t ethernet = 1500;  // where the kernel has not said
    return static_cast<std::uint16_t>(
        std::min<std::uint32_t>(link.mtu == 0 ? ethernet : link.mtu, 65'535));
}

std::string text_of(const auto& address) {
    return address ? address->to_string() : std::string("none");
}

void add_kernel_part(model::PortState& state, const kernel::Link& link) {
    state.ifindex = link.index;
    state.primary = link.ipv4();
    state.link_local = link.ipv6_link_local();
    if (!state.shared) return;
    state.mtu = mtu_of(link);
    state.link_up = link.running;
}

}  // namespace

model::PortState port_state(const port::PortTable& ports, std::size_t index,
                            const kernel::Netlink& netlink, journal::EventLog& events) {
    const port::Port& device = ports[index];
    model::PortState state{.name = device.name(),
                           .driver = device.driver(),
                           .mac = device.mac(),
                           .shared = device.shared_with_kernel(),
                           .link_up = device.link_up(),
                           .primary = {},
                           .mtu = device.mtu()};
    state.rss_trouble = device.rss_trouble();
    state.hears_virtual_macs = device.mac_trouble().empty();
    state.reaches_kernel = state.shared || ports.kernel_port(index) != nullptr;
    if (!state.hears_virtual_macs)
        events.warn(journal::EventKind::link, about(state),
                    "interface {}: use_vmac is not possible, the physical MAC is used: {}",
                    state.name, device.mac_trouble());
    if (const auto link = netlink.link(state.name)) add_kernel_part(state, *link);
    return state;
}

std::vector<model::PortState> port_states(const port::PortTable& ports,
                                          const kernel::Netlink& netlink,
                                          journal::EventLog& events) {
    std::vector<model::PortState> states;
    for (std::size_t i = 0; i < ports.size(); ++i)
        states.push_back(port_state(ports, i, netlink, events));
    return states;
}

std::vector<PortChange> Links::take(const kernel::Link& link) {
    std::vector<PortChange> changes;
    for (std::size_t i = 0; i < context_.state.ports.size(); ++i)
        if (context_.state.ports[i].name == link.name)
            changes.push_back(follow(static_cast<std::uint8_t>(i), link));
    return changes;
}

PortChange Links::follow(std::uint8_t index, const kernel::Link& link) {
    model::PortState& port = context_.state.ports[index];
    PortChange change{.port = index, .present = link.present};
    const int ifindex = link.present ? link.index : 0;
    change.ifindex = port.ifindex != ifindex;
    if (port.ifindex != 0 && change.ifindex) change.gone_ifindex = port.ifindex;
    if (port.shared && link.present) follow_interface(change, link);
    port.ifindex = ifindex;
    set_addresses(change, link);
    if (port.shared && link.present) set_mtu(change, mtu_of(link));
    if (!link.present) delays_.forget(link.name);
    if (port.shared) set_link(change, link.present && delays_.counts_as(link.name, link.running));
    return change;
}

// Sockets belong to an interface, not to its name: they are opened again by who reads from them.
void Links::follow_interface(PortChange& change, const kernel::Link& link) {
    model::PortState& port = context_.state.ports[change.port];
    change.is_new = port.ifindex != link.index;
    const bool is_first = port.mac.is_zero();
    if (change.is_new) {
        ports_[change.port].restore_filter();
        context_.events.add(
            journal::EventKind::link,
            is_first ? journal::EventLevel::info : journal::EventLevel::warning,
            "interface " + port.name +
                (is_first ? ": has come and is taken up" : ": was made anew and is taken up again"),
            about(port));
    }
    change.mac = port.mac != link.mac && !link.mac.is_zero();
    if (!change.mac) return;
    if (!is_first)
        context_.events.warn(journal::EventKind::link, about(port),
                             "interface {}: its MAC is {} now, was {}", port.name,
                             link.mac.to_string(), port.mac.to_string());
    port.mac = link.mac;
}

void Links::set_addresses(PortChange& change, const kernel::Link& link) {
    model::PortState& port = context_.state.ports[change.port];
    const auto primary = link.present ? link.ipv4() : std::nullopt;
    const auto link_local = link.present ? link.ipv6_link_local() : std::nullopt;
    if (port.primary != primary)
        context_.events.info(journal::EventKind::link, about(port), "interface {}: address {}",
                             port.name, text_of(primary));
    if (port.link_local != link_local)
        context_.events.info(journal::EventKind::link, about(port),
                             "interface {}: link-local address {}", port.name, text_of(link_local));
    change.addresses = port.primary != primary || port.link_local != link_local;
    port.primary = primary;
    port.link_local = link_local;
}

void Links::set_mtu(PortChange& change, std::uint16_t mtu) {
    model::PortState& port = context_.state.ports[change.port];
    change.mtu = port.mtu != mtu;
    if (change.mtu) spdlog::info("interface {}: MTU {}, was {}", port.name, mtu, port.mtu);
    port.mtu = mtu;
}

void Links::set_link(PortChange& change, bool up) {
    model::PortState& port = context_.state.ports[change.port];
    change.link = port.link_up != up;
    if (!change.link) return;
    port.link_up = up;
    if (!up) {
        std::rotate(port.went_down_ns.begin(), port.went_down_ns.end() - 1,
                    port.went_down_ns.end());
        port.went_down_ns.front() = port::now_ns();
        ++port.flaps;
    }
    context_.events.add(journal::EventKind::link,
                        up ? journal::EventLevel::info : journal::EventLevel::warning,
                        "interface " + port.name + ": link " + (up ? "up" : "down"), about(port));
}

std::vector<PortChange> Links::poll_own() {
    std::vector<PortChange> changes;
    for (std::size_t i = 0; i < context_.state.ports.size(); ++i) {
        if (context_.state.ports[i].shared) continue;
        PortChange change{.port = static_cast<std::uint8_t>(i)};
        set_link(change, delays_.counts_as(ports_[i].name(), ports_[i].link_up()));
        if (change.link) changes.push_back(change);
    }
    return changes;
}

// A port that has one takes it once more.
void Links::hear_virtual_macs(const config::Config& wanted) {
    for (const config::VrrpInstance& instance : wanted.vrrp_instances)
        for (std::size_t i = 0; i < ports_.size(); ++i) {
            model::PortState& port = context_.state.ports[i];
            if (!instance.use_vmac || instance.interface != port.name) continue;
            ports_[i].add_mac(
                net::virtual_router_mac(instance.virtual_router_id, instance.is_ipv6()));
            const bool heard =
                std::exchange(port.hears_virtual_macs, ports_[i].mac_trouble().empty());
            if (heard && !port.hears_virtual_macs)
                context_.events.warn(
                    journal::EventKind::link, about(port),
                    "interface {}: use_vmac is not possible, the physical MAC is used: {}",
                    port.name, ports_[i].mac_trouble());
        }
}

}  // namespace warren::control
