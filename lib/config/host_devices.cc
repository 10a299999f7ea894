// SPDX-License-Identifier: BSD-3-Clause
#include "config/host_devices.h"

#include <vector>

namespace warren::config {

syntax::Diagnostics settle_devices(
    Config& config, const std::function<HostDevice(const std::string& name)>& device_of) {
    syntax::Diagnostics found;
    const auto is_missing = [&](VirtualAddress& address) {
        if (address.device.empty()) return false;
        const HostDevice device = device_of(address.device);
        address.device_is_mute = device == HostDevice::mute;
        if (device == HostDevice::missing)
            found.push_back({address.where, syntax::Severity::warning,
                             "there is no interface " + address.device + ": the address " +
                                 address.prefix.address.to_string() +
                                 " is left out, as in keepalived"});
        return device == HostDevice::missing;
    };
    for (VrrpInstance& instance : config.vrrp_instances)
        for (auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
            std::erase_if(*list, is_missing);
    return found;
}

}  // namespace warren::config
