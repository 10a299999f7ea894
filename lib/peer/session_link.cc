// SPDX-License-Identifier: BSD-3-Clause
#include "peer/session_link.h"

#include <sys/random.h>

#include <algorithm>

#include "peer/inventory.h"

namespace warren::peer {

namespace {

constexpr std::size_t max_events = 256;
constexpr std::size_t most_refusals = 4096;  // noted in one round
constexpr unsigned most_datagrams = 512;     // received in one round, about

void publish_acknowledged(Common& common, std::size_t worker) {
    common.workers.link(worker).acknowledged.store(common.urgent[worker].acknowledged(),
                                                   std::memory_order_release);
    common.exchange.workers[worker]->doorbell.ring_if_asleep();
}

}  // namespace

// At most 256 bytes come whole or not at all (getrandom(2)).
std::uint64_t FreshNonces::take() {
    for (;;) {
        while (left_ != 0)
            if (const std::uint64_t nonce = nonces_[--left_]; nonce != 0) return nonce;
        if (getrandom(nonces_.data(), sizeof nonces_, 0) == sizeof nonces_) left_ = nonces_.size();
    }
}

SessionLink::SessionLink(PeerId id, const PeerSocketOptions& socket, const Keys& keys,
                         const sync::Settings& settings, Common& common)
    : id_(id), common_(common), socket_(socket), session_(settings, nonces_.take(), *this) {
    for (const MacKey& key : keys.macs)
        signers_.emplace_back(key);
    events_.reserve(max_events);
    refusals_.reserve(most_refusals);
}

const sync::PeerRouter* SessionLink::find(const sync::RouterKey& router) const {
    const auto found =
        std::find_if(peer_routers_.begin(), peer_routers_.end(),
                     [&](const sync::PeerRouter& other) { return other.key == router; });
    return found == peer_routers_.end() ? nullptr : &*found;
}

unsigned SessionLink::receive() {
    unsigned taken = 0;
    while (taken < most_datagrams) {
        const std::span<const PeerSocket::Received> datagrams = socket_.receive();
        if (datagrams.empty()) break;
        for (const PeerSocket::Received& datagram : datagrams)
            take(datagram);
        taken += static_cast<unsigned>(datagrams.size());
    }
    give_refusals();
    return taken;
}

// What costs nothing first.
void SessionLink::take(const PeerSocket::Received& received) {
    exchange::SyncCounters& counters = common_.exchange.sync_reports.counters;
    counters.datagrams_in.add();
    counters.bytes_in.add(received.bytes.size());
    if (received.was_routed) return session_.discarded(sync::Discard::wrong_ttl);
    if (session_.discarded_early(received.bytes)) return;
    if (!is_signed(received.bytes)) {
        const auto parsed = sync::parse(received.bytes);
        if (const auto* datagram = std::get_if<sync::Datagram>(&parsed))
            foreign_key_id = datagram->header.key_id;
        return session_.discarded(sync::Discard::bad_tag);
    }
    session_.receive(received.bytes, common_.now_us(), nonces_.take());
}

bool SessionLink::is_signed(net::ConstBytes datagram) {
    return std::any_of(signers_.begin(), signers_.end(), [&](Signer& signer) {
        return signer.verify(sync::covered(datagram), sync::tag_of(datagram));
    });
}

void SessionLink::tick() {
    session_.tick(common_.now_us());
}

void SessionLink::refuse(const sync::Identity& identity) {
    if (refusals_.size() < most_refusals) refusals_.push_back(identity);
}

// Not from within the session's own call.
void SessionLink::give_refusals() {
    for (const sync::Identity& identity : refusals_) {
        const std::uint16_t index =
            Routers::router_of(*common_.snapshot, identity.client.destination);
        if (const sync::LocalRouter* router = common_.routers.find(index))
            session_.refused(router->key, identity);
    }
    refusals_.clear();
}

void SessionLink::publish(const SessionEvent& event) {
    if (events_.size() < max_events) events_.push_back(event);
}

// ---- what the session asks

void SessionLink::send(net::Bytes datagram) {
    const Tag tag = signers_.front().sign(sync::covered(datagram));
    std::copy(tag.begin(), tag.end(), sync::tag_of(datagram).begin());
    exchange::SyncCounters& counters = common_.exchange.sync_reports.counters;
    counters.datagrams_out.add();
    counters.bytes_out.add(datagram.size());
    socket_.send(datagram);
}

// What has no place here is said to be so at once; the rest its worker decides.
bool SessionLink::install(const sync::FlowRecord& record, bool) {
    const exchange::Snapshot& snapshot = *common_.snapshot;
    const std::uint16_t service = snapshot.find_service(record.vip, record.service_port);
    if (service == exchange::Snapshot::no_service) {
        common_.exchange.sync_reports.counters.unknown_service.add();
        refuse(record.identity());
        return true;
    }
    const std::uint16_t router = Routers::router_of(snapshot, record.vip);
    Common::Incoming unknown;
    Common::Incoming& incoming =
        router < common_.incoming.size() ? common_.incoming[router] : unknown;
    if (!common_.workers.install(record, snapshot.services[service], incoming.colour)) return false;
    incoming.has_records = true;
    ++incoming.bulk_flows;
    common_.exchange.sync_reports.counters.records_in.add();
    return true;
}

bool SessionLink::end(const sync::EndRecord& record) {
    if (!common_.workers.end(record)) return false;
    common_.exchange.sync_reports.counters.ends_in.add();
    return true;
}

// Groups cut elsewhere than here are others: their clients are scheduled anew.
bool SessionLink::bind(const sync::PersistenceRecord& record) {
    const exchange::Snapshot& snapshot = *common_.snapshot;
    const std::uint16_t id = snapshot.find_service(record.vip, record.service_port);
    if (id == exchange::Snapshot::no_service) return true;
    const exchange::Service& service = snapshot.services[id];
    if (!service.is_persistent() || service.persistence.prefix_length != record.clients.length)
        return true;
    if (!common_.workers.bind(record, service)) return false;
    common_.exchange.sync_reports.counters.records_in.add();
    return true;
}

void SessionLink::bulk_began(const sync::RouterKey& router, bool colour) {
    const std::uint16_t index = common_.routers.index_of(router);
    if (index < common_.incoming.size()) {
        common_.incoming[index].colour = colour;
        common_.incoming[index].bulk_began_ns = common_.now_ns;
        common_.incoming[index].bulk_flows = 0;
    }
    common_.exchange.sync_reports.counters.bulks_in.add();
}

void SessionLink::bulk_ended(const sync::RouterKey& router, bool colour) {
    std::erase_if(sweeps_wanted, [&](const Sweep& other) { return other.router == router; });
    sweeps_wanted.push_back({router, colour});
    publish({.kind = SessionEvent::Kind::bulk_ended, .router = router});
}

bool SessionLink::again(const sync::Source& source, const sync::Identity& identity) {
    if (!common_.workers.ask_again(source, identity)) return false;
    common_.exchange.sync_reports.counters.resent.add();
    return true;
}

void SessionLink::walk(const sync::RouterKey& router, sync::Ticket ticket) {
    walk_wanted = {common_.routers.index_of(router), ticket};
}

void SessionLink::mark(sync::Ticket ticket) {
    mark_wanted = ticket;
}

void SessionLink::acknowledged(const sync::Source& source) {
    if (common_.urgent[source.worker].arrived(source.index, id_))
        publish_acknowledged(common_, source.worker);
}

void SessionLink::peer_up(std::uint8_t, std::uint32_t) {
    publish({.kind = SessionEvent::Kind::peer_up});
}

void SessionLink::peer_down() {
    peer_routers_.clear();
    mark_wanted.reset();
    walk_wanted.reset();
    sweeps_wanted.clear();
    for (std::size_t worker = 0; worker < common_.urgent.size(); ++worker)
        if (common_.urgent[worker].is_down(id_)) publish_acknowledged(common_, worker);
    publish({.kind = SessionEvent::Kind::peer_down});
}

void SessionLink::peer_unintelligible(std::uint8_t lowest, std::uint8_t highest) {
    publish({.kind = SessionEvent::Kind::unintelligible,
             .ticket = static_cast<std::uint32_t>(lowest << 8 | highest)});
}

void SessionLink::peer_routers(std::span<const sync::PeerRouter> routers) {
    peer_routers_.assign(routers.begin(), routers.end());
    publish({.kind = SessionEvent::Kind::peer_routers});
}

void SessionLink::compared(const sync::RouterKey& router, bool equal) {
    exchange::SyncCounters& counters = common_.exchange.sync_reports.counters;
    counters.digests.add();
    if (!equal) counters.differences.add();
    publish({.kind = equal ? SessionEvent::Kind::equal : SessionEvent::Kind::differs,
             .router = router});
}

void SessionLink::take_over_asked(const sync::RouterKey& router, std::uint32_t ticket) {
    publish({.kind = SessionEvent::Kind::take_over_asked, .router = router, .ticket = ticket});
}

void SessionLink::take_over_answered(const sync::RouterKey& router, std::uint32_t ticket,
                                     bool agreed) {
    publish({.kind = agreed ? SessionEvent::Kind::take_over_agreed
                            : SessionEvent::Kind::take_over_refused,
             .router = router,
             .ticket = ticket});
}

void SessionLink::peer_inventory(const sync::Inventory& inventory) {
    const auto ours = common_.routers.facts_of_router(inventory.router);
    if (ours.empty()) return;
    publish({.kind = SessionEvent::Kind::config,
             .router = inventory.router,
             .difference = difference(ours, inventory)});
}

}  // namespace warren::peer
