// SPDX-License-Identifier: BSD-3-Clause
// What the host has of virtual addresses: they follow the masters. Adverts and announcements never
// wait for that: the control lcore rings a bell with each transition and goes on, so the addresses
// come as soon as this thread is woken. The other order would make every takeover as late as that.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

#include "control/manager.h"
#include "model/builder.h"
#include "model/kernel_rules.h"

namespace warren::control {
namespace {

constexpr const char* port_range_file = "/proc/sys/net/ipv4/ip_local_port_range";  // IPv6's too
constexpr std::uint32_t least_local_ports = 16'384;

// With it the kernel drops what comes on lo from elsewhere.
bool strict_reverse_path() {
    for (const char* scope : {"all", "lo"}) {
        std::ifstream file(std::string("/proc/sys/net/ipv4/conf/") + scope + "/rp_filter");
        int value = 0;
        if (file >> value && value == 1) return true;
    }
    return false;
}

}  // namespace

kernel::HostAddresses::Told Manager::told_of_host() {
    return {
        .info =
            [this](const std::string& text) { events_.info(journal::EventKind::link, "{}", text); },
        .warning =
            [this](const std::string& text) {
                events_.warn(journal::EventKind::link, "{}", text);
            }};
}

// FNAT leaves out what the host numbers its own connections from; where that is nearly all there
// is, FNAT takes it, and the host's connections from a virtual address to a real_server do not
// work.
void Manager::set_host_ports() {
    if (!state_->config.dataplane.host_addresses) return;
    std::uint32_t first = 0, last = 0;
    std::ifstream file(port_range_file);
    if (!(file >> first >> last) || first == 0 || last > 65'535 || last < first) return;
    const flow::PortRange range{static_cast<std::uint16_t>(first),
                                static_cast<std::uint16_t>(last)};
    if (flow::end_of_ports - flow::first_local_port >= range.size() + least_local_ports)
        state_->host_ports = range;
    else
        events_.info(journal::EventKind::process,
                     "ip_local_port_range {} {} leaves FNAT too few ports: it uses those too; the "
                     "host's own connections from a virtual address to a real_server do not work",
                     first, last);
}

// Without what it has through us: a virtual address is nobody's primary one.
kernel::Link Manager::own_part(const kernel::Link& link) const {
    kernel::Link own = link;
    std::erase_if(own.addresses, [&](const kernel::LinkAddress& address) {
        return host_addresses_.has_placed(link.name, address.prefix.address);
    });
    return own;
}

std::vector<net::IpAddress> Manager::kernel_addresses() const {
    std::vector<net::IpAddress> all;
    for (const kernel::Link& link : netlink_.links())
        for (const kernel::LinkAddress& address : own_part(link).addresses)
            all.push_back(address.prefix.address);
    std::sort(all.begin(), all.end());
    return all;
}

// After anything that may have changed who is master, or what the kernel has.
void Manager::follow_masters() {
    host_addresses_.follow(host_addresses(*state_), netlink_.links());
    try_guards(*build_snapshot(*state_, 0));
    silence_kernel();
    follow_local_clients();
}

// Whatever interface it is asked on.
void Manager::silence_kernel() {
    std::vector<net::IpAddress> silent;
    const auto snapshot = build_snapshot(*state_, 0);
    for (std::size_t i = 0; i < state_->ports.size(); ++i) {
        const kernel::GuardRules rules =
            guard_rules(*state_, *snapshot, static_cast<std::uint8_t>(i));
        silent.insert(silent.end(), rules.silent.begin(), rules.silent.end());
    }
    if (const std::string error = arp_silence_.follow(silent); !error.empty())
        events_.warn(
            journal::EventKind::link,
            "the kernel may answer ARP for our addresses on other interfaces: nftables: {}", error);
}

void Manager::follow_local_clients() {
    if (const std::string error = local_clients_.follow(local_services(*state_)); !error.empty())
        events_.warn(journal::EventKind::link,
                     "programs of this host cannot reach its virtual_servers: nftables: {}", error);
}

void Manager::tell_of_local_server(const net::IpAddress& server) {
    for (const model::ServerRecord& record : state_->servers) {
        if (!is_served(record) || record.config->address != server || !record.next_hop ||
            !record.next_hop->local)
            continue;
        if (!is_local_server(*state_, record))
            events_.warn(journal::EventKind::server,
                         "server {}: the address is this machine's own and is not forwarded to",
                         name_of(record));
        else if (strict_reverse_path())
            events_.warn(
                journal::EventKind::server,
                "server {} is this machine: net.ipv4.conf.{{all,lo}}.rp_filter 1 keeps its "
                "clients from it; 2 or 0 is needed",
                name_of(record));
    }
}

void Manager::wait_for_bell() {
    vrrp_.bell.wake_up();
    vrrp_.bell.fall_asleep();
    bell_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& error) {
                         if (error) return;
                         wait_for_bell();
                         take_statuses();
                         take_reports();
                     });
}

}  // namespace warren::control
