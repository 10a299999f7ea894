// SPDX-License-Identifier: BSD-3-Clause
// A session that believes every tag. Input: datagrams, each behind a byte of control, one of time
// and two of length. Bits of control put in what somebody must know to be heard at all: 1 the
// session's nonces, 2 a sequence of its own, 4 the right lengths, 8 the session's version. Nothing
// that comes makes the session send rubbish, outgrow its bounds or never be due.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "sync/session.h"

namespace {

using namespace warren;

constexpr std::size_t head_bytes = 4;
constexpr std::uint64_t peer_nonce = 0xbeef;

void require(bool holds) {
    if (!holds) std::abort();
}

const sync::RouterKey router{net::IpAddress::v4(192, 168, 8, 100), 51};

class Owner : public sync::Sink {
  public:
    void send(net::Bytes datagram) override {
        const auto parsed = sync::parse(datagram);
        require(std::holds_alternative<sync::Datagram>(parsed));
        last = std::get<sync::Datagram>(parsed).header;
        ++sent;
    }
    bool install(const sync::FlowRecord& record, bool) override {
        identity = record.identity();
        return ++installed % 50 != 0;
    }
    bool end(const sync::EndRecord&) override { return true; }
    bool bind(const sync::PersistenceRecord&) override { return true; }
    void bulk_began(const sync::RouterKey&, bool) override {}
    void bulk_ended(const sync::RouterKey&, bool) override { ++sweeps; }
    bool again(const sync::Source&, const sync::Identity&) override { return true; }
    void walk(const sync::RouterKey&, sync::Ticket ticket) override { walk_ticket = ticket; }
    void mark(sync::Ticket ticket) override { mark_ticket = ticket; }
    void acknowledged(const sync::Source&) override {}
    void peer_up(std::uint8_t, std::uint32_t) override {}
    void peer_down() override {}
    void peer_unintelligible(std::uint8_t, std::uint8_t) override {}
    void peer_routers(std::span<const sync::PeerRouter> routers) override {
        require(routers.size() <= sync::max_routers);
    }
    void compared(const sync::RouterKey&, bool) override {}
    void take_over_asked(const sync::RouterKey&, std::uint32_t) override {}
    void take_over_answered(const sync::RouterKey&, std::uint32_t, bool) override {}
    void peer_inventory(const sync::Inventory& inventory) override {
        require(inventory.facts.size() <= sync::Inventory::most);
    }

    sync::Header last;
    std::size_t sent = 0;
    std::size_t installed = 0;
    std::size_t sweeps = 0;
    sync::Identity identity;
    sync::Ticket walk_ticket = 0;
    sync::Ticket mark_ticket = 0;
};

// What the owner does with what it was asked for.
void serve(sync::Session& session, Owner& owner, std::uint64_t now_us) {
    const sync::RouterSum sum{router, {owner.installed, 1}};
    session.sums(owner.mark_ticket, {&sum, 1}, now_us);
    session.walked(owner.walk_ticket, now_us);
    if (owner.sweeps > 0) session.swept(router, now_us);
    if (owner.installed % 3 == 0) session.refused(router, owner.identity);
    if (session.room(now_us) > 0)
        session.offer(sync::EndRecord::of(owner.identity, {}), {}, owner.sent % 2 == 0, now_us);
}

void store_u64(net::Bytes bytes, std::size_t at, std::uint64_t value) {
    net::store(bytes, at, net::Be64(value));
}

void put_in(net::Bytes bytes, std::uint8_t control, const Owner& owner, std::uint64_t sequence) {
    if (bytes.size() < sync::header_bytes + sync::tag_bytes) return;
    if (control & 1) {
        store_u64(bytes, 8, peer_nonce);
        store_u64(bytes, 16, owner.last.sender_nonce);
    }
    if (control & 2) {
        store_u64(bytes, 24, sequence);
        net::store(bytes, 32, net::Be32(bytes[35]));
    }
    if (control & 4) {
        const std::size_t payload = bytes.size() - sync::header_bytes - sync::tag_bytes;
        net::store(bytes, 0, net::Be16(sync::magic));
        net::store(bytes, 4, net::Be16(static_cast<std::uint16_t>(payload)));
    }
    if (control & 8) bytes[2] = sync::highest_version;
}

void check_bounds(sync::Session& session, std::uint64_t now_us) {
    const sync::Status status = session.status(now_us);
    require(status.unacked <= 256 && status.unanswered <= 256);
    require(session.deadline_us() != sync::no_deadline);
    require(status.up || session.room(now_us) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Owner owner;
    sync::Session session({}, 1, owner);
    std::uint64_t now_us = 1'000'000;
    std::uint64_t nonce = 100;
    const sync::LocalRouter local{router, size % 2 == 0 ? sync::Role::master : sync::Role::backup,
                                  0};
    session.set_routers({&local, 1}, now_us);
    std::uint64_t sequence = 1'000;
    for (std::size_t at = 0; at + head_bytes <= size;) {
        const std::uint8_t control = data[at];
        now_us += std::uint64_t{data[at + 1]} * 1'000;
        const std::size_t length = std::size_t{data[at + 2]} << 8 | data[at + 3];
        at += head_bytes;
        const std::size_t taken = std::min(length, size - at);
        // A buffer of exactly this size, so that the sanitizer sees one byte too far.
        std::vector<std::uint8_t> bytes(data + at, data + at + taken);
        bytes.shrink_to_fit();
        at += taken;
        put_in(bytes, control, owner, ++sequence);
        if (!session.discarded_early(bytes)) session.receive(bytes, now_us, ++nonce);
        session.tick(now_us);
        serve(session, owner, now_us);
        check_bounds(session, now_us);
    }
    return 0;
}
