// SPDX-License-Identifier: BSD-3-Clause
#include "sync/session.h"

#include <algorithm>

#include "net/mix.h"
#include "sync/arrivals.h"

namespace warren::sync {
namespace {

// What goes out, and when.
class Departures {
  public:
    explicit Departures(Parts& parts) : p_(parts) {}

    // Sends what is due.
    void pump(std::uint64_t now_us);
    // All that the workers said before the mark is under way.
    void sums(Marks::Purpose purpose, std::span<const RouterSum> all, std::uint64_t now_us);
    void set_routers(std::span<const LocalRouter> configured, std::uint64_t now_us);
    bool speaks_for_some();
    bool is_all_in_sync();
    std::uint64_t digest_due_us() const;

  private:
    void send_hello(std::uint64_t now_us);
    bool asks_for_some();
    void send_controls(std::uint64_t now_us);
    void send_bulk_marks(std::uint64_t now_us);
    void send_take_overs(RouterState& state, std::uint64_t now_us);
    void lose_control(Kind kind, net::ConstBytes payload);
    void send_ack(std::uint64_t now_us);
    void send_mark(std::uint64_t now_us);
    std::uint64_t digest_pause_us();
    void make_way_for_digest(std::uint64_t now_us);
    void send_digest(std::span<const RouterSum> all, std::uint64_t now_us);
    void compare(std::span<const RouterSum> all, std::uint64_t now_us);
    void judge(RouterState& state, const flow::FlowSum& ours, const flow::FlowSum& theirs,
               std::uint64_t now_us);

    Parts& p_;
};

void Departures::pump(std::uint64_t now_us) {
    if (p_.is_up() && now_us - p_.status.heard_us >= silence_us) Arrivals(p_).end(now_us);
    if (p_.is_up()) {
        p_.delivery.find_losses(
            now_us, [this](Kind kind, net::ConstBytes payload) { lose_control(kind, payload); });
        send_controls(now_us);
        make_way_for_digest(now_us);
        p_.delivery.flush_due(now_us);
        send_ack(now_us);
        send_mark(now_us);
    }
    send_hello(now_us);
}

void Departures::send_hello(std::uint64_t now_us) {
    if (now_us < p_.hello_us) return;
    p_.hello_us = now_us + (asks_for_some() ? least_loss_us : hello_interval_us);
    if (!p_.is_up()) return p_.sender.greet(p_.handshake, 0, encode(p_.greeting()), now_us);
    const Payload hello = encode(p_.our_hello());
    p_.sender.send(p_.handshake, {Kind::hello, 0, 0, hello.view()}, p_.delivery.oldest_unresolved(),
                   now_us);
}

void Departures::send_ack(std::uint64_t now_us) {
    if (now_us < p_.inbox.ack_deadline_us()) return;
    const Payload ack = encode(p_.inbox.take_ack());
    p_.sender.send(p_.handshake, {Kind::ack, 0, 0, ack.view()}, p_.delivery.oldest_unresolved(),
                   now_us);
}

void Departures::lose_control(Kind kind, net::ConstBytes payload) {
    if (kind != Kind::take_over) return p_.bulk_out.lost(kind, *bulk_mark_at(payload));
    const TakeOver message = *take_over_at(payload);
    RouterState* state = p_.routers.find(message.router);
    if (state == nullptr) return;
    HandOver& hand_over = state->hand_over;
    if (message.step == TakeOver::Step::ask)
        hand_over.ask_due = hand_over.asking == message.ticket;
    else if (hand_over.answer && hand_over.answer->ticket == message.ticket)
        hand_over.answer_due = true;
}

void Departures::send_controls(std::uint64_t now_us) {
    send_bulk_marks(now_us);
    p_.routers.each([&](RouterState& state) { send_take_overs(state, now_us); });
}

void Departures::send_bulk_marks(std::uint64_t now_us) {
    if (p_.bulk_out.is_idle())
        p_.routers.each([this](RouterState& state) {
            if (!p_.bulk_out.is_idle() || !state.owes_bulk()) return;
            state.served = state.peer_want;
            state.bulk_ordered = false;
            ++p_.counters.bulks_sent;
            p_.bulk_out.begin(state.local.key);
        });
    if (p_.bulk_out.is_due() &&
        p_.delivery.control(p_.bulk_out.kind(), encode(p_.bulk_out.mark()), now_us))
        p_.bulk_out.sent();
}

void Departures::send_take_overs(RouterState& state, std::uint64_t now_us) {
    HandOver& hand_over = state.hand_over;
    if (hand_over.ask_due) {
        const TakeOver ask{state.local.key, TakeOver::Step::ask, *hand_over.asking};
        hand_over.ask_due = !p_.delivery.control(Kind::take_over, encode(ask), now_us);
    }
    if (hand_over.answer_due)
        hand_over.answer_due =
            !p_.delivery.control(Kind::take_over, encode(*hand_over.answer), now_us);
}

// The peer takes over when it knows that it lacks nothing: a hello says so, and may be lost.
bool Departures::asks_for_some() {
    bool some = false;
    p_.routers.each(
        [&some](const RouterState& state) { some = some || state.hand_over.asking.has_value(); });
    return some;
}

bool Departures::speaks_for_some() {
    bool some = false;
    p_.routers.each([&some](const RouterState& state) {
        some = some || (state.is_ours() && state.peer.has_value());
    });
    return some;
}

void Departures::send_mark(std::uint64_t now_us) {
    const bool digest = now_us >= digest_due_us() && speaks_for_some();
    if ((!digest && !p_.delivery.unresolved().wants_mark()) || !p_.marks.is_free(now_us)) return;
    if (digest) p_.digest_us = now_us + digest_pause_us();
    const Ticket ticket =
        p_.marks.order(digest ? Marks::Purpose::digest : Marks::Purpose::resolve, now_us);
    p_.delivery.ordered(ticket);
    p_.sink.mark(ticket);
}

// The peer can compare when it lacks nothing. On a link that loses that is never so under load,
// unless new records wait for the repair of old ones.
void Departures::make_way_for_digest(std::uint64_t now_us) {
    const bool wanted = now_us >= p_.digest_us && speaks_for_some() && !p_.delivery.is_settled() &&
                        p_.delivery.unresolved().size() != 0;
    p_.delivery.hold_until(wanted ? p_.digest_us + digest_interval_us / 5 : 0);
}

// While the peer surely lacks something the digest waits for a while.
std::uint64_t Departures::digest_due_us() const {
    return p_.delivery.is_settled() ? p_.digest_us : p_.digest_us + digest_interval_us * 3 / 4;
}

bool Departures::is_all_in_sync() {
    bool all = true;
    p_.routers.each([&all](const RouterState& state) {
        all = all && (!state.is_ours() || !state.peer || state.peer->in_sync);
    });
    return all;
}

// Who waits to be equal waits for several digests in a row, and each may get lost. Both sides'
// marks must not stay in step, for one excludes the other.
std::uint64_t Departures::digest_pause_us() {
    const std::uint64_t pause_us = is_all_in_sync() ? digest_interval_us : hasty_digest_interval_us;
    const std::uint64_t random = net::mix_bits(p_.handshake.own() + p_.sender.next_sequence());
    return pause_us - random % (pause_us / 8);
}

void Departures::sums(Marks::Purpose purpose, std::span<const RouterSum> all,
                      std::uint64_t now_us) {
    if (purpose == Marks::Purpose::digest) send_digest(all, now_us);
    if (purpose == Marks::Purpose::compare) compare(all, now_us);
}

void Departures::send_digest(std::span<const RouterSum> all, std::uint64_t now_us) {
    Digest digest;
    p_.routers.each([&](RouterState& state) {
        if (!state.is_ours() || !state.peer) return;
        RouterSum sum{state.local.key, {}};
        for (const RouterSum& one : all)
            if (one.key == sum.key) sum = one;
        state.status.our_flows = sum.flows.count;
        digest.sums.push(sum);
    });
    const Payload payload = encode(digest);
    p_.sender.send(p_.handshake,
                   {Kind::digest, 0, static_cast<std::uint8_t>(digest.sums.size()), payload.view()},
                   p_.delivery.oldest_unresolved(), now_us);
}

void Departures::compare(std::span<const RouterSum> all, std::uint64_t now_us) {
    for (const RouterSum& theirs : p_.their_digest.sums) {
        RouterState* state = p_.routers.find(theirs.key);
        if (state == nullptr || state->is_ours() || state->bulk.is_busy()) continue;
        if (!state->peer || state->peer->role != Role::master) continue;
        flow::FlowSum ours = p_.refused.of_router(p_.routers.slot_of(*state));
        for (const RouterSum& one : all)
            if (one.key == theirs.key) ours += one.flows;
        judge(*state, ours, theirs.flows, now_us);
    }
}

void Departures::judge(RouterState& state, const flow::FlowSum& ours, const flow::FlowSum& theirs,
                       std::uint64_t now_us) {
    RouterStatus& known = state.status;
    known.our_flows = ours.count;
    known.peer_flows = theirs.count;
    const bool was_in_sync = known.in_sync;
    const bool equal = ours == theirs;
    ++(equal ? p_.counters.equal : p_.counters.different);
    state.differences = equal ? 0 : state.differences + 1;
    if (equal) {
        known.in_sync = true;
        known.equal_us = now_us;
    } else if (state.differences >= 2) {
        known.in_sync = false;
        state.differences = 0;
        state.bulk.demand();
    }
    if (known.in_sync != was_in_sync || state.bulk.wanted) p_.hello_us = now_us;
    p_.sink.compared(state.local.key, equal);
}

void Departures::set_routers(std::span<const LocalRouter> configured, std::uint64_t now_us) {
    p_.routers.set(configured, [this](std::uint8_t slot) { p_.refused.forget_router(slot); });
    if (!p_.bulk_out.is_idle()) {
        RouterState* state = p_.routers.find(p_.bulk_out.router());
        if (state == nullptr || !state->is_ours()) p_.bulk_out.stop();
        if (state != nullptr && !state->is_ours()) state->served = 0;
    }
    p_.hello_us = now_us;
}

}  // namespace

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
    Arrivals(*parts_).receive(believed, now_us, fresh_nonce);
    Departures(*parts_).pump(now_us);
}

void Session::tick(std::uint64_t now_us) {
    Departures(*parts_).pump(now_us);
}

std::uint64_t Session::deadline_us() const {
    Parts& p = *parts_;
    std::uint64_t deadline = p.hello_us;
    if (!p.is_up()) return deadline;
    deadline = std::min({deadline, p.status.heard_us + silence_us, p.delivery.deadline_us(),
                         p.inbox.ack_deadline_us()});
    if (Departures(p).speaks_for_some())
        deadline = std::min(deadline, p.marks.not_before(Departures(p).digest_due_us()));
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
    if (parts_->bulk_out.walked(ticket)) Departures(*parts_).pump(now_us);
}

void Session::sums(Ticket ticket, std::span<const RouterSum> sums, std::uint64_t now_us) {
    Parts& p = *parts_;
    if (!p.marks.answer(ticket) || !p.is_up()) return;
    p.delivery.answered(ticket, now_us);
    Departures(p).sums(p.marks.purpose(), sums, now_us);
    Departures(p).pump(now_us);
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
    Arrivals(*parts_).finish_what_is_complete();
    parts_->hello_us = now_us;
    Departures(*parts_).pump(now_us);
}

// The worker's word may come after the flow's end has.
void Session::refused(const RouterKey& router, const Identity& identity) {
    Parts& p = *parts_;
    const RouterState* state = p.routers.find(router);
    const EndRecord its_end = EndRecord::of(identity, EndCause::closed);
    if (state == nullptr) return;
    const auto place = RecentEnds::place_of(its_end.client_address, its_end.client_port);
    if (p.recent_ends.has(place, its_end.name(p.settings.digest_key))) return;
    p.refused.add(identity, p.routers.slot_of(*state));
}

void Session::set_routers(std::span<const LocalRouter> routers, std::uint64_t now_us) {
    Departures(*parts_).set_routers(routers, now_us);
    Departures(*parts_).pump(now_us);
}

void Session::want_bulk(const RouterKey& router, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr || state->is_ours()) return;
    state->bulk.demand();
    parts_->hello_us = now_us;
    Departures(*parts_).pump(now_us);
}

void Session::start_bulk(const RouterKey& router, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr) return;
    state->bulk_ordered = true;
    Departures(*parts_).pump(now_us);
}

void Session::ask_take_over(const RouterKey& router, std::uint32_t ticket, std::uint64_t now_us) {
    RouterState* state = parts_->routers.find(router);
    if (state == nullptr || !parts_->is_up()) return;
    state->hand_over.asking = ticket;
    state->hand_over.ask_due = true;
    parts_->hello_us = now_us;
    Departures(*parts_).pump(now_us);
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
    Departures(*parts_).pump(now_us);
}

void Session::send_inventory(const Inventory& inventory, std::uint64_t now_us) {
    Parts& p = *parts_;
    if (!p.is_up()) return;
    const Payload payload = encode(inventory);
    p.sender.send(p.handshake, {Kind::inventory, 0, 0, payload.view()},
                  p.delivery.oldest_unresolved(), now_us);
}

bool Session::is_up() const {
    return parts_->is_up();
}

Status Session::status(std::uint64_t now_us) const {
    Status status = parts_->status;
    status.rtt_us = parts_->sender.round_trip().smoothed_us();
    status.lag_us = parts_->delivery.lag_us(now_us);
    status.unacked = static_cast<std::uint32_t>(parts_->delivery.unacknowledged());
    status.unanswered = static_cast<std::uint32_t>(parts_->delivery.unresolved().size());
    status.refused = parts_->refused.size();
    status.lost_permille = parts_->loss.permille();
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
    status.refused = parts_->refused.of_router(parts_->routers.slot_of(*state)).count;
    return status;
}

bool Session::is_batching() const {
    return parts_->delivery.has_batch();
}

bool Session::is_settled() const {
    return parts_->delivery.is_settled();
}

}  // namespace warren::sync
