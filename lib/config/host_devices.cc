// SPDX-License-Identifier: BSD-3-Clause
#include "config/host_devices.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

namespace warren::config {
namespace {

std::string how_to_have(const std::string& interface) {
    return ": warren cannot start before it is there (`ip link` lists them; `dynamic_interfaces` "
           "in global_defs waits for it; a card of its own needs `dataplane { interface " +
           interface + " { device ... } }`)";
}

constexpr std::uint8_t owner_priority = 255;  // master at once, and nothing is tracked away from it

using Addresses = std::unordered_set<net::IpAddress, net::IpAddressHash>;

// Those of VRRP.
Addresses virtual_addresses(const Config& config) {
    Addresses all;
    for (const VrrpInstance& instance : config.vrrp_instances)
        for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
            for (const VirtualAddress& address : *list)
                if (!instance.serves_host_address) all.insert(address.prefix.address);
    return all;
}

// What cannot be served by the host alone: what has a router, local addresses, and services whose
// local addresses come and go with VRRP.
Addresses taken_addresses(const Config& config) {
    const Addresses moving = virtual_addresses(config);
    Addresses taken = moving;
    for (const LocalAddressGroup& group : config.local_address_groups)
        for (const LocalAddressGroup::Member& member : group.members)
            taken.insert(member.address);
    for (const VirtualServer& service : config.virtual_servers)
        if (const auto* group = config.find_local_address_group(service.local_address_group))
            for (const LocalAddressGroup::Member& member : group->members)
                if (moving.contains(member.address)) taken.insert(service.address);
    return taken;
}

// The host has them now for a master of `running`, and when that gives them up no more.
Addresses passing_addresses(const Config& config, const Config* running) {
    Addresses passing = running == nullptr ? Addresses() : virtual_addresses(*running);
    for (const VirtualAddress& address : config.static_addresses)
        passing.erase(address.prefix.address);
    return passing;
}

std::string own_text(const net::IpAddress& address, const OwnPlace& place) {
    const std::string whose = address.to_string() + " is the host's own";
    return place.mute_device.empty()
               ? whose + ": served for as long as the host has it, no VRRP"
               : whose + ", on " + place.mute_device + ": it is served to clients that come by " +
                     place.interface;
}

VrrpInstance host_address_router(const net::IpAddress& address, const OwnPlace& place) {
    VrrpInstance router;
    router.name = address.to_string();
    router.interface = place.interface;
    router.initial_state = VrrpState::master;
    router.priority = owner_priority;
    router.serves_host_address = true;
    router.mcast_src_ip = address;
    router.track_src_ip = true;
    if (!address.is_v4()) {
        router.version = 3;
        router.multicast_group = *net::IpAddress::parse("ff02::12");
    }
    VirtualAddress own;
    own.prefix = {address, static_cast<std::uint8_t>(address.is_v4() ? 32 : 128)};
    own.device = place.mute_device;
    own.device_is_mute = !place.mute_device.empty();
    router.virtual_ipaddress.push_back(std::move(own));
    return router;
}

}  // namespace

syntax::Diagnostics settle_devices(
    Config& config, const std::function<HostDevice(const std::string& name)>& device_of) {
    syntax::Diagnostics found;
    const auto is_missing = [&](VirtualAddress& address) {
        if (address.device.empty()) return false;
        const HostDevice device = device_of(address.device);
        address.device_is_mute = device == HostDevice::mute;
        if (device != HostDevice::missing || config.global.dynamic_interfaces) return false;
        found.push_back({address.where, syntax::Severity::warning,
                         "there is no interface " + address.device + ": the address " +
                             address.prefix.address.to_string() +
                             " is left out, as in keepalived"});
        return true;
    };
    for (VrrpInstance& instance : config.vrrp_instances)
        for (auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
            std::erase_if(*list, is_missing);
    return found;
}

syntax::Diagnostics find_useless_interfaces(
    const Config& config, const std::function<HostDevice(const std::string& name)>& device_of) {
    syntax::Diagnostics found;
    const bool may_come = config.global.dynamic_interfaces;
    for (const VrrpInstance& instance : config.vrrp_instances) {
        const std::string& name = instance.interface;
        const auto warn = [&](const std::string& text) {
            found.push_back(
                {instance.where, syntax::Severity::warning, instance.name + ": " + text});
        };
        const HostDevice device = device_of(name);
        if (device == HostDevice::missing)
            warn("there is no interface " + name +
                 (may_come ? ": in fault until it comes (dynamic_interfaces)" : how_to_have(name)));
        if (device == HostDevice::mute && name != "lo")  // of which odd_addresses.h warns
            warn("no station is heard on " + name +
                 " (a dummy, a tunnel without Ethernet): nobody finds its addresses there");
    }
    return found;
}

void settle_server_interfaces(
    Config& config,
    const std::function<std::string(const net::IpAddress& server)>& interface_towards) {
    const auto add = [&](const RealServer& server) {
        const std::string name = interface_towards(server.address);
        auto& names = config.server_interfaces;
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    };
    for (const DataplaneInterface& interface : config.dataplane.interfaces)
        if (!interface.device.empty()) return;
    for (const VirtualServer& service : config.virtual_servers) {
        for (const RealServer& server : service.real_servers)
            add(server);
        if (service.sorry_server) add(*service.sorry_server);
    }
}

syntax::Diagnostics find_servers_without_way(
    const Config& config,
    const std::function<std::string(const net::IpAddress& server)>& mute_towards,
    const std::function<bool(bool v4)>& kernel_forwards) {
    syntax::Diagnostics found;
    const auto look_at = [&](const VirtualServer& service, const RealServer& server) {
        const std::string name = mute_towards(server.address);
        if (name.empty()) return;
        const LbKind kind = server.kind_in(service);
        const bool v4 = server.address.is_v4();
        const auto warn = [&](const std::string& text) {
            found.push_back({server.where, syntax::Severity::warning,
                             "no client reaches the server " + server.address.to_string() +
                                 ": its interface " + name + " has no Ethernet, and " + text});
        };
        if (v4 != service.address.is_v4() || (kind != LbKind::nat && kind != LbKind::fnat) ||
            service.proxy_protocol != net::ProxyVersion::none)
            warn(
                "this host's kernel leads there for lb_kind NAT and FNAT only, in the VIP's "
                "family and without proxy_protocol");
        else if (!kernel_forwards(v4))
            warn(std::string("this host's kernel leads there if net.ipv") +
                 (v4 ? "4.ip_forward" : "6.conf.all.forwarding") + " is 1");
    };
    for (const VirtualServer& service : config.virtual_servers) {
        for (const RealServer& server : service.real_servers)
            look_at(service, server);
        if (service.sorry_server) look_at(service, *service.sorry_server);
    }
    return found;
}

std::string interface_of_label(const std::string& label) {
    return label.substr(0, label.find(':'));
}

std::string unowned_text(const net::IpAddress& address) {
    return "the address " + address.to_string() +
           " of this virtual_server is in no vrrp_instance: nobody answers for it";
}

void serve_own_addresses(Config& config, syntax::Diagnostics& diagnostics,
                         const std::function<OwnPlace(const VirtualServer& service)>& place_of,
                         const Config* running) {
    if (config.flow_sync || !config.dataplane.host_addresses) return;
    Addresses taken = taken_addresses(config);
    taken.merge(passing_addresses(config, running));
    for (const VirtualServer& service : config.virtual_servers) {
        if (config.vrrp_instances.size() >= max_vrrp_instances || taken.contains(service.address) ||
            service.address.is_loopback() || service.address.is_link_local())
            continue;
        const OwnPlace place = place_of(service);
        if (place.interface.empty()) continue;
        config.vrrp_instances.push_back(host_address_router(service.address, place));
        taken.insert(service.address);
        std::erase_if(diagnostics, [&](const syntax::Diagnostic& diagnostic) {
            return diagnostic.message == unowned_text(service.address);
        });
        diagnostics.push_back(
            {service.where, syntax::Severity::note, own_text(service.address, place)});
    }
}

}  // namespace warren::config
