// SPDX-License-Identifier: BSD-3-Clause
#include "worker_sync/installer.h"

#include "flow/unsure.h"
#include "worker_sync/handshake.h"

namespace warren::worker_sync {

using exchange::Snapshot;
using exchange::SyncRefusal;
using flow::Method;
using flow::TcpState;

namespace {

bool is_sane(const flow::Flow& f) {
    const bool has_ports = f.client_port.raw() != 0 && f.service_port.raw() != 0 &&
                           f.server_port.raw() != 0 && f.local_port.raw() != 0;
    const bool is_own_source =
        f.method == Method::fnat ||
        (f.local_address() == f.client_address() && f.local_port == f.client_port);
    return has_ports && is_own_source && f.method <= Method::tun && f.client_address() != f.vip() &&
           (flow::is_synced(f.state) || f.state == TcpState::syn_received);
}

// A tunnel's ends may be of another family than what is in it.
bool families_fit(const flow::Flow& f) {
    const net::IpAddress facing = f.method == Method::fnat ? f.local_address() : f.client_address();
    return f.client_address().is_v4() == f.vip().is_v4() &&
           (f.method == Method::tun || facing.is_v4() == f.server_address().is_v4());
}

// Everything by address: indices are the machine's own. Fills in what the record does not say.
std::optional<SyncRefusal> resolve(flow::Flow& f, std::uint16_t client_interface,
                                   const Snapshot& snapshot) {
    if (!is_sane(f)) return SyncRefusal::malformed;
    const exchange::OwnedAddress* vip = snapshot.find_address(f.vip());
    if (vip == nullptr) return SyncRefusal::unknown_vip;
    f.service_id = snapshot.find_service(f.vip(), f.service_port);
    if (f.service_id == Snapshot::no_service) return SyncRefusal::unknown_service;
    if (!snapshot.services[f.service_id].synced) return SyncRefusal::service_off;
    f.server_id = snapshot.find_server(f.service_id, f.server_address(), f.server_port);
    if (f.server_id == Snapshot::no_server) return SyncRefusal::unknown_server;
    if (snapshot.servers[f.server_id].method != f.method) return SyncRefusal::method_differs;
    if (!families_fit(f)) return SyncRefusal::family;
    if (f.method == Method::fnat && snapshot.find_address(f.local_address()) == nullptr)
        return SyncRefusal::local_not_ours;
    if (f.header_due != net::ProxyVersion::none) f.header_due = snapshot.servers[f.server_id].proxy;
    f.client_port_index = snapshot.port_named(client_interface, vip->port);
    return std::nullopt;
}

// The peer does not say the server's addresses again: what is left names the flow well enough. Its
// client's tuple has been compared.
bool is_ended_by(const flow::Flow& known, const flow::Flow& ended) {
    return known.local_port == ended.local_port && known.server_port == ended.server_port &&
           known.seq_delta == ended.seq_delta;
}

}  // namespace

bool is_same(const flow::Flow& a, const flow::Flow& b) {
    return a.client_tuple() == b.client_tuple() && a.server_tuple() == b.server_tuple() &&
           a.seq_delta == b.seq_delta;
}

Installer::Refusal Installer::install(const exchange::SyncCommand& command,
                                      const PollRound& round) {
    flow::Flow flow = command.flow;
    if (const Refusal refusal = resolve(flow, command.client_interface, *round.snapshot))
        return refusal;
    flow.flags = 0;
    flow::set_untouched(flow);
    flow.resets_to_client = 0;
    flow.colour = command.colour;
    flow.last_seen = round.tick - command.idle;
    return put(from_record(flow, round.now_us()), round);
}

Installer::Refusal Installer::put(const flow::Flow& flow, const PollRound& round) {
    const flow::FlowTable::Hit hit = tables_.flows.find(flow.client_tuple());
    if (hit && !peer_decides(tables_.flows[hit.index], round)) {
        tables_.link.sync->kept_own.add();
        return std::nullopt;
    }
    if (hit) {
        const flow::Flow& known = tables_.flows[hit.index];
        if (flow::is_live(known.state) && is_same(known, flow) &&
            known.server_id == flow.server_id && known.service_id == flow.service_id &&
            known.method == flow.method) {
            update(hit.index, flow, round);
            return std::nullopt;
        }
    }
    if (const Refusal refusal = make_room(flow, round)) return refusal;
    return add(flow, round);
}

Installer::Refusal Installer::put_up_signpost(const exchange::SyncCommand& command,
                                              const PollRound& round) {
    if (command.number == tables_.worker || command.number >= tables_.spread.workers())
        return SyncRefusal::malformed;
    flow::Flow flow = command.flow;
    if (const Refusal refusal = resolve(flow, command.client_interface, *round.snapshot))
        return refusal;
    const flow::FlowTable::Hit hit = tables_.flows.find(flow.client_tuple());
    if (hit && !peer_decides(tables_.flows[hit.index], round)) {
        tables_.link.sync->kept_own.add();
        return std::nullopt;
    }
    if (hit) tables_.remove(hit.index, round);
    flow::Flow signpost = flow::Flow::signpost(flow, command.number);
    signpost.last_seen = round.tick;
    if (tables_.flows.restore(signpost) == flow::no_flow) return SyncRefusal::table_full;
    return std::nullopt;
}

// Takes out what has a tuple of the flow's.
Installer::Refusal Installer::make_room(const flow::Flow& flow, const PollRound& round) {
    if (flow::sees_both_sides(flow.method)) {
        const flow::FlowTable::Hit other = tables_.flows.find(flow.server_tuple());
        if (other && !flow::is_recyclable(tables_.flows[other.index].state) &&
            !peer_decides(tables_.flows[other.index], round))
            return SyncRefusal::port_conflict;
        if (other) tables_.remove(other.index, round);
    }
    const flow::FlowTable::Hit same = tables_.flows.find(flow.client_tuple());
    if (same) tables_.remove(same.index, round);
    return std::nullopt;
}

Installer::Refusal Installer::add(const flow::Flow& flow, const PollRound& round) {
    const flow::FlowIndex index = tables_.flows.restore(flow);
    if (index == flow::no_flow) return SyncRefusal::table_full;
    tables_.choice.keep(tables_.flows[index], round);
    if (flow::has_opened(flow.state)) tables_.choice.confirm(tables_.flows[index], round);
    tables_.count_flows(flow.server_id);
    tables_.link.sync->installed.add();
    const exchange::ServerState state = round.snapshot->servers[flow.server_id].state;
    has_dead_flows_ = has_dead_flows_ ||
                      (state != exchange::ServerState::up && state != exchange::ServerState::drain);
    return std::nullopt;
}

// What is from before the handshake's end and comes late says nothing new.
void Installer::update(flow::FlowIndex index, const flow::Flow& flow, const PollRound& round) {
    flow::Flow& known = tables_.flows[index];
    if (flow::is_synced(known.state) && !flow::is_synced(flow.state)) return;
    if (flow.state == TcpState::syn_sent) {
        known.last_seen = flow.last_seen;
        return;
    }
    const bool opens = !flow::has_opened(known.state) && flow::has_opened(flow.state);
    tables_.flows.set_state(index, flow.state, round.tick);
    known.flags =
        static_cast<std::uint8_t>((known.flags & flow::flow_flag::persistent) | flow.flags);
    known.header_due = flow.header_due;
    known.resets_to_client = 0;
    known.colour = flow.colour;
    // A peer that names no port may be one that cannot: what was seen here is better then.
    const bool is_named = flow.client_port_index != round.snapshot->find_address(flow.vip())->port;
    if (is_named || known.client_mac != flow.client_mac)
        known.client_port_index = flow.client_port_index;
    known.client_mac = flow.client_mac;
    known.next_to_client = flow.next_to_client;
    known.next_to_server = flow.next_to_server;
    known.ack_from_client = flow.ack_from_client;
    known.ack_from_server = flow.ack_from_server;
    known.last_seen = flow.last_seen;
    if (opens) tables_.choice.confirm(known, round);
    tables_.count_flows(known.server_id);
    tables_.link.sync->installed.add();
}

void Installer::end(const flow::Flow& flow, const PollRound& round) {
    const flow::FlowTable::Hit hit = tables_.flows.find(flow.client_tuple());
    if (!hit) return;
    const flow::Flow& known = tables_.flows[hit.index];
    if (known.state != TcpState::elsewhere && !is_ended_by(known, flow)) return;
    if (peer_decides(tables_.flows[hit.index], round))
        tables_.remove(hit.index, round);
    else
        tables_.link.sync->kept_own.add();
}

void Installer::install_persistence(const exchange::SyncCommand& command, const PollRound& round) {
    const Snapshot& snapshot = *round.snapshot;
    const flow::Flow& record = command.flow;
    const std::uint16_t id = snapshot.find_service(record.vip(), record.service_port);
    if (id == Snapshot::no_service) return;
    const exchange::Service& service = snapshot.services[id];
    const std::uint16_t server =
        snapshot.find_server(id, record.server_address(), record.server_port);
    if (!service.synced || !service.is_persistent() || server == Snapshot::no_server) return;
    tables_.choice.remember({.group = {service.group_of(record.client_address()), id},
                             .server = server,
                             .left = command.idle},
                            round);
}

// The peer's word counts more than what we know of the flow. One that we have ended is not the
// peer's any more; a signpost is.
bool Installer::peer_decides(const flow::Flow& flow, const PollRound& round) const {
    return !round.serves(flow.service_id) || flow.state == TcpState::elsewhere ||
           (flow::is_untouched(flow) && flow::is_live(flow.state));
}

}  // namespace warren::worker_sync
