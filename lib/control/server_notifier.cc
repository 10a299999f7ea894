// SPDX-License-Identifier: BSD-3-Clause
#include "control/server_notifier.h"

#include "control/script.h"

namespace warren::control {

ServerNotifier::ServerNotifier(const config::GlobalDefs& global, ScriptQueues& queues)
    : global_(global), queues_(queues) {}

void ServerNotifier::on_server(const config::VirtualServer& service,
                               const config::RealServer& server, bool up) {
    run(service, up ? server.notify_up : server.notify_down);
}

void ServerNotifier::on_quorum(const config::VirtualServer& service, bool up) {
    run(service, up ? service.quorum_up : service.quorum_down);
}

void ServerNotifier::run(const config::VirtualServer& service,
                         const std::optional<config::Script>& script) {
    if (!script) return;
    if (const auto program = check_script(*script, global_).program)
        queues_.run("virtual_server " + config::name_of(service), *program);
}

}  // namespace warren::control
