// SPDX-License-Identifier: BSD-3-Clause
// The scripts of real_servers and virtual_servers: notify_up, notify_down, quorum_up, quorum_down.
// As in keepalived they get no arguments of ours. What one virtual_server says is run one after the
// other, so that its scripts never learn of states in the wrong order.
#pragma once

#include <optional>

#include "config/config.h"
#include "control/notifier.h"

namespace warren::control {

class ServerNotifier {
  public:
    // Runs them in `queues`; both must outlive this. A script that cannot run when its time comes
    // is left out.
    ServerNotifier(const config::GlobalDefs& global, ScriptQueues& queues);

    void on_server(const config::VirtualServer& service, const config::RealServer& server, bool up);
    void on_quorum(const config::VirtualServer& service, bool up);

  private:
    void run(const config::VirtualServer& service, const std::optional<config::Script>& script);

    const config::GlobalDefs& global_;
    ScriptQueues& queues_;
};

}  // namespace warren::control
