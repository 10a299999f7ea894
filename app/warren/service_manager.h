// SPDX-License-Identifier: BSD-3-Clause
// Tells systemd that we are ready or stopping (sd_notify), if it asked.
#pragma once

#include <string_view>

namespace warren::app {

// `state` as in sd_notify(3): "READY=1". Without NOTIFY_SOCKET nothing happens.
void notify_service_manager(std::string_view state);

}  // namespace warren::app
