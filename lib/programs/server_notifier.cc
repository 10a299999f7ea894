// SPDX-License-Identifier: BSD-3-Clause
#include "programs/server_notifier.h"

#include <utility>

#include "programs/script.h"

namespace warren::programs {

ServerNotifier::ServerNotifier(const config::Config& config, ScriptQueues& queues,
                               Listeners listeners)
    : queues_(queues), listeners_(std::move(listeners)) {
    resolve(config);
}

void ServerNotifier::resolve(const config::Config& config) {
    programs_.clear();
    const auto look = [&](const std::optional<config::Script>& script) {
        if (!script) return;
        if (auto program = check_script(*script, config.global).program)
            programs_[key_of(*script)] = std::move(*program);
    };
    for (const config::VirtualServer& service : config.virtual_servers) {
        look(service.quorum_up);
        look(service.quorum_down);
        for (const config::RealServer& server : service.real_servers) {
            look(server.notify_up);
            look(server.notify_down);
        }
        if (!service.sorry_server) continue;
        look(service.sorry_server->notify_up);
        look(service.sorry_server->notify_down);
    }
}

void ServerNotifier::on_server(const config::VirtualServer& service,
                               const config::RealServer& server, bool up, std::string_view why) {
    run(service, up ? server.notify_up : server.notify_down);
    for (Listener* listener : listeners_)
        listener->on_server(service, server, up, why);
}

void ServerNotifier::on_quorum(const config::VirtualServer& service, bool up,
                               std::string_view why) {
    run(service, up ? service.quorum_up : service.quorum_down);
    for (Listener* listener : listeners_)
        listener->on_quorum(service, up, why);
}

void ServerNotifier::run(const config::VirtualServer& service,
                         const std::optional<config::Script>& script) {
    if (!script) return;
    const auto program = programs_.find(key_of(*script));
    if (program == programs_.end()) return;
    const std::string address = service.address.to_string();
    queues_.run("virtual_server " + config::name_of(service), program->second,
                {.service = (service.address.is_v4() ? address : "[" + address + "]") + ":" +
                            std::to_string(service.port)});
}

}  // namespace warren::programs
