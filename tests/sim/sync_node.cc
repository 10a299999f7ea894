// SPDX-License-Identifier: BSD-3-Clause
#include "sync_node.h"

#include <algorithm>

namespace warren::sim {

using sync::Role;

// ---- ModelWorker

ModelWorker::ModelWorker(const Sizes& sizes) : sizes_(sizes), table_(sizes.flows) {
    for (std::size_t i = sizes.flows; i-- > 0;)
        free_.push_back(static_cast<std::uint32_t>(i));
}

bool ModelWorker::push(const Command& command) {
    if (commands_.size() >= sizes_.commands) return false;
    commands_.push_back(command);
    return true;
}

bool ModelWorker::has_work() const {
    const bool may_walk = walk_.has_value() && notices_.size() < sizes_.notices / 2;
    return !commands_.empty() || may_walk || !sweeps_.empty() || walk_again_;
}

void ModelWorker::round(const Context& context) {
    for (int i = 0; i < 64 && !commands_.empty(); ++i) {
        const Command command = commands_.front();
        commands_.pop_front();
        carry_out(command, context);
    }
    walk_on(context);
    sweep_on(context);
}

void ModelWorker::carry_out(const Command& command, const Context& context) {
    switch (command.kind) {
        case Command::Kind::install:
            return install(command, context);
        case Command::Kind::end:
            return end(command.end);
        case Command::Kind::again: {
            const ModelFlow& flow = table_[command.index];
            if (flow.used && flow.record.identity() == command.identity)
                return say_flow(command.index, context);
            Notice notice;
            notice.kind = Notice::Kind::ended;
            notice.end = sync::EndRecord::of(command.identity, sync::EndCause::erased);
            return say(notice, context);
        }
        case Command::Kind::mark: {
            Notice notice;
            notice.kind = Notice::Kind::mark;
            notice.ticket = command.ticket;
            notice.sums = sums_;
            notices_.push_back(notice);
            return;
        }
        case Command::Kind::walk:
            walk_ = command;
            walk_at_ = 0;
            return;
        case Command::Kind::sweep:
            sweeps_.push_back(command);
            return;
    }
}

void ModelWorker::end(const sync::EndRecord& end) {
    const auto named = by_client_.find(
        flow::Tuple{end.client_address, end.vip, end.client_port, end.service_port});
    if (named == by_client_.end()) return;
    const ModelFlow& flow = table_[named->second];
    if (!flow.touched && end.names(flow.record.identity())) erase(named->second);
}

// The rules of who is believed.
void ModelWorker::install(const Command& command, const Context& context) {
    const sync::FlowRecord& record = command.record;
    const bool ours = context.roles[router_of(record.vip)] == Role::master;
    const auto client = by_client_.find(record.identity().client);
    if (client != by_client_.end()) {
        ModelFlow& flow = table_[client->second];
        if (ours && flow.touched) {
            ++kept_own_;
            return;
        }
        if (flow.record.identity() == record.identity()) {
            flow.record = record;
            flow.colour = command.colour;
            flow.touched = false;
            flow.changed_us = context.now_us;
            return;
        }
        erase(client->second);
    }
    const bool known = context.knows_server_2 || record.server_address.bytes()[15] != 2;
    const std::optional<std::uint32_t> index =
        known && admits(record, ours) ? add(record) : std::nullopt;
    if (index) {
        table_[*index].colour = command.colour;
        table_[*index].changed_us = context.now_us;
        return;
    }
    Notice notice;
    notice.kind = Notice::Kind::refused;
    notice.identity = record.identity();
    notice.router = router_of(record.vip);
    notices_.push_back(notice);
}

// Another flow with that server tuple goes, but not one that we have served.
bool ModelWorker::admits(const sync::FlowRecord& record, bool ours) {
    const auto other = by_server_.find(record.identity().server);
    if (other == by_server_.end()) return true;
    if (ours && table_[other->second].touched) return false;
    erase(other->second);
    return true;
}

std::optional<std::uint32_t> ModelWorker::add(const sync::FlowRecord& record) {
    if (free_.empty()) return std::nullopt;
    const std::uint32_t index = free_.back();
    free_.pop_back();
    const sync::Identity identity = record.identity();
    table_[index] = {record, identity.hash(digest_key), true, false, false, 0};
    by_client_[identity.client] = index;
    by_server_[identity.server] = index;
    sums_[router_of(record.vip)].add(table_[index].hash);
    return index;
}

void ModelWorker::erase(std::uint32_t index) {
    ModelFlow& flow = table_[index];
    by_client_.erase(flow.record.identity().client);
    by_server_.erase(flow.record.identity().server);
    sums_[router_of(flow.record.vip)].remove(flow.hash);
    flow.used = false;
    free_.push_back(index);
}

void ModelWorker::say(Notice notice, const Context& context) {
    if (!context.speaks) return;
    if (notices_.size() >= sizes_.notices) {
        ++overruns_;
        walk_again_ = true;
        return;
    }
    notices_.push_back(std::move(notice));
}

void ModelWorker::say_flow(std::uint32_t index, const Context& context) {
    Notice notice;
    notice.kind = Notice::Kind::flow;
    notice.record = table_[index].record;
    notice.index = index;
    say(notice, context);
}

void ModelWorker::walk_on(const Context& context) {
    if (!walk_ && walk_again_) {
        walk_ = Command{};
        walk_->router = router_count;
        walk_at_ = 0;
        walk_again_ = false;
    }
    for (int i = 0; i < 32 && walk_ && notices_.size() < sizes_.notices / 2; ++i, ++walk_at_) {
        if (walk_at_ == table_.size()) {
            Notice notice;
            notice.kind = Notice::Kind::walked;
            notice.ticket = walk_->ticket;
            if (walk_->router != router_count) notices_.push_back(notice);
            walk_.reset();
            return;
        }
        const ModelFlow& flow = table_[walk_at_];
        const std::size_t router = flow.used ? router_of(flow.record.vip) : router_count;
        if (router == router_count || context.roles[router] != Role::master) continue;
        if (walk_->router == router || walk_->router == router_count) say_flow(walk_at_, context);
    }
}

void ModelWorker::sweep_on(const Context& context) {
    for (int i = 0; i < 64 && !sweeps_.empty(); ++i, ++sweep_at_) {
        const Command& sweep = sweeps_.front();
        const bool ours = context.roles[sweep.router] == Role::master;
        if (sweep_at_ == table_.size() || ours) {
            Notice notice;
            notice.kind = Notice::Kind::swept;
            notice.router = sweep.router;
            notices_.push_back(notice);
            sweeps_.pop_front();
            sweep_at_ = 0;
            return;
        }
        const ModelFlow& flow = table_[sweep_at_];
        if (flow.used && router_of(flow.record.vip) == sweep.router && flow.colour != sweep.colour)
            erase(sweep_at_);
    }
}

std::optional<std::uint32_t> ModelWorker::open(const sync::FlowRecord& record,
                                               const Context& context) {
    if (by_client_.contains(record.identity().client)) return std::nullopt;
    if (by_server_.contains(record.identity().server)) return std::nullopt;
    const std::optional<std::uint32_t> index = add(record);
    if (index) touch(*index, record.state, context);
    return index;
}

void ModelWorker::touch(std::uint32_t index, flow::TcpState state, const Context& context) {
    ModelFlow& flow = table_[index];
    flow.touched = true;
    flow.record.state = state;
    ++flow.record.next_to_client;
    flow.changed_us = context.now_us;
    say_flow(index, context);
}

void ModelWorker::close(std::uint32_t index, const Context& context) {
    Notice notice;
    notice.kind = Notice::Kind::ended;
    notice.end = sync::EndRecord::of(table_[index].record.identity(), sync::EndCause::closed);
    erase(index);
    say(notice, context);
}

// ---- SyncNode

SyncNode::SyncNode(const Sizes& sizes, Random& random, Transmit transmit, Complain complain)
    : sizes_(sizes),
      random_(random),
      transmit_(std::move(transmit)),
      complain_(std::move(complain)) {}

void SyncNode::start(std::uint64_t now_us) {
    now_us_ = now_us;
    workers_.assign(sizes_.workers, ModelWorker(sizes_));
    roles_.fill(Role::backup);
    colours_.fill(false);
    sweeps_left_.fill(0);
    refused_now.clear();
    gates_.assign(router_count, sync::PreemptGate({}, now_us));
    sync::Settings settings;
    settings.digest_key = digest_key;
    settings.highest_version = static_cast<std::uint8_t>(1 + random_.below(2));
    session_ = std::make_unique<sync::Session>(settings, random_.next() | 1, *this);
    tell_routers(now_us);
}

void SyncNode::stop() {
    session_.reset();
    workers_.clear();
}

void SyncNode::tell_routers(std::uint64_t now_us) {
    std::array<sync::LocalRouter, router_count> local;
    for (std::size_t r = 0; r < router_count; ++r)
        local[r] = {router_key(r), roles_[r], knows_server_2_ ? 1U : 2U};
    session_->set_routers(local, now_us);
}

void SyncNode::set_role(std::size_t router, Role role, std::uint64_t now_us) {
    now_us_ = now_us;
    if (!session_ || roles_[router] == role) return;
    // Whoever is not master any more is sure of nothing.
    if (roles_[router] == Role::master)
        for (ModelWorker& worker : workers_)
            for (ModelFlow& flow : worker.table())
                if (router_of(flow.record.vip) == router) flow.touched = false;
    roles_[router] = role;
    tell_routers(now_us);
}

void SyncNode::set_knows_server_2(bool knows, std::uint64_t now_us) {
    now_us_ = now_us;
    knows_server_2_ = knows;
    if (!session_) return;
    tell_routers(now_us);
    for (std::size_t r = 0; r < router_count; ++r)
        session_->want_bulk(router_key(r), now_us);
}

void SyncNode::receive(net::Bytes datagram, std::uint64_t now_us) {
    now_us_ = now_us;
    if (session_->discarded_early(datagram)) return;
    if (!is_sealed(datagram)) return session_->discarded(sync::Discard::bad_tag);
    session_->receive(datagram, now_us, random_.next() | 1);
    check_bounds(now_us);
}

void SyncNode::wake(std::uint64_t now_us) {
    now_us_ = now_us;
    if (now_us >= round_us_) run_workers(now_us);
    listen(now_us);
    if (session_->deadline_us() <= now_us) session_->tick(now_us);
    check_bounds(now_us);
}

void SyncNode::run_workers(std::uint64_t now_us) {
    for (ModelWorker& worker : workers_)
        worker.round(context(now_us));
    round_us_ = now_us + 20 + random_.below(100);
}

bool SyncNode::is_silent() {
    return std::ranges::all_of(workers_,
                               [](ModelWorker& w) { return !w.has_work() && w.notices().empty(); });
}

std::uint64_t SyncNode::wake_us(std::uint64_t now_us) {
    std::uint64_t wake = std::max(session_->deadline_us(), now_us);
    for (ModelWorker& worker : workers_) {
        if (worker.has_work()) wake = std::min(wake, std::max(round_us_, now_us));
        if (!worker.notices().empty() && session_->room(now_us) > 0) wake = now_us;
    }
    return wake;
}

// What needs room waits for it, and all that the worker said behind it.
void SyncNode::listen(std::uint64_t now_us) {
    const bool up = session_->status(now_us).up;
    for (std::size_t w = 0; w < workers_.size(); ++w) {
        std::deque<Notice>& notices = workers_[w].notices();
        while (!notices.empty()) {
            const Notice notice = notices.front();
            const bool is_record =
                notice.kind == Notice::Kind::flow || notice.kind == Notice::Kind::ended;
            if (is_record && up && session_->room(now_us) == 0) break;
            notices.pop_front();
            take(notice, w, now_us);
        }
    }
}

void SyncNode::take(const Notice& notice, std::size_t worker, std::uint64_t now_us) {
    const sync::Source source{static_cast<std::uint16_t>(worker), notice.index};
    switch (notice.kind) {
        case Notice::Kind::flow:
            return session_->offer(notice.record, source, random_.percent(5), now_us);
        case Notice::Kind::ended:
            return session_->offer(notice.end, source, false, now_us);
        case Notice::Kind::mark:
            return add_sums(notice, now_us);
        case Notice::Kind::walked:
            if (notice.ticket == walk_ && ++walk_answers_ == workers_.size())
                session_->walked(walk_, now_us);
            return;
        case Notice::Kind::swept:
            if (--sweeps_left_[notice.router] == 0)
                session_->swept(router_key(notice.router), now_us);
            return;
        case Notice::Kind::refused:
            session_->refused(router_key(notice.router), notice.identity);
            refused_now.insert(notice.identity.hash(digest_key));
    }
}

void SyncNode::add_sums(const Notice& notice, std::uint64_t now_us) {
    if (notice.ticket != mark_) return;
    for (std::size_t r = 0; r < router_count; ++r)
        sums_[r] += notice.sums[r];
    if (++mark_answers_ < workers_.size()) return;
    std::array<sync::RouterSum, router_count> sums;
    for (std::size_t r = 0; r < router_count; ++r)
        sums[r] = {router_key(r), sums_[r]};
    session_->sums(mark_, sums, now_us);
}

void SyncNode::check_bounds(std::uint64_t now_us) {
    const sync::Status status = session_->status(now_us);
    if (status.unacked > 256) complain_("more than 256 datagrams under way");
    if (status.unanswered > 256) complain_("more than 256 lost datagrams");
    for (std::size_t r = 0; r < router_count; ++r)
        if (session_->router_status(router_key(r)).bulks_ended > 0) gates_[r].bulk_ended(now_us);
}

bool SyncNode::open(const sync::FlowRecord& record, std::uint64_t now_us) {
    now_us_ = now_us;
    ++changes;
    return workers_[owner_of(record.client_address)].open(record, context(now_us)).has_value();
}

void SyncNode::change_some(std::size_t router, std::uint64_t now_us) {
    now_us_ = now_us;
    ModelWorker& worker = workers_[random_.below(workers_.size())];
    std::vector<ModelFlow>& table = worker.table();
    for (int tries = 0; tries < 20; ++tries) {
        const auto index = static_cast<std::uint32_t>(random_.below(table.size()));
        if (!table[index].used || router_of(table[index].record.vip) != router) continue;
        ++changes;
        if (random_.percent(60)) return worker.close(index, context(now_us));
        return worker.touch(
            index, random_.percent(50) ? flow::TcpState::fin_client : flow::TcpState::established,
            context(now_us));
    }
}

bool SyncNode::has_server_tuple(const flow::Tuple& tuple) const {
    return std::ranges::any_of(workers_,
                               [&](const ModelWorker& w) { return w.has_server_tuple(tuple); });
}

std::unordered_map<std::uint64_t, const ModelFlow*> SyncNode::flows(std::size_t router) {
    std::unordered_map<std::uint64_t, const ModelFlow*> all;
    for (ModelWorker& worker : workers_)
        for (const ModelFlow& flow : worker.table())
            if (flow.used && router_of(flow.record.vip) == router) all[flow.hash] = &flow;
    return all;
}

void SyncNode::send(net::Bytes datagram) {
    seal(datagram);
    transmit_(datagram);
}

bool SyncNode::install(const sync::FlowRecord& record, bool) {
    if (ever != nullptr && !ever->contains(record.identity().hash(digest_key)))
        complain_("a flow that nobody ever had");
    ++seen.touched_by_peer;
    if (on_install) on_install(record);
    Command command;
    command.kind = Command::Kind::install;
    command.record = record;
    command.colour = colours_[router_of(record.vip)];
    refused_now.erase(record.identity().hash(digest_key));
    gates_[router_of(record.vip)].progress(now_us_);
    return workers_[owner_of(record.client_address)].push(command);
}

bool SyncNode::end(const sync::EndRecord& record) {
    ++seen.touched_by_peer;
    Command command;
    command.kind = Command::Kind::end;
    command.end = record;
    return workers_[owner_of(record.client_address)].push(command);
}

void SyncNode::order_all(const Command& command) {
    for (ModelWorker& worker : workers_)
        worker.order(command);
}

void SyncNode::bulk_began(const sync::RouterKey& router, bool colour) {
    ++seen.touched_by_peer;
    colours_[router_of(router.lowest_vip)] = colour;
}

void SyncNode::bulk_ended(const sync::RouterKey& router, bool colour) {
    ++seen.touched_by_peer;
    Command command;
    command.kind = Command::Kind::sweep;
    command.router = router_of(router.lowest_vip);
    command.colour = colour;
    sweeps_left_[command.router] = workers_.size();
    order_all(command);
}

bool SyncNode::again(const sync::Source& source, const sync::Identity& identity) {
    Command command;
    command.kind = Command::Kind::again;
    command.index = source.index;
    command.identity = identity;
    return workers_[source.worker].push(command);
}

void SyncNode::walk(const sync::RouterKey& router, sync::Ticket ticket) {
    Command command;
    command.kind = Command::Kind::walk;
    command.router = router_of(router.lowest_vip);
    command.ticket = walk_ = ticket;
    walk_answers_ = 0;
    order_all(command);
}

void SyncNode::mark(sync::Ticket ticket) {
    Command command;
    command.kind = Command::Kind::mark;
    command.ticket = mark_ = ticket;
    mark_answers_ = 0;
    sums_ = {};
    order_all(command);
}

void SyncNode::peer_down() {
    ++seen.downs;
    for (sync::PreemptGate& gate : gates_)
        gate.close(now_us_);
}

void SyncNode::peer_routers(std::span<const sync::PeerRouter>) {}

void SyncNode::compared(const sync::RouterKey& router, bool equal) {
    const std::size_t r = router_of(router.lowest_vip);
    ++(equal ? seen.equal : seen.different)[r];
    gates_[r].compared(equal, now_us_);
}

void SyncNode::take_over_asked(const sync::RouterKey& router, std::uint32_t ticket) {
    seen.asked = {router_of(router.lowest_vip), ticket};
}

void seal(net::Bytes datagram) {
    net::store(sync::tag_of(datagram), 0,
               flow::siphash_2_4({1, 2}, sync::covered(net::ConstBytes(datagram))));
}

bool is_sealed(net::ConstBytes datagram) {
    return net::load<std::uint64_t>(sync::tag_of(datagram), 0) ==
           flow::siphash_2_4({1, 2}, sync::covered(datagram));
}

}  // namespace warren::sim
