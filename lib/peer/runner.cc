// SPDX-License-Identifier: BSD-3-Clause
#include "peer/runner.h"

#include <poll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <utility>

namespace warren::peer {

using exchange::SyncOrder;

namespace {

constexpr std::uint64_t status_interval_ns = 250'000'000;
constexpr std::uint64_t longest_sleep_ns = 50'000'000;
constexpr std::uint64_t retry_ns = 500'000;   // for room in a session or a channel
constexpr std::uint64_t look_ns = 5'000'000;  // what no news have moved
constexpr std::uint64_t doze_ns = sync::batch_us * 1000;
constexpr std::size_t events_per_round = 2048;

std::uint64_t clock_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

// Also when a round throws: nobody waits for a reader that has gone.
class OnlineReader {
  public:
    OnlineReader(exchange::Publisher& publisher, unsigned id) : publisher_(publisher), id_(id) {
        publisher_.online(id_);
    }
    ~OnlineReader() { publisher_.offline(id_); }
    OnlineReader(const OnlineReader&) = delete;
    OnlineReader& operator=(const OnlineReader&) = delete;

  private:
    exchange::Publisher& publisher_;
    unsigned id_;
};

// Answers to one that ran before, and threw, are none to this one.
std::uint32_t first_number() {
    return static_cast<std::uint32_t>(clock_ns(CLOCK_MONOTONIC) / 1000);
}

sync::Settings settings_of(const RunnerOptions& options) {
    sync::Settings settings;
    settings.rate = options.rate;
    settings.capacity = options.capacity;
    settings.key_id = options.keys.macs.front().id;
    settings.digest_key = options.keys.digest;
    return settings;
}

}  // namespace

Runner::Runner(exchange::Exchange& exchange, const flow::Spread& spread,
               const RunnerOptions& options)
    : exchange_(exchange),
      reader_(static_cast<unsigned>(exchange.workers.size()) + 1),
      defer_(options.defer),
      common_{.exchange = exchange,
              .workers = Workers(exchange, spread),
              .routers = Routers(options.keys.digest),
              .urgent = std::vector<UrgentEvents>(exchange.workers.size()),
              .incoming = {},
              .snapshot = nullptr,
              .now_ns = 0},
      states_(options.preempt, options.capacity, options.keys.macs.front().id, common_),
      hand_overs_(common_),
      numbers_(first_number()) {
    for (const PeerSocketOptions& socket : options.peers)
        links_.push_back(std::make_unique<SessionLink>(static_cast<PeerId>(links_.size()), socket,
                                                       options.keys, settings_of(options),
                                                       common_));
    marked_for_.resize(links_.size());
    may_be_read_.set();
    walking_for_.resize(links_.size());
}

Runner::~Runner() {
    exchange_.sync.speaks.store(false, std::memory_order_relaxed);
    exchange_.sync.defers.store(false, std::memory_order_relaxed);
}

void Runner::run() {
    const OnlineReader online(exchange_.publisher, reader_);
    while (!exchange_.stop.load(std::memory_order_relaxed)) {
        const std::uint64_t next_ns = round(clock_ns(CLOCK_MONOTONIC));
        exchange_.publisher.quiescent(reader_);
        sleep_until(next_ns);
    }
}

std::uint64_t Runner::round(std::uint64_t now_ns) {
    begin_round(now_ns);
    take_orders();
    receive();
    take_events();
    run_queries();
    for (const auto& link : links_)
        if (link->session().deadline_us() <= common_.now_us()) link->tick();
    heed_news();
    publish();
    for (const auto& link : links_)
        link->socket().flush();
    return deadline_ns();
}

void Runner::begin_round(std::uint64_t now_ns) {
    common_.now_ns = now_ns;
    common_.snapshot = &exchange_.publisher.acquire();
    exchange::OwnershipView ownership;
    exchange_.ownership.read(ownership, common_.snapshot->virtual_routers.size(), now_ns);
    if (!common_.routers.follow(*common_.snapshot, ownership)) return;
    common_.incoming.resize(common_.snapshot->virtual_routers.size());
    states_.follow();
    for (const auto& link : links_)
        link->session().set_routers(common_.routers.all(), common_.now_us());
}

void Runner::take_orders() {
    SyncOrder order;
    while (exchange_.sync_reports.orders.pop(order)) {
        hand_overs_.take(order, links_);
        const sync::LocalRouter* router = common_.routers.find(order.router);
        if (order.kind != SyncOrder::Kind::walk || router == nullptr) continue;
        for (const auto& link : links_)
            if (router->role == sync::Role::master)
                link->session().start_bulk(router->key, common_.now_us());
            else
                link->session().want_bulk(router->key, common_.now_us());
    }
}

void Runner::receive() {
    for (std::size_t i = 0; i < links_.size(); ++i) {
        links_[i]->socket().keep_open(common_.now_ns);
        if (may_be_read_[i]) links_[i]->receive();
    }
    may_be_read_.set();
}

// ---- what the workers say

// Records that every session takes now; all while none is up: then they are thrown away.
std::size_t Runner::room() const {
    std::size_t room = events_per_round;
    for (const auto& link : links_)
        if (link->is_up()) room = std::min(room, link->session().room(common_.now_us()));
    return room;
}

void Runner::take_events() {
    has_waiting_events_ = false;
    for (unsigned worker = 0; worker < exchange_.workers.size(); ++worker) {
        const std::size_t most = room();
        if (take_events_of(worker, most) == most) has_waiting_events_ = true;
    }
}

// A worker that has passed the mark waits until all have: the sums are those of one point of the
// stream.
unsigned Runner::take_events_of(unsigned worker, std::size_t most) {
    unsigned taken = 0;
    Event event;
    while (taken < most && !mark_.has_answered(worker) &&
           common_.workers.link(worker).events.pop(event)) {
        take(worker, event);
        ++taken;
    }
    return taken;
}

void Runner::take(unsigned worker, const Event& event) {
    switch (event.kind) {
        case Event::Kind::flow:
            return offer_flow(worker, event);
        case Event::Kind::ended:
            exchange_.sync_reports.counters.ends_out.add();
            return offer(
                sync::EndRecord::of(sync::Identity::of(event.flow), sync::EndCause::closed),
                {static_cast<std::uint16_t>(worker), event.index}, false);
        case Event::Kind::group:
            return offer_group(worker, event);
        case Event::Kind::mark:
            if (mark_.answered(worker, event.number)) finish_mark();
            return;
        case Event::Kind::walked:
            if (walk_.answered(worker, event.number)) finish_walk();
            return;
        case Event::Kind::swept:
            return finish_sweep(worker, event.number);
        case Event::Kind::refused:
            for (const auto& link : links_)
                link->refuse(sync::Identity::of(event.flow));
            return;
    }
}

void Runner::offer_flow(unsigned worker, const Event& event) {
    const auto idle_s = static_cast<std::uint32_t>(event.idle / flow::ticks_of_seconds(1));
    exchange_.sync_reports.counters.records_out.add();
    if (event.urgent) common_.urgent[worker].sent(event.number, event.index, peers_up());
    sync::FlowRecord record = sync::FlowRecord::of(event.flow, idle_s);
    record.client_interface = event.client_interface;
    offer(record, {static_cast<std::uint16_t>(worker), event.index}, event.urgent);
}

Peers Runner::peers_up() const {
    Peers up;
    for (std::size_t i = 0; i < links_.size(); ++i)
        up[i] = links_[i]->is_up();
    return up;
}

// How much of an address is the group's must be the same at both; it is said for that.
void Runner::offer_group(unsigned worker, const Event& event) {
    const flow::Flow& said = event.flow;
    const std::uint16_t id = common_.snapshot->find_service(said.vip(), said.service_port);
    if (id == exchange::Snapshot::no_service) return;
    sync::PersistenceRecord record;
    record.clients = {said.client_address(),
                      common_.snapshot->services[id].persistence.prefix_length};
    record.vip = said.vip();
    record.server_address = said.server_address();
    record.service_port = said.service_port;
    record.server_port = said.server_port;
    record.seconds_left = static_cast<std::uint32_t>(event.idle / flow::ticks_of_seconds(1)) + 1;
    exchange_.sync_reports.counters.records_out.add();
    offer(record, {static_cast<std::uint16_t>(worker), flow::no_flow}, false);
}

void Runner::offer(const sync::Record& record, const sync::Source& source, bool urgent) {
    for (const auto& link : links_)
        if (link->is_up()) link->session().offer(record, source, urgent, common_.now_us());
}

// ---- what all workers are asked

void Runner::run_queries() {
    begin_sweeps();
    begin_mark();
    begin_walk();
    bool all_sent = true;
    for (Sweep& sweep : sweeps_) {
        sweep.query.push(exchange_);
        all_sent = all_sent && sweep.query.is_sent_to_all();
    }
    if (all_sent) mark_.push(exchange_);  // behind them
    walk_.push(exchange_);
    hand_overs_.tick(links_);
}

void Runner::begin_sweeps() {
    for (std::size_t i = 0; i < links_.size(); ++i)
        for (const SessionLink::Sweep& wanted : std::exchange(links_[i]->sweeps_wanted, {})) {
            std::erase_if(sweeps_, [&](const Sweep& old) { return old.router == wanted.router; });
            Sweep& sweep = sweeps_.emplace_back();
            sweep.peer = static_cast<PeerId>(i);
            sweep.router = wanted.router;
            sweep.query.command().router = common_.routers.index_of(wanted.router);
            sweep.query.command().colour = wanted.colour ? 1 : 0;
            sweep.query.begin(exchange_.workers.size(), ++numbers_);
        }
}

void Runner::begin_mark() {
    bool is_wanted = hand_overs_.wants_mark();
    for (const auto& link : links_)
        is_wanted = is_wanted || link->mark_wanted;
    if (!is_wanted || mark_.is_under_way()) return;
    for (std::size_t i = 0; i < links_.size(); ++i)
        marked_for_[i] = std::exchange(links_[i]->mark_wanted, std::nullopt);
    hand_overs_.mark_begins();
    mark_.begin(exchange_.workers.size(), ++numbers_);
}

// Of all routers when several are wanted: whoever did not ask takes a record too.
void Runner::begin_walk() {
    if (walk_.is_under_way()) return;
    std::optional<std::uint16_t> router;
    for (std::size_t i = 0; i < links_.size(); ++i) {
        walking_for_[i] = std::exchange(links_[i]->walk_wanted, std::nullopt);
        if (!walking_for_[i]) continue;
        const bool is_same = !router || *router == walking_for_[i]->router;
        router = is_same ? walking_for_[i]->router : exchange::Snapshot::no_router;
    }
    if (!router) return;
    exchange_.sync_reports.counters.walks.add();
    walk_.command().router = *router;
    walk_.begin(exchange_.workers.size(), ++numbers_);
}

void Runner::finish_mark() {
    std::vector<flow::FlowSum> by_service(common_.snapshot->services.size());
    for (std::size_t worker = 0; worker < exchange_.workers.size(); ++worker)
        for (std::size_t id = 0; id < by_service.size(); ++id)
            by_service[id] += common_.workers.link(worker).sums[id];
    const std::vector<sync::RouterSum> totals =
        common_.routers.totals(*common_.snapshot, by_service);
    for (std::size_t i = 0; i < links_.size(); ++i)
        if (const auto ticket = std::exchange(marked_for_[i], std::nullopt))
            links_[i]->session().sums(*ticket, totals, common_.now_us());
    hand_overs_.mark_ended(links_);
}

void Runner::finish_walk() {
    for (std::size_t i = 0; i < links_.size(); ++i)
        if (const auto walk = std::exchange(walking_for_[i], std::nullopt))
            links_[i]->session().walked(walk->ticket, common_.now_us());
    exchange_.sync_reports.counters.bulks_out.add();
}

void Runner::finish_sweep(unsigned worker, std::uint32_t number) {
    std::erase_if(sweeps_, [&](Sweep& sweep) {
        if (!sweep.query.answered(worker, number)) return false;
        links_[sweep.peer]->session().swept(sweep.router, common_.now_us());
        return true;
    });
}

// ---- what comes of it

void Runner::heed_news() {
    bool any_up = false;
    bool is_due = common_.now_ns >= next_look_ns_;
    for (std::size_t i = 0; i < links_.size(); ++i) {
        is_due = is_due || !links_[i]->events().empty();
        for (const SessionEvent& event : std::exchange(links_[i]->events(), {})) {
            if (event.kind == SessionEvent::Kind::peer_up ||
                event.kind == SessionEvent::Kind::peer_down)
                next_status_ns_ = common_.now_ns;
            states_.on_event(event, links_);
            hand_overs_.on_event(event, static_cast<PeerId>(i), links_);
        }
        any_up = any_up || links_[i]->is_up();
    }
    exchange_.sync.speaks.store(any_up, std::memory_order_relaxed);
    exchange_.sync.defers.store(any_up && defer_, std::memory_order_relaxed);
    if (!is_due) return;
    next_look_ns_ = common_.now_ns + look_ns;
    states_.tick(links_);
}

void Runner::publish() {
    if (common_.now_ns < next_status_ns_) return;
    next_status_ns_ = common_.now_ns + status_interval_ns;
    states_.publish(links_);
    exchange::SyncCounters& counters = exchange_.sync_reports.counters;
    counters.cpu_ns.set(clock_ns(CLOCK_THREAD_CPUTIME_ID));
    std::array<std::uint64_t, sync::discard_count> discarded{};
    for (const auto& link : links_)
        for (std::size_t why = 0; why < discarded.size(); ++why)
            discarded[why] += link->session().counters().discarded[why];
    const auto set = [&](exchange::Counter& counter, sync::Discard why) {
        counter.set(discarded[static_cast<std::size_t>(why)]);
    };
    set(counters.malformed, sync::Discard::malformed);
    set(counters.wrong_ttl, sync::Discard::wrong_ttl);
    set(counters.bad_tag, sync::Discard::bad_tag);
    set(counters.wrong_boot, sync::Discard::wrong_boot);
    set(counters.replayed, sync::Discard::replayed);
    set(counters.bad_version, sync::Discard::bad_version);
}

bool Runner::has_events() const {
    return std::any_of(exchange_.workers.begin(), exchange_.workers.end(),
                       [](const auto& worker) { return worker->sync->events.size() != 0; });
}

std::uint64_t Runner::deadline_ns() const {
    std::uint64_t deadline_ns = std::min(common_.now_ns + longest_sleep_ns, next_status_ns_);
    for (const auto& link : links_) {
        const std::uint64_t due_us = link->session().deadline_us();
        if (due_us < deadline_ns / 1000) deadline_ns = due_us * 1000;
    }
    const bool waits = has_waiting_events_ || mark_.is_under_way() || walk_.is_under_way() ||
                       !sweeps_.empty() || hand_overs_.waits_for_mark();
    return waits ? std::min(deadline_ns, common_.now_ns + retry_ns) : deadline_ns;
}

// Workers ring the bell of one that sleeps. A batch that waits to be full leaves soon, and what a
// walk says may wait to become much: a round for each change would take more than the changes do. A
// SYN-ACK may not wait.
void Runner::sleep_until(std::uint64_t deadline_ns) {
    const std::uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (deadline_ns <= now_ns) return;
    const std::uint64_t wait_ns = deadline_ns - now_ns;
    const bool batches = std::any_of(links_.begin(), links_.end(), [](const auto& link) {
        return link->session().is_batching();
    });
    const bool dozes = walk_.is_under_way() || (batches && wait_ns <= doze_ns);
    exchange::Doorbell& bell = exchange_.sync.bell;
    exchange_.publisher.offline(reader_);
    dozes ? bell.doze() : bell.fall_asleep();
    const bool may_sleep = has_waiting_events_ || (dozes && !defer_) || !has_events();
    bell.wake_up(may_sleep && poll_for(wait_ns));
    exchange_.publisher.online(reader_);
}

// Until something can be read; true: the bell is among it.
bool Runner::poll_for(std::uint64_t wait_ns) {
    std::array<pollfd, max_peers + 1> descriptors{};
    descriptors[0] = {exchange_.sync.bell.descriptor(), POLLIN, 0};
    for (std::size_t i = 0; i < links_.size(); ++i)  // -1 is ignored (poll(2))
        descriptors[i + 1] = {links_[i]->socket().descriptor(), POLLIN, 0};
    const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000),
                           static_cast<long>(wait_ns % 1'000'000'000)};
    if (ppoll(descriptors.data(), links_.size() + 1, &timeout, nullptr) < 0) return true;
    for (std::size_t i = 0; i < links_.size(); ++i)
        may_be_read_[i] = descriptors[i + 1].revents != 0;
    return descriptors[0].revents != 0;
}

}  // namespace warren::peer
