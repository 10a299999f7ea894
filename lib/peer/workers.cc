// SPDX-License-Identifier: BSD-3-Clause
#include "peer/workers.h"

namespace warren::peer {

using exchange::SyncCommand;

namespace {

unsigned owner_by_client(const flow::Flow& flow, const exchange::Service& service,
                         const flow::Spread& spread) {
    if (!service.goes_by_client()) return spread.owner(flow.client_tuple());
    return service.is_persistent()
               ? spread.owner_of_client(service.group_of(flow.client_address()), net::Be16(0))
               : spread.owner_of_client(flow.client_address(), flow.client_port);
}

}  // namespace

Placement placement_of(const flow::Flow& flow, const exchange::Service& service,
                       const flow::Spread& spread) {
    const unsigned client = owner_by_client(flow, service, spread);
    return {flow.method == flow::Method::fnat ? spread.owner(flow.server_tuple()) : client, client};
}

bool Workers::install(const sync::FlowRecord& record, const exchange::Service& service,
                      bool colour) {
    SyncCommand command;
    command.kind = SyncCommand::Kind::install;
    command.colour = colour ? 1 : 0;
    command.idle = flow::ticks_of_seconds(record.idle_s);
    command.client_interface = record.client_interface;
    command.flow = record.to_flow();
    const Placement placement = placement_of(command.flow, service, spread_);
    if (!link(placement.owner).commands.push(command)) return false;
    if (placement.client == placement.owner) return true;
    command.kind = SyncCommand::Kind::signpost;
    command.number = placement.owner;
    return link(placement.client).commands.push(command);
}

bool Workers::end(const sync::EndRecord& record) {
    SyncCommand command;
    command.kind = SyncCommand::Kind::end;
    command.flow.set_client_address(record.client_address);
    command.flow.set_vip(record.vip);
    command.flow.client_port = record.client_port;
    command.flow.service_port = record.service_port;
    command.flow.server_port = record.server_port;
    command.flow.local_port = record.local_port;
    command.flow.seq_delta = record.seq_delta;
    bool all = true;
    for (std::size_t worker = 0; worker < count(); ++worker)
        all = link(worker).commands.push(command) && all;
    return all;
}

bool Workers::bind(const sync::PersistenceRecord& record, const exchange::Service& service) {
    SyncCommand command;
    command.kind = SyncCommand::Kind::bind;
    command.idle = flow::ticks_of_seconds(record.seconds_left);
    command.flow.set_client_address(record.clients.address);
    command.flow.set_vip(record.vip);
    command.flow.service_port = record.service_port;
    command.flow.set_server_address(record.server_address);
    command.flow.server_port = record.server_port;
    return link(owner_by_client(command.flow, service, spread_)).commands.push(command);
}

bool Workers::ask_again(const sync::Source& source, const sync::Identity& identity) {
    SyncCommand command;
    command.kind = SyncCommand::Kind::again;
    command.index = source.index;
    flow::Flow& flow = command.flow;
    flow.set_client_address(identity.client.source);
    flow.set_vip(identity.client.destination);
    flow.client_port = identity.client.source_port;
    flow.service_port = identity.client.destination_port;
    flow.set_server_address(identity.server.source);
    flow.set_local_address(identity.server.destination);
    flow.server_port = identity.server.source_port;
    flow.local_port = identity.server.destination_port;
    flow.seq_delta = identity.seq_delta;
    return link(source.worker).commands.push(command);
}

}  // namespace warren::peer
