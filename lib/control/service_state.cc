// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_state.h"

#include "balance/client_key.h"
#include "control/builder.h"

namespace warren::control {
namespace {

bool goes_by_client(config::LbAlgo algo) {
    return algo == config::LbAlgo::sh || algo == config::LbAlgo::mh;
}

std::vector<balance::SlotOwner> slot_owners(const State& state, const ServiceRecord& service) {
    std::vector<balance::SlotOwner> owners;
    for (const std::uint16_t index : service.servers) {
        const ServerRecord& server = state.servers[index];
        const bool serves = server_state(server) == exchange::ServerState::up;
        owners.push_back(
            {balance::client_key(server.config->address, net::Be16(server.config->port)),
             serves ? server_weight(server) : 0, server.config->weight * balance::weight_one});
    }
    return owners;
}

}  // namespace

void update_slots(State& state) {
    for (ServiceRecord& service : state.services) {
        if (!goes_by_client(service.config->lb_algo)) continue;
        const std::vector<balance::SlotOwner> owners = slot_owners(state, service);
        if (service.slots && service.slots->fits(owners)) continue;
        service.slots = std::make_shared<const balance::SlotTable>(
            service.config->lb_algo == config::LbAlgo::mh
                ? balance::SlotTable::maglev(owners)
                : balance::SlotTable::source_hash(owners));
    }
}

}  // namespace warren::control
