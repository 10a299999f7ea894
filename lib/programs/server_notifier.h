// SPDX-License-Identifier: BSD-3-Clause
// The scripts of real_servers and virtual_servers: notify_up, notify_down, quorum_up, quorum_down.
// As in keepalived they get no arguments of ours. What one virtual_server says is run one after the
// other, so that its scripts never learn of states in the wrong order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "config/config.h"
#include "programs/listener.h"
#include "programs/program.h"
#include "programs/script_queues.h"

namespace warren::programs {

class ServerNotifier {
  public:
    // Runs them in `queues`, which must outlive this.
    ServerNotifier(const config::Config& config, ScriptQueues& queues, Listeners listeners = {});

    // Looks for the programs of a configuration's scripts, now and not when their time comes: the
    // file system may hang then. What cannot run is left out.
    void resolve(const config::Config& config);

    // `why` is for the listeners.
    void on_server(const config::VirtualServer& service, const config::RealServer& server, bool up,
                   std::string_view why = {});
    void on_quorum(const config::VirtualServer& service, bool up, std::string_view why = {});

  private:
    void run(const config::VirtualServer& service, const std::optional<config::Script>& script);

    using Key = std::tuple<std::string, std::string, std::string>;  // command, user, group
    static Key key_of(const config::Script& script) {
        return {script.command, script.user, script.group};
    }

    std::map<Key, Program> programs_;
    ScriptQueues& queues_;
    Listeners listeners_;
};

}  // namespace warren::programs
