// SPDX-License-Identifier: BSD-3-Clause
#include "config/host_devices.h"

#include <algorithm>
#include <vector>

namespace warren::config {
namespace {

std::string how_to_have(const std::string& interface) {
    return ": warren cannot start before it is there (`ip link` lists them; `dynamic_interfaces` "
           "in "
           "global_defs waits for it; a card of its own needs `dataplane { interface " +
           interface + " { device ... } }`)";
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

syntax::Diagnostics find_missing_interfaces(
    const Config& config, const std::function<HostDevice(const std::string& name)>& device_of) {
    syntax::Diagnostics found;
    const bool may_come = config.global.dynamic_interfaces;
    for (const VrrpInstance& instance : config.vrrp_instances)
        if (device_of(instance.interface) == HostDevice::missing)
            found.push_back({instance.where, syntax::Severity::warning,
                             instance.name + ": there is no interface " + instance.interface +
                                 (may_come ? ": in fault until it comes (dynamic_interfaces)"
                                           : how_to_have(instance.interface))});
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

}  // namespace warren::config
