// SPDX-License-Identifier: BSD-3-Clause
#include "control/server_notifier.h"

#include "control/script.h"

namespace warren::control {

ServerNotifier::ServerNotifier(const config::Config& config, ScriptQueues& queues)
    : queues_(queues) {
    const auto program = [&](const std::optional<config::Script>& script) {
        return script ? check_script(*script, config.global).program : std::nullopt;
    };
    for (const config::VirtualServer& v : config.virtual_servers) {
        Service& service = services_.emplace_back();
        service.queue = "virtual_server " + v.address.to_string() + " " + std::to_string(v.port);
        service.quorum = {program(v.quorum_up), program(v.quorum_down)};
        for (const config::RealServer& r : v.real_servers)
            service.servers.push_back({program(r.notify_up), program(r.notify_down)});
    }
}

void ServerNotifier::on_server(std::size_t service, std::size_t position, bool up) {
    run(services_[service], services_[service].servers[position], up);
}

void ServerNotifier::on_quorum(std::size_t service, bool up) {
    run(services_[service], services_[service].quorum, up);
}

void ServerNotifier::run(const Service& service, const Scripts& scripts, bool up) {
    if (const auto& script = up ? scripts.up : scripts.down) queues_.run(service.queue, *script);
}

}  // namespace warren::control
