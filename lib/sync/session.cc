// SPDX-License-Identifier: BSD-3-Clause
#include "sync/session.h"

#include <algorithm>

#include "net/mix.h"
#include "sync/bulk_out.h"
#include "sync/delivery.h"
#include "sync/handshake.h"
#include "sync/inbox.h"
#include "sync/marks.h"
#include "sync/recent_ends.h"
#include "sync/refused_flows.h"
#include "sync/routers.h"
#include "sync/sender.h"

namespace warren::sync {
namespace {

constexpr std::uint64_t greeting_interval_us = 100'000;  // of answers to strangers

bool is_acknowledged(Kind kind) {
    return kind == Kind::records || kind == Kind::bulk_begin || kind == Kind::bulk_end ||
           kind == Kind::take_over;
}

}  // namespace

class Session::Parts {
  public:
    Parts(const Settings& s, std::uint64_t nonce, Sink& out)
        : settings(s),
          sink(out),
          handshake(nonce),
          sender(settings, out, counters),
          delivery(settings, handshake, sender, out, counters),
          refused(s.digest_key) {}

    bool is_up() const { return handshake.in_session(); }
    void discard(Discard why) { ++counters.discarded[static_cast<std::size_t>(why)]; }

    void receive(const Datagram& datagram, std::uint64_t now_us, std::uint64_t fresh_nonce);
    void pump(std::uint64_t now_us);
    void set_routers(std::span<const LocalRouter> configured, std::uint64_t now_us);
    void sums(Marks::Purpose purpose, std::span<const RouterSum> all, std::uint64_t now_us);
    void finish_what_is_complete();

    Settings settings;
    Sink& sink;
    Counters counters;
    Handshake handshake;
    Sender sender;
    Delivery delivery;
    Inbox inbox;
    Routers routers;
    RefusedFlows refused;
    RecentEnds recent_ends;
    BulkOut bulk_out;
    Marks marks;
    Status status;
    std::uint64_t hello_us = 0;  // the next one

  private:
    // ---- sessions
    void greet(const Header& header, std::uint64_t now_us);
    void meet(const Datagram& datagram, std::uint64_t now_us, std::uint64_t fresh_nonce);
    void begin(const Header& header, const Hello& hello, std::uint64_t now_us,
               std::uint64_t fresh_nonce);
    void end(std::uint64_t now_us);
    Hello our_hello() const;
    Hello greeting() const;

    // ---- what comes in; false: the workers have no room
    void hear(const Datagram& datagram, std::uint64_t now_us);
    bool take(const Datagram& datagram, std::uint64_t now_us);
    bool take_records(const Datagram& datagram);
    bool take_record(const Record& record, const Header& header);
    bool take_flow(const FlowRecord& flow, const Header& header);
    void take_hello(const Hello& hello, std::uint64_t now_us);
    void take_ack(const Ack& ack, std::uint64_t now_us);
    void take_digest(const Header& header, const Digest& digest, std::uint64_t now_us);
    void take_bulk_mark(const Header& header, const BulkMark& mark);
    void take_take_over(const Header& header, const TakeOver& message);

    // ---- what goes out
    void send_controls(std::uint64_t now_us);
    void send_bulk_marks(std::uint64_t now_us);
    void send_take_overs(RouterState& state, std::uint64_t now_us);
    void send_mark(std::uint64_t now_us);
    std::uint64_t jitter_us() const;
    void make_way_for_digest(std::uint64_t now_us);
    std::uint64_t digest_due_us() const;
    void send_digest(std::span<const RouterSum> all, std::uint64_t now_us);
    void compare(std::span<const RouterSum> all, std::uint64_t now_us);
    void judge(RouterState& state, const flow::FlowSum& ours, const flow::FlowSum& theirs,
               std::uint64_t now_us);
    void lose_control(Kind kind, net::ConstBytes payload);
    bool speaks_for_some();

    Digest their_digest_;
    BoundedList<PeerRouter, max_routers> peer_routers_;
    std::uint64_t digest_us_ = 0;    // the next one
    std::uint64_t greeting_us_ = 0;  // when a stranger may be answered again
    std::uint64_t misfit_ = 0;       // nonce of a peer that speaks none of our versions

    friend class Session;
};

// ---- sessions

void Session::Parts::receive(const Datagram& datagram, std::uint64_t now_us,
                             std::uint64_t fresh_nonce) {
    switch (handshake.sender_of(datagram.header)) {
        case Handshake::Sender::peer:
            return hear(datagram, now_us);
        case Handshake::Sender::answerer:
            return meet(datagram, now_us, fresh_nonce);
        case Handshake::Sender::greeter:
            return greet(datagram.header, now_us);
        case Handshake::Sender::stranger:
            return discard(Discard::wrong_boot);
    }
}

void Session::Parts::greet(const Header& header, std::uint64_t now_us) {
    if (header.sender_nonce == handshake.own() || header.sender_nonce == handshake.next())
        return discard(Discard::wrong_boot);  // a reflection
    if (now_us < greeting_us_) return;
    greeting_us_ = now_us + greeting_interval_us;
    sender.greet(handshake, header.sender_nonce, encode(greeting()), now_us);
}

void Session::Parts::meet(const Datagram& datagram, std::uint64_t now_us,
                          std::uint64_t fresh_nonce) {
    const auto hello = hello_at(datagram.payload);
    if (!hello) return discard(Discard::malformed);
    const std::uint8_t version = std::min(settings.highest_version, hello->highest_version);
    if (version < std::max(settings.lowest_version, hello->lowest_version)) {
        discard(Discard::bad_version);
        if (misfit_ == datagram.header.sender_nonce) return;
        misfit_ = datagram.header.sender_nonce;
        return sink.peer_unintelligible(hello->lowest_version, hello->highest_version);
    }
    status.version = version;
    begin(datagram.header, *hello, now_us, fresh_nonce);
}

void Session::Parts::begin(const Header& header, const Hello& hello, std::uint64_t now_us,
                           std::uint64_t fresh_nonce) {
    if (is_up()) end(now_us);
    handshake.begin(header.sender_nonce, fresh_nonce);
    sender.begin(status.version);
    sender.round_trip().hear(header.time_us, 0, now_us);
    inbox.begin(header.sequence, header.oldest_unresolved);
    ++counters.sessions;
    status.up = true;
    status.since_us = status.heard_us = now_us;
    status.peer_key_id = header.key_id;
    digest_us_ = now_us + digest_interval_us;
    hello_us = now_us;
    routers.each([](RouterState& state) { state.begin_session(); });
    sink.peer_up(status.version, hello.capacity);
    take_hello(hello, now_us);
}

void Session::Parts::end(std::uint64_t now_us) {
    handshake.end();
    delivery.clear();
    bulk_out.stop();
    refused.clear();
    recent_ends.clear();
    marks.forget_purpose();
    peer_routers_.clear();
    routers.each([](RouterState& state) { state.end_session(); });
    status.up = false;
    status.since_us = hello_us = now_us;
    sink.peer_down();
}

Hello Session::Parts::our_hello() const {
    Hello hello = routers.hello();
    hello.lowest_version = settings.lowest_version;
    hello.highest_version = settings.highest_version;
    hello.capacity = settings.capacity;
    return hello;
}

// Wants are numbered within a session.
Hello Session::Parts::greeting() const {
    Hello hello = our_hello();
    for (Hello::Router& router : hello.routers)
        router.want = 0;
    return hello;
}

// ---- what comes in

void Session::Parts::hear(const Datagram& datagram, std::uint64_t now_us) {
    const Header& header = datagram.header;
    if (!inbox.is_new(header.sequence)) return discard(Discard::replayed);
    if (header.kind != Kind::hello && header.version != status.version)
        return discard(Discard::bad_version);
    status.heard_us = now_us;
    status.peer_key_id = header.key_id;
    sender.round_trip().hear(header.time_us, header.echoed_time_us, now_us);
    inbox.resolve_below(header.oldest_unresolved);
    if (inbox.is_outdated(header.sequence) && is_acknowledged(header.kind))
        counters.outdated += header.records;
    else if (!take(datagram, now_us)) {
        ++counters.no_room;
        return;
    }
    inbox.take(header.sequence);
    if (is_acknowledged(header.kind))
        inbox.owe_ack((header.flags & datagram_flag::urgent) != 0, now_us);
    finish_what_is_complete();
}

bool Session::Parts::take(const Datagram& datagram, std::uint64_t now_us) {
    const auto& [header, payload] = datagram;
    const auto malformed = [this] {
        discard(Discard::malformed);
        return true;
    };
    switch (header.kind) {
        case Kind::records:
            return take_records(datagram);
        case Kind::hello:
            if (const auto hello = hello_at(payload))
                return !inbox.is_latest(header.sequence) || (take_hello(*hello, now_us), true);
            return malformed();
        case Kind::ack:
            if (const auto ack = ack_at(payload)) return take_ack(*ack, now_us), true;
            return malformed();
        case Kind::digest:
            if (const auto digest = digest_at(payload))
                return take_digest(header, *digest, now_us), true;
            return malformed();
        case Kind::bulk_begin:
        case Kind::bulk_end:
            if (const auto mark = bulk_mark_at(payload)) return take_bulk_mark(header, *mark), true;
            return malformed();
        case Kind::take_over:
            if (const auto message = take_over_at(payload))
                return take_take_over(header, *message), true;
            return malformed();
    }
    ++counters.unknown_kind;
    return true;
}

bool Session::Parts::take_records(const Datagram& datagram) {
    RecordReader reader(datagram.payload);
    while (const auto record = reader.next())
        if (!take_record(*record, datagram.header)) return false;
    if (reader.malformed()) discard(Discard::malformed);
    return true;
}

bool Session::Parts::take_record(const Record& record, const Header& header) {
    if (const auto* end = std::get_if<EndRecord>(&record)) {
        recent_ends.note(end->name(settings.digest_key), header.sequence);
        refused.forget(*end);
        return sink.end(*end);
    }
    if (const auto* flow = std::get_if<FlowRecord>(&record)) return take_flow(*flow, header);
    return sink.bind(std::get<PersistenceRecord>(record));
}

bool Session::Parts::take_flow(const FlowRecord& flow, const Header& header) {
    const EndRecord its_end = EndRecord::of(flow.identity(), EndCause::closed);
    const std::uint64_t name = its_end.name(settings.digest_key);
    if (recent_ends.has_ended_after(name, header.sequence)) {
        ++counters.outdated;
        return true;
    }
    recent_ends.forget(name);
    refused.forget(its_end);
    return sink.install(flow, (header.flags & datagram_flag::urgent) != 0);
}

void Session::Parts::take_hello(const Hello& hello, std::uint64_t now_us) {
    status.peer_capacity = hello.capacity;
    routers.take(hello);
    routers.each([&](RouterState& state) {
        if (!state.is_ours() || !state.peer) return;
        state.status.in_sync = state.peer->in_sync;
        if (state.peer->in_sync) state.status.equal_us = now_us;
    });
    BoundedList<PeerRouter, max_routers> said;
    for (const auto& [router, want] : hello.routers)
        said.push(router);
    if (std::ranges::equal(said, peer_routers_)) return;
    peer_routers_ = said;
    sink.peer_routers({said.begin(), said.end()});
}

void Session::Parts::take_ack(const Ack& ack, std::uint64_t now_us) {
    if (ack.highest >= sender.next_sequence()) return discard(Discard::malformed);
    const bool had_holes = delivery.unresolved().size() != 0;
    delivery.acknowledge(ack, now_us, [this](Kind kind, net::ConstBytes payload) {
        if (kind == Kind::take_over) return;
        if (bulk_out.acknowledged(kind, *bulk_mark_at(payload)))
            sink.walk(bulk_out.router(), bulk_out.ticket());
    });
    // The peer may wait for the news that it lacks nothing.
    if (had_holes && delivery.unresolved().size() == 0) hello_us = now_us;
}

// The peer's sums are those of this point of its stream, so ours must be, too.
void Session::Parts::take_digest(const Header& header, const Digest& digest, std::uint64_t now_us) {
    const bool at_that_point =
        inbox.is_latest(header.sequence) && inbox.is_complete_below(header.sequence);
    if (!at_that_point || !marks.is_free(now_us)) {
        ++counters.not_compared;
        return;
    }
    their_digest_ = digest;
    sink.mark(marks.order(Marks::Purpose::compare, now_us));
}

void Session::Parts::take_bulk_mark(const Header& header, const BulkMark& mark) {
    RouterState* state = routers.find(mark.router);
    if (state == nullptr || state->is_ours()) return;
    BulkIn& bulk = state->bulk;
    if (header.kind == Kind::bulk_end) {
        if (bulk.open && mark.id == bulk.id) bulk.end_sequence = header.sequence;
        return;
    }
    if (mark.id == bulk.id) return;  // said again
    // While the old colour is being erased it must not become the new one.
    if (bulk.flips && !bulk.sweeping) bulk.colour = !bulk.colour;
    bulk.flips = false;
    bulk.open = true;
    bulk.id = mark.id;
    bulk.serves = bulk.want;
    bulk.end_sequence.reset();
    refused.forget_router(routers.slot_of(*state));
    sink.bulk_began(mark.router, bulk.colour);
}

void Session::Parts::take_take_over(const Header& header, const TakeOver& message) {
    RouterState* state = routers.find(message.router);
    if (state == nullptr) return;
    HandOver& hand_over = state->hand_over;
    if (message.step == TakeOver::Step::ask) {
        if (hand_over.asked == message.ticket) return;  // said again
        hand_over.asked = message.ticket;
        hand_over.asked_sequence = header.sequence;
        return;
    }
    if (hand_over.asking != message.ticket) return;
    hand_over.asking.reset();
    hand_over.ask_due = false;
    sink.take_over_answered(message.router, message.ticket, message.step == TakeOver::Step::agree);
}

// What had to wait for datagrams from before.
void Session::Parts::finish_what_is_complete() {
    routers.each([this](RouterState& state) {
        BulkIn& bulk = state.bulk;
        if (bulk.end_sequence && !bulk.sweeping && inbox.is_complete_below(*bulk.end_sequence)) {
            bulk.end_sequence.reset();
            bulk.open = false;
            bulk.flips = bulk.sweeping = true;
            ++counters.bulks_received;
            sink.bulk_ended(state.local.key, bulk.colour);
        }
        HandOver& hand_over = state.hand_over;
        if (hand_over.asked_sequence && inbox.is_complete_below(*hand_over.asked_sequence)) {
            hand_over.asked_sequence.reset();
            sink.take_over_asked(state.local.key, *hand_over.asked);
        }
    });
}

// ---- what goes out

void Session::Parts::pump(std::uint64_t now_us) {
    if (is_up() && now_us - status.heard_us >= silence_us) end(now_us);
    if (is_up()) {
        delivery.find_losses(
            now_us, [this](Kind kind, net::ConstBytes payload) { lose_control(kind, payload); });
        send_controls(now_us);
        make_way_for_digest(now_us);
        delivery.flush_due(now_us);
        if (now_us >= inbox.ack_deadline_us()) {
            const Payload ack = encode(inbox.take_ack());
            sender.send(handshake, {Kind::ack, 0, 0, ack.view()}, delivery.oldest_unresolved(),
                        now_us);
        }
        send_mark(now_us);
    }
    if (now_us < hello_us) return;
    hello_us = now_us + hello_interval_us;
    if (!is_up()) return sender.greet(handshake, 0, encode(greeting()), now_us);
    const Payload hello = encode(our_hello());
    sender.send(handshake, {Kind::hello, 0, 0, hello.view()}, delivery.oldest_unresolved(), now_us);
}

void Session::Parts::lose_control(Kind kind, net::ConstBytes payload) {
    if (kind != Kind::take_over) return bulk_out.lost(kind, *bulk_mark_at(payload));
    const TakeOver message = *take_over_at(payload);
    RouterState* state = routers.find(message.router);
    if (state == nullptr) return;
    HandOver& hand_over = state->hand_over;
    if (message.step == TakeOver::Step::ask)
        hand_over.ask_due = hand_over.asking == message.ticket;
    else if (hand_over.answer && hand_over.answer->ticket == message.ticket)
        hand_over.answer_due = true;
}

void Session::Parts::send_controls(std::uint64_t now_us) {
    send_bulk_marks(now_us);
    routers.each([&](RouterState& state) { send_take_overs(state, now_us); });
}

void Session::Parts::send_bulk_marks(std::uint64_t now_us) {
    if (bulk_out.is_idle())
        routers.each([this](RouterState& state) {
            if (!bulk_out.is_idle() || !state.owes_bulk()) return;
            state.served = state.peer_want;
            state.bulk_ordered = false;
            ++counters.bulks_sent;
            bulk_out.begin(state.local.key);
        });
    if (bulk_out.is_due() && delivery.control(bulk_out.kind(), encode(bulk_out.mark()), now_us))
        bulk_out.sent();
}

void Session::Parts::send_take_overs(RouterState& state, std::uint64_t now_us) {
    HandOver& hand_over = state.hand_over;
    if (hand_over.ask_due) {
        const TakeOver ask{state.local.key, TakeOver::Step::ask, *hand_over.asking};
        hand_over.ask_due = !delivery.control(Kind::take_over, encode(ask), now_us);
    }
    if (hand_over.answer_due)
        hand_over.answer_due =
            !delivery.control(Kind::take_over, encode(*hand_over.answer), now_us);
}

bool Session::Parts::speaks_for_some() {
    bool some = false;
    routers.each([&some](const RouterState& state) {
        some = some || (state.is_ours() && state.peer.has_value());
    });
    return some;
}

void Session::Parts::send_mark(std::uint64_t now_us) {
    const bool digest = now_us >= digest_due_us() && speaks_for_some();
    if ((!digest && !delivery.unresolved().wants_mark()) || !marks.is_free(now_us)) return;
    if (digest) digest_us_ = now_us + digest_interval_us - jitter_us();
    const Ticket ticket =
        marks.order(digest ? Marks::Purpose::digest : Marks::Purpose::resolve, now_us);
    delivery.ordered(ticket);
    sink.mark(ticket);
}

// The peer can compare when it lacks nothing. On a link that loses that is never so under load,
// unless new records wait for the repair of old ones.
void Session::Parts::make_way_for_digest(std::uint64_t now_us) {
    const bool wanted = now_us >= digest_us_ && speaks_for_some() && !delivery.is_settled() &&
                        delivery.unresolved().size() != 0;
    delivery.hold_until(wanted ? digest_us_ + digest_interval_us / 5 : 0);
}

// While the peer surely lacks something the digest waits for a while.
std::uint64_t Session::Parts::digest_due_us() const {
    return delivery.is_settled() ? digest_us_ : digest_us_ + digest_interval_us * 3 / 4;
}

// Both sides' marks must not stay in step, for one excludes the other.
std::uint64_t Session::Parts::jitter_us() const {
    return net::mix_bits(handshake.own() + sender.next_sequence()) % (digest_interval_us / 8);
}

// All that the workers said before the mark is under way.
void Session::Parts::sums(Marks::Purpose purpose, std::span<const RouterSum> all,
                          std::uint64_t now_us) {
    if (purpose == Marks::Purpose::digest) send_digest(all, now_us);
    if (purpose == Marks::Purpose::compare) compare(all, now_us);
}

void Session::Parts::send_digest(std::span<const RouterSum> all, std::uint64_t now_us) {
    Digest digest;
    routers.each([&](RouterState& state) {
        if (!state.is_ours() || !state.peer) return;
        RouterSum sum{state.local.key, {}};
        for (const RouterSum& one : all)
            if (one.key == sum.key) sum = one;
        state.status.our_flows = sum.flows.count;
        digest.sums.push(sum);
    });
    const Payload payload = encode(digest);
    sender.send(handshake,
                {Kind::digest, 0, static_cast<std::uint8_t>(digest.sums.size()), payload.view()},
                delivery.oldest_unresolved(), now_us);
}

void Session::Parts::compare(std::span<const RouterSum> all, std::uint64_t now_us) {
    for (const RouterSum& theirs : their_digest_.sums) {
        RouterState* state = routers.find(theirs.key);
        if (state == nullptr || state->is_ours() || state->bulk.is_busy()) continue;
        if (!state->peer || state->peer->role != Role::master) continue;
        flow::FlowSum ours = refused.of_router(routers.slot_of(*state));
        for (const RouterSum& one : all)
            if (one.key == theirs.key) ours += one.flows;
        judge(*state, ours, theirs.flows, now_us);
    }
}

void Session::Parts::judge(RouterState& state, const flow::FlowSum& ours,
                           const flow::FlowSum& theirs, std::uint64_t now_us) {
    RouterStatus& known = state.status;
    known.our_flows = ours.count;
    known.peer_flows = theirs.count;
    const bool was_in_sync = known.in_sync;
    const bool equal = ours == theirs;
    ++(equal ? counters.equal : counters.different);
    state.differences = equal ? 0 : state.differences + 1;
    if (equal) {
        known.in_sync = true;
        known.equal_us = now_us;
    } else if (state.differences >= 2) {
        known.in_sync = false;
        state.differences = 0;
        state.bulk.demand();
    }
    if (known.in_sync != was_in_sync || state.bulk.wanted) hello_us = now_us;
    sink.compared(state.local.key, equal);
}

void Session::Parts::set_routers(std::span<const LocalRouter> configured, std::uint64_t now_us) {
    routers.set(configured, [this](std::uint8_t slot) { refused.forget_router(slot); });
    if (!bulk_out.is_idle()) {
        RouterState* state = routers.find(bulk_out.router());
        if (state == nullptr || !state->is_ours()) bulk_out.stop();
        if (state != nullptr && !state->is_ours()) state->served = 0;
    }
    hello_us = now_us;
}

// ---- Session

Session::Session(const Settings& settings, std::uint64_t nonce, Sink& sink)
    : parts_(std::make_unique<Parts>(settings, nonce, sink)) {}
Session::~Session() = default;

std::optional<Discard> Session::discarded_early(net::ConstBytes datagram) {
    const auto parsed = parse(datagram);
    std::optional<Discard> why;
    if (const auto* discard = std::get_if<Discard>(&parsed))
        why = *discard;
    else if (parts_->handshake.sender_of(std::get<Datagram>(parsed).header) ==
             Handshake::Sender::stranger)
        why = Discard::wrong_boot;
    if (why) parts_->discard(*why);
    return why;
}

void Session::discarded(Discard why) {
    parts_->discard(why);
}

void Session::receive(net::ConstBytes datagram, std::uint64_t now_us, std::uint64_t fresh_nonce) {
    const auto parsed = parse(datagram);
    if (const auto* why = std::get_if<Discard>(&parsed)) return parts_->discard(*why);
    const auto& believed = std::get<Datagram>(parsed);
    if (const auto kind = static_cast<std::size_t>(believed.header.kind); kind < kind_count) {
        Traffic& traffic = parts_->counters.in[kind];
        ++traffic.datagrams;
        traffic.bytes += datagram.size();
        traffic.records += believed.header.records;
    }
    parts_->receive(believed, now_us, fresh_nonce);
    parts_->pump(now_us);
}

void Session::tick(std::uint64_t now_us) {
    parts_->pump(now_us);
}

std::uint64_t Session::deadline_us() const {
    Parts& p = *parts_;
    std::uint64_t deadline = p.hello_us;
    if (!p.is_up()) return deadline;
    deadline = std::min({deadline, p.status.heard_us + silence_us, p.delivery.deadline_us(),
                         p.inbox.ack_deadline_us()});
    if (p.speaks_for_some()) deadline = std::min(deadline, p.marks.not_before(p.digest_due_us()));
    if (p.delivery.unresolved().wants_mark()) deadline = std::min(deadline, p.marks.not_before(0));
    return deadline;
}

std::size_t Session::room(std::uint64_t now_us) {
    return parts_->is_up() ? parts_->delivery.room(now_us) : 0;
}

void Session::offer(const Record& record, const Source& source, bool urgent, std::uint64_t now_us) {
    if (!parts_->is_up()) return;
    if (parts_->bulk_out.is_walking()) parts_->bulk_out.count_record();
    parts_->delivery.offer(record, source, urgent, now_us);
}

void Session::walked(Ticket ticket, std::uint64_t now_us) {
    if (parts_->bulk_out.walked(ticket)) parts_->pump(now_us);
}

void Session::sums(Ticket ticket, std::span<const RouterSum> sums, std::uint64_t now_us) {
    Parts& p = *parts_;
    if (!p.marks.answer(ticket) || !p.is_up()) return;
    p.delivery.answered(ticket, now_us);
    p.sums(p.marks.purpose(), sums, now_us);
    p.pump(now_us);
}

void Session::swept(const RouterKey& router, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr || !state->bulk.sweeping) return;
    BulkIn& bulk = state->bulk;
    bulk.sweeping = false;
    // Not of an earlier session, and not while another one is under way.
    if (bulk.serves != 0 && !bulk.open) {
        if (bulk.serves == bulk.want) bulk.wanted = false;
        ++state->status.bulks_ended;
    }
    parts_->finish_what_is_complete();
    parts_->hello_us = now_us;
    parts_->pump(now_us);
}

// The worker's word may come after the flow's end has.
void Session::refused(const RouterKey& router, const Identity& identity) {
    Parts& p = *parts_;
    const RouterState* state = p.routers.find(router);
    const EndRecord its_end = EndRecord::of(identity, EndCause::closed);
    if (state == nullptr || p.recent_ends.has(its_end.name(p.settings.digest_key))) return;
    p.refused.add(identity, p.routers.slot_of(*state));
}

void Session::set_routers(std::span<const LocalRouter> routers, std::uint64_t now_us) {
    parts_->set_routers(routers, now_us);
    parts_->pump(now_us);
}

void Session::set_capacity(std::uint32_t flows) {
    parts_->settings.capacity = flows;
}

void Session::set_key_id(std::uint32_t key_id) {
    parts_->settings.key_id = key_id;
}

void Session::want_bulk(const RouterKey& router, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr || state->is_ours()) return;
    state->bulk.demand();
    parts_->hello_us = now_us;
    parts_->pump(now_us);
}

void Session::start_bulk(const RouterKey& router, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr) return;
    state->bulk_ordered = true;
    parts_->pump(now_us);
}

void Session::ask_take_over(const RouterKey& router, std::uint32_t ticket, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr || !parts_->is_up()) return;
    state->hand_over.asking = ticket;
    state->hand_over.ask_due = true;
    parts_->pump(now_us);
}

void Session::forget_take_over(const RouterKey& router) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr) return;
    state->hand_over.asking.reset();
    state->hand_over.ask_due = false;
}

void Session::answer_take_over(const RouterKey& router, std::uint32_t ticket, bool agreed,
                               std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr || state->hand_over.asked != ticket) return;
    state->hand_over.answer =
        TakeOver{router, agreed ? TakeOver::Step::agree : TakeOver::Step::decline, ticket};
    state->hand_over.answer_due = true;
    parts_->pump(now_us);
}

Status Session::status(std::uint64_t now_us) const {
    Status status = parts_->status;
    status.rtt_us = parts_->sender.round_trip().smoothed_us();
    status.lag_us = parts_->delivery.lag_us(now_us);
    status.unacked = static_cast<std::uint32_t>(parts_->delivery.under_way());
    status.unanswered = static_cast<std::uint32_t>(parts_->delivery.unresolved().size());
    status.refused = parts_->refused.size();
    return status;
}

const Counters& Session::counters() const {
    return parts_->counters;
}

RouterStatus Session::router_status(const RouterKey& router) const {
    const RouterState* state = parts_->routers.find(router);
    if (state == nullptr) return {};
    RouterStatus status = state->status;
    status.bulk_sending = !parts_->bulk_out.is_idle() && parts_->bulk_out.router() == router;
    status.bulk_receiving = state->bulk.is_busy();
    return status;
}

bool Session::is_settled() const {
    return parts_->delivery.is_settled();
}

}  // namespace warren::sync
