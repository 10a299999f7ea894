// SPDX-License-Identifier: BSD-3-Clause
// The scripts of real_servers and virtual_servers: notify_up, notify_down, quorum_up, quorum_down.
// As in keepalived they get no arguments of ours. What one virtual_server says is run one after the
// other, so that its scripts never learn of states in the wrong order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "control/notifier.h"

namespace warren::control {

class ServerNotifier {
  public:
    // Runs them in `queues`, which must outlive this.
    ServerNotifier(const config::Config& config, ScriptQueues& queues);

    // Indices as in the configuration: of the virtual_server, and of the real_server in it.
    void on_server(std::size_t service, std::size_t position, bool up);
    void on_quorum(std::size_t service, bool up);

  private:
    struct Scripts {
        std::optional<Program> up, down;
    };
    struct Service {
        std::string queue;
        Scripts quorum;
        std::vector<Scripts> servers;
    };

    void run(const Service& service, const Scripts& scripts, bool up);

    std::vector<Service> services_;
    ScriptQueues& queues_;
};

}  // namespace warren::control
