// SPDX-License-Identifier: BSD-3-Clause
// What becomes of the `dev` of virtual addresses on this host. Whoever can look tells; nothing here
// does.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"

namespace warren::config {

enum class HostDevice : std::uint8_t {
    link,     // stations there ask who has an address
    mute,     // nobody asks: lo, a dummy, a tunnel
    missing,  // the address is left out, as in keepalived
};

syntax::Diagnostics settle_devices(
    Config& config, const std::function<HostDevice(const std::string& name)>& device_of);

}  // namespace warren::config
