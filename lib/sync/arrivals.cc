// SPDX-License-Identifier: BSD-3-Clause
#include "sync/arrivals.h"

#include <algorithm>

namespace warren::sync {
namespace {

constexpr std::uint64_t greeting_interval_us = 100'000;  // of answers to strangers

bool is_acknowledged(Kind kind) {
    return kind == Kind::records || kind == Kind::bulk_begin || kind == Kind::bulk_end ||
           kind == Kind::take_over;
}

}  // namespace

// ---- sessions

void Arrivals::receive(const Datagram& datagram, std::uint64_t now_us, std::uint64_t fresh_nonce) {
    switch (p_.handshake.sender_of(datagram.header)) {
        case Handshake::Sender::peer:
            return hear(datagram, now_us);
        case Handshake::Sender::answerer:
            return meet(datagram, now_us, fresh_nonce);
        case Handshake::Sender::greeter:
            return greet(datagram.header, now_us);
        case Handshake::Sender::stranger:
            return p_.discard(Discard::wrong_boot);
    }
}

void Arrivals::greet(const Header& header, std::uint64_t now_us) {
    if (header.sender_nonce == p_.handshake.own() || header.sender_nonce == p_.handshake.next())
        return p_.discard(Discard::wrong_boot);  // a reflection
    if (now_us < p_.greeting_us) return;
    p_.greeting_us = now_us + greeting_interval_us;
    p_.sender.greet(p_.handshake, header.sender_nonce, encode(p_.greeting()), now_us);
}

void Arrivals::meet(const Datagram& datagram, std::uint64_t now_us, std::uint64_t fresh_nonce) {
    const auto hello = hello_at(datagram.payload);
    if (!hello) return p_.discard(Discard::malformed);
    const std::uint8_t version = std::min(p_.settings.highest_version, hello->highest_version);
    if (version < std::max(p_.settings.lowest_version, hello->lowest_version)) {
        p_.discard(Discard::bad_version);
        if (p_.misfit == datagram.header.sender_nonce) return;
        p_.misfit = datagram.header.sender_nonce;
        return p_.sink.peer_unintelligible(hello->lowest_version, hello->highest_version);
    }
    p_.status.version = version;
    begin(datagram.header, *hello, now_us, fresh_nonce);
}

void Arrivals::begin(const Header& header, const Hello& hello, std::uint64_t now_us,
                     std::uint64_t fresh_nonce) {
    if (p_.is_up()) end(now_us);
    p_.handshake.begin(header.sender_nonce, fresh_nonce);
    p_.sender.begin(p_.status.version);
    p_.sender.round_trip().hear(header.time_us, 0, now_us);
    p_.inbox.begin(header.sequence, header.oldest_unresolved);
    p_.loss.begin(header.sequence, now_us);
    ++p_.counters.sessions;
    p_.status.up = true;
    p_.status.since_us = p_.status.heard_us = now_us;
    p_.status.peer_key_id = header.key_id;
    p_.digest_us = now_us + digest_interval_us;
    p_.hello_us = now_us;
    p_.routers.each([](RouterState& state) { state.begin_session(); });
    p_.sink.peer_up(p_.status.version, hello.capacity);
    take_hello(hello, now_us);
}

void Arrivals::end(std::uint64_t now_us) {
    p_.handshake.end();
    p_.delivery.clear();
    p_.bulk_out.stop();
    p_.refused.clear();
    p_.recent_ends.clear();
    p_.marks.forget_purpose();
    p_.peer_routers.clear();
    p_.routers.each([](RouterState& state) { state.end_session(); });
    p_.status.up = false;
    p_.status.since_us = p_.hello_us = now_us;
    p_.sink.peer_down();
}

// ---- what comes in

void Arrivals::hear(const Datagram& datagram, std::uint64_t now_us) {
    const Header& header = datagram.header;
    if (!p_.inbox.is_new(header.sequence)) return p_.discard(Discard::replayed);
    if (header.kind != Kind::hello && header.version != p_.status.version)
        return p_.discard(Discard::bad_version);
    p_.status.heard_us = now_us;
    p_.status.peer_key_id = header.key_id;
    p_.loss.hear(header.sequence, now_us);
    p_.sender.round_trip().hear(header.time_us, header.echoed_time_us, now_us);
    p_.inbox.resolve_below(header.oldest_unresolved);
    if (p_.inbox.is_outdated(header.sequence) && is_acknowledged(header.kind))
        p_.counters.outdated += header.records;
    else if (!take(datagram, now_us)) {
        ++p_.counters.no_room;
        return;
    }
    p_.inbox.take(header.sequence);
    if (is_acknowledged(header.kind))
        p_.inbox.owe_ack((header.flags & datagram_flag::urgent) != 0, now_us);
    finish_what_is_complete();
}

bool Arrivals::take(const Datagram& datagram, std::uint64_t now_us) {
    const auto& [header, payload] = datagram;
    const auto malformed = [this] {
        p_.discard(Discard::malformed);
        return true;
    };
    switch (header.kind) {
        case Kind::records:
            return take_records(datagram);
        case Kind::hello:
            if (const auto hello = hello_at(payload))
                return !p_.inbox.is_latest(header.sequence) || (take_hello(*hello, now_us), true);
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
        case Kind::inventory:
            if (const auto inventory = inventory_at(payload))
                return p_.sink.peer_inventory(*inventory), true;
            return malformed();
    }
    ++p_.counters.unknown_kind;
    return true;
}

bool Arrivals::take_records(const Datagram& datagram) {
    RecordReader reader(datagram.payload);
    while (const auto record = reader.next())
        if (!take_record(*record, datagram.header)) return false;
    if (reader.malformed()) p_.discard(Discard::malformed);
    return true;
}

bool Arrivals::take_record(const Record& record, const Header& header) {
    if (const auto* end = std::get_if<EndRecord>(&record)) {
        p_.recent_ends.note(RecentEnds::place_of(end->client_address, end->client_port),
                            end->name(p_.settings.digest_key), header.sequence);
        p_.refused.forget(*end);
        return p_.sink.end(*end);
    }
    if (const auto* flow = std::get_if<FlowRecord>(&record)) return take_flow(*flow, header);
    return p_.sink.bind(std::get<PersistenceRecord>(record));
}

bool Arrivals::take_flow(const FlowRecord& flow, const Header& header) {
    return has_been_overtaken(flow, header) ||
           p_.sink.install(flow, (header.flags & datagram_flag::urgent) != 0);
}

// By its end. If not, it is no flow that is absent any more.
bool Arrivals::has_been_overtaken(const FlowRecord& flow, const Header& header) {
    const auto place = RecentEnds::place_of(flow.client_address, flow.client_port);
    if (!p_.recent_ends.has_any_at(place) && p_.refused.size() == 0) return false;
    const EndRecord its_end = EndRecord::of(flow.identity(), EndCause::closed);
    const std::uint64_t name = its_end.name(p_.settings.digest_key);
    if (p_.recent_ends.has_ended_after(place, name, header.sequence)) {
        ++p_.counters.outdated;
        return true;
    }
    p_.recent_ends.forget(place, name);
    p_.refused.forget(its_end);
    return false;
}

void Arrivals::take_hello(const Hello& hello, std::uint64_t now_us) {
    p_.status.peer_capacity = hello.capacity;
    p_.routers.take(hello);
    p_.routers.each([&](RouterState& state) {
        if (!state.is_ours() || !state.peer) return;
        state.status.in_sync = state.peer->in_sync;
        if (state.peer->in_sync) state.status.equal_us = now_us;
    });
    BoundedList<PeerRouter, max_routers> said;
    for (const auto& [router, want] : hello.routers)
        said.push(router);
    if (std::ranges::equal(said, p_.peer_routers)) return;
    p_.peer_routers = said;
    p_.sink.peer_routers({said.begin(), said.end()});
}

void Arrivals::take_ack(const Ack& ack, std::uint64_t now_us) {
    if (ack.highest >= p_.sender.next_sequence()) return p_.discard(Discard::malformed);
    const bool had_holes = p_.delivery.unresolved().size() != 0;
    p_.delivery.acknowledge(ack, now_us, [this](Kind kind, net::ConstBytes payload) {
        if (kind == Kind::take_over) return;
        if (p_.bulk_out.acknowledged(kind, *bulk_mark_at(payload)))
            p_.sink.walk(p_.bulk_out.router(), p_.bulk_out.ticket());
    });
    // The peer may wait for the news that it lacks nothing.
    if (had_holes && p_.delivery.unresolved().size() == 0) p_.hello_us = now_us;
}

// The peer's sums are those of this point of its stream, so ours must be, too.
void Arrivals::take_digest(const Header& header, const Digest& digest, std::uint64_t now_us) {
    const bool at_that_point =
        p_.inbox.is_latest(header.sequence) && p_.inbox.is_complete_below(header.sequence);
    if (!at_that_point || !p_.marks.is_free(now_us)) {
        ++p_.counters.not_compared;
        return;
    }
    p_.their_digest = digest;
    p_.sink.mark(p_.marks.order(Marks::Purpose::compare, now_us));
}

void Arrivals::take_bulk_mark(const Header& header, const BulkMark& mark) {
    RouterState* state = p_.routers.find(mark.router);
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
    p_.refused.forget_router(p_.routers.slot_of(*state));
    p_.sink.bulk_began(mark.router, bulk.colour);
}

void Arrivals::take_take_over(const Header& header, const TakeOver& message) {
    RouterState* state = p_.routers.find(message.router);
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
    p_.sink.take_over_answered(message.router, message.ticket,
                               message.step == TakeOver::Step::agree);
}

void Arrivals::finish_what_is_complete() {
    p_.routers.each([this](RouterState& state) {
        BulkIn& bulk = state.bulk;
        if (bulk.end_sequence && !bulk.sweeping && p_.inbox.is_complete_below(*bulk.end_sequence)) {
            bulk.end_sequence.reset();
            bulk.open = false;
            bulk.flips = bulk.sweeping = true;
            ++p_.counters.bulks_received;
            p_.sink.bulk_ended(state.local.key, bulk.colour);
        }
        HandOver& hand_over = state.hand_over;
        if (hand_over.asked_sequence && p_.inbox.is_complete_below(*hand_over.asked_sequence)) {
            hand_over.asked_sequence.reset();
            p_.sink.take_over_asked(state.local.key, *hand_over.asked);
        }
    });
}

}  // namespace warren::sync
