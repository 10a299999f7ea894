// SPDX-License-Identifier: BSD-3-Clause
// Who hears of state changes beside scripts: FIFOs of global_defs, and readers of mail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/checks.h"
#include "syntax/diagnostic.h"

namespace warren::config {

inline constexpr std::size_t max_mail_addresses = 32;

// State changes are written to it, a line each.
struct NotifyFifo {
    syntax::Location where;
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

// Whether a mail is sent is said by the one it is about, else by its kind, else by smtp_alert, as
// in keepalived; and by nobody without a server and somebody to send it to.
struct Mail {
    std::vector<std::string> to;  // notification_email
    std::string from;             // empty: keepalived@HOST
    std::string server;           // an address or a name; empty: none
    std::uint16_t port = 25;
    std::string helo_name;                    // empty: the host's name
    std::int64_t timeout_ns = 30 * ns_per_s;  // for the connection, and for each answer
    bool faults = true;                       // no_email_faults
    std::optional<bool> alert, vrrp_alert, checker_alert;

    bool is_sent() const { return !server.empty() && !to.empty(); }
    bool of_router(std::optional<bool> own) const {
        return own.value_or(vrrp_alert.value_or(alert.value_or(false)));
    }
    bool of_service(std::optional<bool> own) const {
        return own.value_or(checker_alert.value_or(alert.value_or(false)));
    }
    // keepalived's default: only here it is yes.
    bool of_server(std::optional<bool> own) const {
        return own.value_or(checker_alert.value_or(alert.value_or(true)));
    }

    friend bool operator==(const Mail&, const Mail&) = default;
};

}  // namespace warren::config
