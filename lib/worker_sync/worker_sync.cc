// SPDX-License-Identifier: BSD-3-Clause
#include "worker_sync/worker_sync.h"

#include <algorithm>

#include "flow/unsure.h"
#include "worker_sync/handshake.h"

namespace warren::worker_sync {

using exchange::SyncCommand;
using exchange::SyncEvent;

namespace {

std::uint16_t interface_of_client(const flow::Flow& flow, const exchange::Snapshot& snapshot) {
    const auto* vip = snapshot.find_address(flow.vip());
    return vip == nullptr ? std::uint16_t{0} : snapshot.name_of(flow.client_port_index, vip->port);
}

}  // namespace

WorkerSync::WorkerSync(tables::Tables& tables, exchange::SyncShared& shared)
    : tables_(tables), link_(tables.link.sync.get()), shared_(shared), installer_(tables) {}

unsigned WorkerSync::work(const PollRound& round) {
    if (link_ == nullptr) return 0;
    retry_reply();
    send_half_open(round);
    send_changes(round);
    unsigned done = mark_untouched(round);
    if (mark_ && !sweep_.is_under_way()) answer_mark(round);
    done += execute(round);
    done += walk(round);
    done += sweep(round);
    if (std::exchange(has_sent_, false)) shared_.bell.ring_if_asleep();
    return done;
}

bool WorkerSync::syncs(std::uint16_t service, const PollRound& round) const {
    return shared_.speaks.load(std::memory_order_relaxed) &&
           round.snapshot->services[service].synced && round.syncs(service);
}

// A flow that was handed over and came back from the peer is not sent to it again.
bool WorkerSync::syncs(const flow::Flow& flow, const PollRound& round) const {
    return syncs(flow.service_id, round) &&
           (round.serves(flow.service_id) || !flow::is_untouched(flow));
}

// Of a virtual router that is offered to the peer, or is the peer's since this round. It would not
// know them otherwise, and their clients may have the server's answer already. The youngest first,
// for in a flood the others are nobody's.
void WorkerSync::send_half_open(const PollRound& round) {
    const bool is_new = round.ownership.has_offers && round.ownership.offers_begun != offers_seen_;
    if (is_new) offers_seen_ = round.ownership.offers_begun;
    if (!is_new && !round.watch.has_lost()) return;
    const flow::HalfOpenList& all = tables_.flows.half_open();
    flow::FlowIndex index = all.youngest();
    for (unsigned i = 0; i < looked_at_per_round && index != flow::no_flow; ++i) {
        const flow::Flow& flow = tables_.flows[index];
        const bool goes = !round.serves(flow.service_id) ||
                          round.is_handing_over(round.snapshot->router_of(flow.service_id));
        if (goes && may_be_answered(flow) && syncs(flow.service_id, round))
            send_flow(index, 0, round);
        index = all.older(index);
    }
}

// A flow that has ended since its change is sent here as it is and, behind that, as ended.
void WorkerSync::send_changes(const PollRound& round) {
    flow::SyncedFlows& synced = tables_.flows.synced_flows();
    if (synced.take_overflow()) restart_walk();
    for (; const flow::SyncedChange* change = synced.first(); synced.drop_first()) {
        if (!change->has_left) {
            const flow::Flow& flow = tables_.flows[change->index];
            if (flow::is_synced(flow.state) && syncs(flow, round))
                send_flow(change->index, 0, round);
        } else if (syncs(change->gone, round)) {
            send({.kind = SyncEvent::Kind::ended, .index = change->index, .flow = change->gone});
        }
    }
}

void WorkerSync::send_flow(flow::FlowIndex index, std::uint32_t number, const PollRound& round) {
    const flow::Flow& flow = tables_.flows[index];
    send({.kind = SyncEvent::Kind::flow,
          .idle = round.tick - flow.last_seen,
          .index = index,
          .number = number,
          .client_interface = interface_of_client(flow, *round.snapshot),
          .flow = to_record(flow)});
}

// An event that finds the channel full is dropped: the walk sends its flow again, and an end that
// was lost shows in the digest.
void WorkerSync::send(const SyncEvent& event) {
    has_sent_ = true;
    if (link_->events.push(event)) return;
    link_->overrun.add();
    restart_walk();
}

// An answer that the sync thread waits for. Until it has been sent no further command is executed.
void WorkerSync::reply(const SyncEvent& event) {
    has_sent_ = true;
    if (!link_->events.push(event)) unsent_reply_ = event;
}

void WorkerSync::retry_reply() {
    if (!unsent_reply_) return;
    has_sent_ = true;
    if (link_->events.push(*unsent_reply_)) unsent_reply_.reset();
}

// A walk under way starts over, ordered by the sync thread or not.
void WorkerSync::restart_walk() {
    if (!walk_.is_under_way()) walk_ = {};
    walk_.at = 0;
    walk_.groups = 0;
}

// Not during a sweep: another one would replace it, and the first would never be answered.
unsigned WorkerSync::execute(const PollRound& round) {
    SyncCommand command;
    unsigned done = 0;
    while (done < commands_per_round && !unsent_reply_ && !mark_ && !sweep_.is_under_way() &&
           link_->commands.pop(command)) {
        execute(command, round);
        ++done;
    }
    return done;
}

void WorkerSync::execute(const SyncCommand& command, const PollRound& round) {
    switch (command.kind) {
        case SyncCommand::Kind::install:
            return refuse(installer_.install(command, round), command);
        case SyncCommand::Kind::signpost:
            return refuse(installer_.put_up_signpost(command, round), command);
        case SyncCommand::Kind::end:
            return installer_.end(command.flow, round);
        case SyncCommand::Kind::bind:
            return installer_.install_persistence(command, round);
        case SyncCommand::Kind::again:
            return send_again(command, round);
        case SyncCommand::Kind::mark:
            mark_ = command.number;
            return;
        case SyncCommand::Kind::walk:
            walk_ = {.at = 0, .number = command.number, .router = command.router};
            return;
        case SyncCommand::Kind::sweep:
            sweep_ = {.at = 0,
                      .number = command.number,
                      .router = command.router,
                      .colour = command.colour};
            return;
    }
}

void WorkerSync::refuse(std::optional<exchange::SyncRefusal> why, const SyncCommand& command) {
    if (!why) return;
    link_->refused[static_cast<std::size_t>(*why)].add();
    reply({.kind = SyncEvent::Kind::refused,
           .refusal = *why,
           .number = command.number,
           .flow = command.flow});
}

// Found by its tuple: it may have another index by now.
void WorkerSync::send_again(const SyncCommand& command, const PollRound& round) {
    const flow::FlowTable::Hit hit = tables_.flows.find(command.flow.client_tuple());
    const auto is_recorded = [](const flow::Flow& f) {
        return flow::is_synced(f.state) || may_be_answered(f);
    };
    const bool is_here = hit && is_recorded(tables_.flows[hit.index]) &&
                         is_same(tables_.flows[hit.index], command.flow);
    const std::uint16_t service =
        is_here ? tables_.flows[hit.index].service_id
                : round.snapshot->find_service(command.flow.vip(), command.flow.service_port);
    if (service == exchange::Snapshot::no_service || !syncs(service, round)) return;
    if (is_here) return send_flow(hit.index, command.number, round);
    reply({.kind = SyncEvent::Kind::ended,
           .index = command.index,
           .number = command.number,
           .flow = command.flow});
}

// Sent behind every event that the sums contain. A round later than asked for, so that this worker
// has seen what the asker knew by then: that a virtual router is offered.
void WorkerSync::answer_mark(const PollRound& round) {
    if (unsent_reply_) return;
    send_changes(round);
    const auto& sums = tables_.flows.synced_flows().sums();
    std::copy(sums.begin(), sums.end(), link_->sums.begin());
    reply({.kind = SyncEvent::Kind::mark, .number = *mark_});
    mark_.reset();
}

// It fills at most half of the channel, so that changes find room. Persistence entries come after
// the flows: a group that has flows got its entry by them.
unsigned WorkerSync::walk(const PollRound& round) {
    if (!walk_.is_under_way()) return 0;
    const std::size_t most = exchange::SyncLink::events_max / 2;
    unsigned looked_at = 0;
    unsigned sent = 0;
    while (link_->events.size() < most) {
        if (walk_.at >= tables_.flows.end_index() &&
            walk_.groups >= tables_.choice.persistence().end_slot()) {
            if (walk_.number != 0) send({.kind = SyncEvent::Kind::walked, .number = walk_.number});
            walk_ = {};
            return looked_at + 1;
        }
        if (looked_at == looked_at_per_round || sent == sent_per_round) return looked_at;
        ++looked_at;
        if (walk_step(round)) ++sent;
    }
    return looked_at;
}

// One step; whether an event was sent.
bool WorkerSync::walk_step(const PollRound& round) {
    if (walk_.at >= tables_.flows.end_index())
        return send_group(tables_.choice.persistence().end_slot() - ++walk_.groups, round);
    const flow::FlowIndex index = walk_.at++;
    const flow::Flow& flow = tables_.flows[index];
    if (!flow::is_synced(flow.state) ||
        !walk_.is_about(round.snapshot->router_of(flow.service_id)) ||
        !syncs(flow.service_id, round))
        return false;
    send_flow(index, walk_.number, round);
    return true;
}

bool WorkerSync::send_group(std::uint32_t slot, const PollRound& round) {
    const auto entry = tables_.choice.persistence().left_at(slot, round.tick);
    if (!entry || !walk_.is_about(round.snapshot->router_of(entry->group.service)) ||
        !syncs(entry->group.service, round))
        return false;
    const exchange::Service& service = round.snapshot->services[entry->group.service];
    const exchange::Server& server = round.snapshot->servers[entry->server];
    if (!service.present || server.service != entry->group.service) return false;
    SyncEvent event{.kind = SyncEvent::Kind::group, .idle = entry->left, .number = walk_.number};
    event.flow.set_client_address(entry->group.clients);
    event.flow.set_vip(service.address);
    event.flow.service_port = service.port;
    event.flow.set_server_address(server.address);
    event.flow.server_port = server.port;
    send(event);
    return true;
}

// On a backup: removes each flow that the peer has not named in this bulk (its colour is older).
unsigned WorkerSync::sweep(const PollRound& round) {
    if (!sweep_.is_under_way() || unsent_reply_) return 0;
    unsigned looked_at = 0;
    unsigned swept = 0;
    for (; looked_at < looked_at_per_round && swept < swept_per_round; ++looked_at) {
        if (sweep_.at >= tables_.flows.end_index()) {
            reply({.kind = SyncEvent::Kind::swept, .number = sweep_.number});
            sweep_ = {};
            return looked_at + 1;
        }
        const flow::FlowIndex index = sweep_.at++;
        const flow::Flow& flow = tables_.flows[index];
        if (!flow::is_synced(flow.state) || flow.colour == sweep_.colour ||
            !sweep_.is_about(round.snapshot->router_of(flow.service_id)) ||
            (round.serves(flow.service_id) && !flow::is_untouched(flow)))
            continue;
        tables_.remove(index, round);
        ++swept;
    }
    return looked_at;
}

// A virtual router was lost to the peer: its flows here become untouched, so that the peer's
// records replace them.
unsigned WorkerSync::mark_untouched(const PollRound& round) {
    if (round.watch.has_lost()) untouched_until_ = 0;
    if (untouched_until_ == nowhere) return 0;
    const flow::FlowIndex end =
        std::min(tables_.flows.end_index(), untouched_until_ + looked_at_per_round);
    const unsigned looked_at = end - untouched_until_;
    for (; untouched_until_ < end; ++untouched_until_) {
        flow::Flow& flow = tables_.flows[untouched_until_];
        if (flow::is_synced(flow.state) && !round.serves(flow.service_id))
            flow::set_untouched(flow);
    }
    if (untouched_until_ >= tables_.flows.end_index()) untouched_until_ = nowhere;
    return looked_at;
}

}  // namespace warren::worker_sync
