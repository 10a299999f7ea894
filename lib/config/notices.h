// SPDX-License-Identifier: BSD-3-Clause
// Who hears of state changes beside scripts: FIFOs of global_defs.
#pragma once

#include <optional>
#include <string>

#include "config/checks.h"
#include "config/diagnostic.h"

namespace warren::config {

// State changes are written to it, a line each.
struct NotifyFifo {
    Location where;
    std::string path;                   // empty: none
    std::string user, group;            // who owns it; an empty user: who runs scripts
    std::optional<Script> script = {};  // reads it; gets the path as its last argument

    friend bool operator==(const NotifyFifo&, const NotifyFifo&) = default;
};

struct NotifyFifos {
    NotifyFifo all, vrrp, lvs;      // notify_fifo, vrrp_notify_fifo, lvs_notify_fifo
    bool states_on_reload = false;  // fifo_write_vrrp_states_on_reload

    friend bool operator==(const NotifyFifos&, const NotifyFifos&) = default;
};

}  // namespace warren::config
