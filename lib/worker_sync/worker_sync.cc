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

Mirror::Mirror(tables::Tables& tables, exchange::SyncShared& shared)
    : tables_(tables), link_(tables.link.sync.get()), shared_(shared), installer_(tables) {}

unsigned Mirror::work(const PollRound& round) {
    if (link_ == nullptr) return 0;
    pay();
    say_half_open(round);
    say_changes(round);
    unsigned done = unsettle(round);
    if (mark_ && !sweep_.is_under_way()) answer_mark(round);
    done += execute(round);
    done += walk(round);
    done += sweep(round);
    if (std::exchange(has_said_, false)) shared_.bell.ring_if_asleep();
    return done;
}

bool Mirror::speaks_of(std::uint16_t service, const PollRound& round) const {
    return shared_.speaks.load(std::memory_order_relaxed) &&
           round.snapshot->services[service].synced && round.speaks_of(service);
}

// What has been handed over and has come back from the peer is not said to it again.
bool Mirror::speaks_of(const flow::Flow& flow, const PollRound& round) const {
    return speaks_of(flow.service_id, round) &&
           (round.serves(flow.service_id) || !flow::is_untouched(flow));
}

// Of a virtual router that is offered to the peer, or is the peer's since this round. It would not
// know them otherwise, and their clients may have the server's answer already. The youngest first,
// for in a flood the others are nobody's.
void Mirror::say_half_open(const PollRound& round) {
    const bool is_new = round.ownership.has_offers && round.ownership.offers_begun != offers_seen_;
    if (is_new) offers_seen_ = round.ownership.offers_begun;
    if (!is_new && !round.watch.has_lost()) return;
    const flow::HalfOpenList& all = tables_.flows.half_open();
    flow::FlowIndex index = all.youngest();
    for (unsigned i = 0; i < looked_at_per_round && index != flow::no_flow; ++i) {
        const flow::Flow& flow = tables_.flows[index];
        const bool goes = !round.serves(flow.service_id) ||
                          round.is_handing_over(round.snapshot->router_of(flow.service_id));
        if (goes && may_be_answered(flow) && speaks_of(flow.service_id, round))
            say_flow(index, 0, round);
        index = all.older(index);
    }
}

// A flow that has gone again since is said as that, behind this.
void Mirror::say_changes(const PollRound& round) {
    flow::SyncedFlows& synced = tables_.flows.synced_flows();
    if (synced.take_overflow()) walk_again();
    for (; const flow::SyncedChange* change = synced.first(); synced.drop_first()) {
        if (!change->has_left) {
            const flow::Flow& flow = tables_.flows[change->index];
            if (flow::is_synced(flow.state) && speaks_of(flow, round))
                say_flow(change->index, 0, round);
        } else if (speaks_of(change->gone, round)) {
            say({.kind = SyncEvent::Kind::ended, .index = change->index, .flow = change->gone});
        }
    }
}

void Mirror::say_flow(flow::FlowIndex index, std::uint32_t number, const PollRound& round) {
    const flow::Flow& flow = tables_.flows[index];
    say({.kind = SyncEvent::Kind::flow,
         .idle = round.tick - flow.last_seen,
         .index = index,
         .number = number,
         .client_interface = interface_of_client(flow, *round.snapshot),
         .flow = as_told(flow)});
}

// What is lost here a walk brings, or it shows in the sums.
void Mirror::say(const SyncEvent& event) {
    has_said_ = true;
    if (link_->events.push(event)) return;
    link_->overrun.add();
    walk_again();
}

// The sync thread waits for it. Until it is said nothing is done that could be answered.
void Mirror::owe(const SyncEvent& event) {
    has_said_ = true;
    if (!link_->events.push(event)) owed_ = event;
}

void Mirror::pay() {
    if (!owed_) return;
    has_said_ = true;
    if (link_->events.push(*owed_)) owed_.reset();
}

// One under way begins anew, whoever has ordered it.
void Mirror::walk_again() {
    if (!walk_.is_under_way()) walk_ = {};
    walk_.at = 0;
    walk_.groups = 0;
}

// Behind a sweep: another one would take its place, and nobody would answer the first.
unsigned Mirror::execute(const PollRound& round) {
    SyncCommand command;
    unsigned done = 0;
    while (done < commands_per_round && !owed_ && !mark_ && !sweep_.is_under_way() &&
           link_->commands.pop(command)) {
        execute(command, round);
        ++done;
    }
    return done;
}

void Mirror::execute(const SyncCommand& command, const PollRound& round) {
    switch (command.kind) {
        case SyncCommand::Kind::install:
            return refuse(installer_.install(command, round), command);
        case SyncCommand::Kind::signpost:
            return refuse(installer_.put_up_signpost(command, round), command);
        case SyncCommand::Kind::end:
            return installer_.end(command.flow, round);
        case SyncCommand::Kind::bind:
            return installer_.bind(command, round);
        case SyncCommand::Kind::again:
            return say_again(command, round);
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

void Mirror::refuse(std::optional<exchange::SyncRefusal> why, const SyncCommand& command) {
    if (!why) return;
    link_->refused[static_cast<std::size_t>(*why)].add();
    owe({.kind = SyncEvent::Kind::refused,
         .refusal = *why,
         .number = command.number,
         .flow = command.flow});
}

// It may have moved to another index; by its tuple it is found wherever it is.
void Mirror::say_again(const SyncCommand& command, const PollRound& round) {
    const flow::FlowTable::Hit hit = tables_.flows.find(command.flow.client_tuple());
    const auto is_told = [](const flow::Flow& f) {
        return flow::is_synced(f.state) || may_be_answered(f);
    };
    const bool is_here =
        hit && is_told(tables_.flows[hit.index]) && is_same(tables_.flows[hit.index], command.flow);
    const std::uint16_t service =
        is_here ? tables_.flows[hit.index].service_id
                : round.snapshot->find_service(command.flow.vip(), command.flow.service_port);
    if (service == exchange::Snapshot::no_service || !speaks_of(service, round)) return;
    if (is_here) return say_flow(hit.index, command.number, round);
    owe({.kind = SyncEvent::Kind::ended,
         .index = command.index,
         .number = command.number,
         .flow = command.flow});
}

// Behind all that the sums contain, and behind all that the next round knows which whoever asked
// for it knew already: that a virtual router is offered.
void Mirror::answer_mark(const PollRound& round) {
    if (owed_) return;
    say_changes(round);
    const auto& sums = tables_.flows.synced_flows().sums();
    std::copy(sums.begin(), sums.end(), link_->sums.begin());
    owe({.kind = SyncEvent::Kind::mark, .number = *mark_});
    mark_.reset();
}

// News go before: no more than half of the channel is filled by it. Groups come behind the flows:
// those that have some are bound by them.
unsigned Mirror::walk(const PollRound& round) {
    if (!walk_.is_under_way()) return 0;
    const std::size_t most = exchange::SyncLink::events_max / 2;
    unsigned looked_at = 0;
    unsigned said = 0;
    while (link_->events.size() < most) {
        if (walk_.at >= tables_.flows.end_index() &&
            walk_.groups >= tables_.choice.persistence().end_slot()) {
            if (walk_.number != 0) say({.kind = SyncEvent::Kind::walked, .number = walk_.number});
            walk_ = {};
            return looked_at + 1;
        }
        if (looked_at == looked_at_per_round || said == said_per_round) return looked_at;
        ++looked_at;
        if (walk_on(round)) ++said;
    }
    return looked_at;
}

// One step; whether something was said.
bool Mirror::walk_on(const PollRound& round) {
    if (walk_.at >= tables_.flows.end_index())
        return say_group(tables_.choice.persistence().end_slot() - ++walk_.groups, round);
    const flow::FlowIndex index = walk_.at++;
    const flow::Flow& flow = tables_.flows[index];
    if (!flow::is_synced(flow.state) ||
        !walk_.is_about(round.snapshot->router_of(flow.service_id)) ||
        !speaks_of(flow.service_id, round))
        return false;
    say_flow(index, walk_.number, round);
    return true;
}

bool Mirror::say_group(std::uint32_t slot, const PollRound& round) {
    const auto entry = tables_.choice.persistence().left_at(slot, round.tick);
    if (!entry || !walk_.is_about(round.snapshot->router_of(entry->group.service)) ||
        !speaks_of(entry->group.service, round))
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
    say(event);
    return true;
}

// Where we only listen, what the peer has not named does not exist.
unsigned Mirror::sweep(const PollRound& round) {
    if (!sweep_.is_under_way() || owed_) return 0;
    unsigned looked_at = 0;
    unsigned swept = 0;
    for (; looked_at < looked_at_per_round && swept < swept_per_round; ++looked_at) {
        if (sweep_.at >= tables_.flows.end_index()) {
            owe({.kind = SyncEvent::Kind::swept, .number = sweep_.number});
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

// A virtual router is the peer's now: its word counts from here on, and what we know grows old.
unsigned Mirror::unsettle(const PollRound& round) {
    if (round.watch.has_lost()) unsettled_ = 0;
    if (unsettled_ == nowhere) return 0;
    const flow::FlowIndex end =
        std::min(tables_.flows.end_index(), unsettled_ + looked_at_per_round);
    const unsigned looked_at = end - unsettled_;
    for (; unsettled_ < end; ++unsettled_) {
        flow::Flow& flow = tables_.flows[unsettled_];
        if (flow::is_synced(flow.state) && !round.serves(flow.service_id))
            flow::set_untouched(flow);
    }
    if (unsettled_ >= tables_.flows.end_index()) unsettled_ = nowhere;
    return looked_at;
}

}  // namespace warren::worker_sync
