// SPDX-License-Identifier: BSD-3-Clause
#include "control/host.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "model/builder.h"
#include "model/kernel_rules.h"

namespace warren::control {
namespace {

constexpr const char* port_range_file = "/proc/sys/net/ipv4/ip_local_port_range";  // IPv6's too
constexpr std::uint32_t least_local_ports = 16'384;
constexpr std::uint16_t least_host_ports = 4'096;
// A quarter of the time, where thousands of servers fail one by one.
constexpr int rests_of_local_clients = 3;
// The kernel takes some 10 us for each: 2.5 ms of a turn.
constexpr std::size_t targets_of_a_turn = 256;

kernel::HostAddresses::Log log_to(journal::EventLog& events) {
    const auto at = [&events](journal::EventLevel level) {
        return [&events, level](const std::string& interface, const std::string& text) {
            events.add(journal::EventKind::link, level, text,
                       journal::Subject{.interface = interface});
        };
    };
    return {.info = at(journal::EventLevel::info), .warning = at(journal::EventLevel::warning)};
}

template <typename Value>
void add_missing(std::vector<Value>& to, const std::vector<Value>& from) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(to), [&](const Value& value) {
        return std::find(to.begin(), to.end(), value) == to.end();
    });
}

void add_what_was(kernel::GuardRules& rules, const kernel::GuardRules& before) {
    for (kernel::InterfaceRules& now : rules.interfaces)
        for (const kernel::InterfaceRules& old : before.interfaces) {
            if (old.interface != now.interface) continue;
            add_missing(now.addresses, old.addresses);
            add_missing(now.services, old.services);
            add_missing(now.local_addresses, old.local_addresses);
        }
}

}  // namespace

Host::Host(const Context& context, const kernel::Netlink& netlink, const std::string& instance,
           kernel::Cleaner* cleaner)
    : context_(context),
      netlink_(netlink),
      guard_(instance, cleaner),
      addresses_(log_to(context.events), cleaner),
      static_addresses_(log_to(context.events), cleaner),
      routes_(log_to(context.events), cleaner),
      local_clients_(context.io, context.attempts, "leading the host's own clients",
                     rests_of_local_clients, [this] { follow_local_clients(); }) {}

// FNAT leaves out what the host numbers its own connections from. Where that is nearly all there
// is, FNAT leaves the end of it, which the host's connections to a real_server are translated to.
void Host::set_host_ports() {
    if (!context_.state.config.dataplane.host_addresses) return;
    std::uint32_t first = 0, last = 0;
    std::ifstream file(port_range_file);
    if (!(file >> first >> last) || first == 0 || last > 65'535 || last < first) return;
    flow::PortRange range{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
    if (flow::end_of_ports - flow::first_local_port < range.size() + least_local_ports)
        range.first = static_cast<std::uint16_t>(range.last - least_host_ports + 1);
    context_.state.host_ports = range;
}

// An interface that another warren guards is not ours, nor is what that has in the kernel: what
// seems left there may be in use.
void Host::start() {
    claim_ports();
    addresses_.promote_on(model::promoting_interfaces(context_.state.config));
    addresses_.remove_leftovers(model::possible_host_addresses(context_.state.config));
    routes_.remove_leftovers(model::possible_host_policy(context_.state.config));
    follow_addresses();
    set_host_ports();
    context_.state.kernel_addresses = kernel_addresses();
    const auto snapshot = model::build_snapshot(context_.state, 0);
    for (std::size_t i = 0; i < context_.state.ports.size(); ++i)
        begin_port(static_cast<std::uint8_t>(i), *snapshot);
    guard(rules_of(*snapshot, local_rules()), Refusal::is_thrown);
}

void Host::take_port(std::uint8_t index, const exchange::Snapshot& snapshot) {
    begin_port(index, snapshot);
    guard(rules_of(snapshot, local_rules()), Refusal::is_thrown);
}

// Nothing is hidden yet.
void Host::claim_ports() {
    kernel::GuardRules rules;
    for (const model::PortState& port : context_.state.ports)
        if (port.shared)
            rules.interfaces.push_back({.interface = port.name, .ifindex = port.ifindex});
    guard(std::move(rules), Refusal::is_thrown);
}

void Host::begin_port(std::uint8_t index, const exchange::Snapshot& snapshot) {
    const model::PortState& port = context_.state.ports[index];
    if (port.ifindex != 0)
        join_groups(index, snapshot);
    else if (!port.shared)
        context_.events.warn(
            journal::EventKind::link, about(port),
            "interface {}: the kernel has none of that name: no IGMP or MLD reports, a "
            "snooping switch may withhold the peer's adverts",
            port.name);
}

kernel::GuardRules Host::rules_of(const exchange::Snapshot& snapshot, kernel::LocalRules local) {
    kernel::GuardRules rules = model::guard_rules(context_.state, snapshot);
    for (const kernel::InterfaceRules& interface : rules.interfaces)
        warn_of_double_owners(interface);
    rules.local = std::move(local);
    return rules;
}

void Host::guard(kernel::GuardRules rules, Refusal refusal) {
    take(guard_.follow(std::move(rules)), refusal);
}

// Serving goes on without: the guard tries again. A kernel that cannot is no reason not to start.
void Host::take(const std::vector<kernel::GuardTrouble>& troubles, Refusal refusal) {
    using Kind = kernel::GuardTrouble::Kind;
    for (const kernel::GuardTrouble& trouble : troubles) {
        const journal::Subject subject{.interface = trouble.interface};
        if (trouble.interface.empty() || trouble.kind == Kind::unsupported)
            context_.events.warn(journal::EventKind::link, subject, "{}", trouble.text);
        else if (refusal == Refusal::is_thrown)
            throw std::runtime_error(trouble.text);
        else
            context_.events.error(journal::EventKind::link, subject, "{}", trouble.text);
    }
}

// An address that the kernel has too (somebody has put it there) is still ours alone.
void Host::warn_of_double_owners(const kernel::InterfaceRules& rules) {
    const std::vector<net::IpAddress>& kernel = context_.state.kernel_addresses;
    for (const net::IpAddress& address : rules.addresses)
        if (std::binary_search(kernel.begin(), kernel.end(), address) &&
            doubly_owned_.insert(address).second)
            context_.events.warn(
                journal::EventKind::link, journal::Subject{.interface = rules.interface},
                "{} is an address of the kernel too, which hears nothing of it; remove it",
                address.to_string());
}

// A port hides another one's address while we are master of it: from before the kernel has it until
// the kernel has it no more. Local clients are led there when it has; whatever else has changed for
// them has a turn of its own.
void Host::follow_masters() {
    follow_masters(*model::build_snapshot(context_.state, 0));
}

void Host::follow_masters(const exchange::Snapshot& snapshot) {
    if (const kernel::GuardRules& before = guard_.rules(); before.interfaces.size() > 1) {
        kernel::GuardRules both = rules_of(snapshot, before.local);
        add_what_was(both, before);
        guard(std::move(both), Refusal::is_told);
    }
    follow_addresses();
    guard(rules_of(snapshot, next_local_rules(0)), Refusal::is_told);
}

// Routes lead by addresses: they come after them and go before them.
void Host::follow_addresses(kernel::Lost lost) {
    const std::vector<kernel::PolicyEntry> policy = model::host_policy(context_.state);
    const std::vector<kernel::Link> links = netlink_.links();
    routes_.withdraw(policy);
    addresses_.promote_on(model::promoting_interfaces(context_.state.config));
    static_addresses_.follow(model::static_addresses(context_.state.config), links, lost);
    addresses_.follow(model::host_addresses(context_.state), links, lost);
    routes_.place(policy);
}

vrrp::TrackedState Host::state_of_group(const std::string& group) const {
    const model::StaticThings things = model::things_of_group(context_.state.config, group);
    for (const kernel::PolicyEntry& entry : things.policy)
        if (routes_.has_lost(entry))
            return vrrp::TrackedState::of(false, to_string(entry) + " is missing");
    for (const kernel::KernelAddress& address : things.addresses)
        if (static_addresses_.has_lost(address, netlink_.links()))
            return vrrp::TrackedState::of(false, address.prefix.to_string() + " is missing");
    return vrrp::TrackedState::of(true, "nothing is missing");
}

void Host::follow_guard() {
    guard(rules_of(*model::build_snapshot(context_.state, 0), next_local_rules(0)),
          Refusal::is_told);
}

kernel::LocalRules Host::local_rules() const {
    kernel::LocalRules rules{.services = model::local_services(context_.state),
                             .forwarding = kernel::Forwarding::of_host(),
                             .shared = model::shared_sources(context_.state)};
    for (const model::PortState& port : context_.state.ports)
        rules.ports.push_back(port.name);
    for (const kernel::Link& link : netlink_.links())
        if (link.present && !link.mac.is_zero() &&
            std::find(rules.ports.begin(), rules.ports.end(), link.name) == rules.ports.end())
            rules.stations.push_back(link.mac);
    return rules;
}

kernel::LocalRules Host::next_local_rules(std::size_t most_targets) {
    kernel::LocalRules rules = local_rules();
    if (model::leave_for_later(rules.services, guard_.rules().local.services, most_targets))
        local_clients_.follow_soon();
    return rules;
}

void Host::follow_local_clients() {
    kernel::GuardRules rules = guard_.rules();
    rules.local = next_local_rules(targets_of_a_turn);
    guard(std::move(rules), Refusal::is_told);
}

void Host::follow_forwarding() {
    if (guard_.rules().local.forwarding != kernel::Forwarding::of_host()) follow_local_clients();
}

void Host::expect_all_seen() {
    static_addresses_.expect_all_seen();
    addresses_.expect_all_seen();
    routes_.restore();
    follow_addresses(kernel::Lost::come_again);
    take(guard_.restore(), Refusal::is_told);
}

void Host::join_groups(std::uint8_t index, const exchange::Snapshot& snapshot) {
    const model::PortState& port = context_.state.ports[index];
    for (const net::IpAddress& group : model::multicast_groups(context_.state, snapshot, index)) {
        const std::string error = multicast_.join(port.ifindex, group);
        if (!error.empty())
            context_.events.warn(journal::EventKind::link, about(port),
                                 "interface {}: not in the group {}: {}", port.name,
                                 group.to_string(), error);
    }
}

void Host::join_all_groups(const exchange::Snapshot& snapshot) {
    for (std::uint8_t port = 0; port < context_.state.ports.size(); ++port)
        if (context_.state.ports[port].ifindex != 0) join_groups(port, snapshot);
}

kernel::Link Host::own_part(const kernel::Link& link) const {
    kernel::Link own = link;
    std::erase_if(own.addresses, [&](const kernel::LinkAddress& address) {
        return addresses_.has_placed(link.name, address.prefix.address);
    });
    return own;
}

std::vector<net::IpAddress> Host::kernel_addresses() const {
    std::vector<net::IpAddress> all;
    for (const kernel::Link& link : netlink_.links())
        for (const kernel::LinkAddress& address : own_part(link).addresses)
            all.push_back(address.prefix.address);
    std::sort(all.begin(), all.end());
    return all;
}

bool Host::follow_kernel_addresses() {
    auto addresses = kernel_addresses();
    if (addresses == context_.state.kernel_addresses) return false;
    context_.state.kernel_addresses = std::move(addresses);
    return true;
}

}  // namespace warren::control
