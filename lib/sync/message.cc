// SPDX-License-Identifier: BSD-3-Clause
#include "sync/message.h"

namespace warren::sync {
namespace {

constexpr std::size_t unit = 4;

struct KeyWire {
    std::array<std::uint8_t, 16> lowest_vip;
    std::uint8_t vrid;

    static KeyWire of(const RouterKey& key) { return {key.lowest_vip.bytes(), key.vrid}; }
    RouterKey key() const { return {net::IpAddress::v6(lowest_vip), vrid}; }
};

struct HelloWire {
    std::uint8_t lowest_version, highest_version;
    std::uint8_t entries, units;
    net::Be32 capacity;
};
constexpr std::uint8_t flag_in_sync = 1;
struct HelloRouterWire {
    KeyWire key;
    Role role;
    std::uint8_t flags;
    std::uint8_t want;
    net::Be64 fingerprint;
};
static_assert(sizeof(HelloWire) == 8 && sizeof(HelloRouterWire) == 28);

struct AckWire {
    net::Be64 highest;
    std::array<std::uint8_t, Ack::reach / 8> map;
};
static_assert(sizeof(AckWire) == 40);

struct DigestWire {
    std::uint8_t entries, units;
    net::Be16 zero;
};
struct SumWire {
    KeyWire key;
    std::array<std::uint8_t, 3> zero;
    net::Be64 sum, count;
};
static_assert(sizeof(DigestWire) == 4 && sizeof(SumWire) == 36);

struct BulkWire {
    KeyWire key;
    std::array<std::uint8_t, 3> zero;
    net::Be32 id;
    net::Be64 count;
};
static_assert(sizeof(BulkWire) == 32);

struct TakeOverWire {
    KeyWire key;
    TakeOver::Step step;
    net::Be16 zero;
    net::Be32 ticket;
};
static_assert(sizeof(TakeOverWire) == 24);

struct InventoryWire {
    std::uint8_t entries, units;
    std::uint8_t flags;
    std::uint8_t zero;
    KeyWire key;
    std::array<std::uint8_t, 3> zeros;
};
constexpr std::uint8_t flag_begins = 1;
constexpr std::uint8_t flag_ends = 2;
struct FactWire {
    std::array<std::uint8_t, 16> vip, other;
    net::Be16 port, other_port, kind, detail;
};
static_assert(sizeof(InventoryWire) == 24 && sizeof(FactWire) == 40);
static_assert(sizeof(InventoryWire) + Inventory::most * sizeof(FactWire) <=
              min_datagram_bytes - header_bytes - tag_bytes);

static_assert(sizeof(DigestWire) + max_routers * sizeof(SumWire) <=
              min_datagram_bytes - header_bytes - tag_bytes);

template <typename Wire>
void append(Payload& to, const Wire& wire) {
    net::store(net::Bytes(to.bytes), to.size, wire);
    to.size += sizeof(Wire);
}

template <typename Wire>
const Wire* wire_at(net::ConstBytes payload, std::size_t at = 0) {
    return payload.size() < at + sizeof(Wire) ? nullptr : &net::header_at<Wire>(payload, at);
}

// Entries behind a head; nobody has more of them than routers.
template <typename Entry, typename Head, typename Take>
bool read_entries(net::ConstBytes payload, const Head& head, Take take) {
    const std::size_t step = head.units * unit;
    if (head.entries > max_routers || step < sizeof(Entry) ||
        payload.size() < sizeof(Head) + head.entries * step)
        return false;
    for (std::size_t i = 0; i < head.entries; ++i)
        take(*wire_at<Entry>(payload, sizeof(Head) + i * step));
    return true;
}

Hello::Router router_of(const HelloRouterWire& wire) {
    PeerRouter router;
    router.key = wire.key.key();
    router.role = wire.role;
    router.in_sync = (wire.flags & flag_in_sync) != 0;
    router.fingerprint = wire.fingerprint.host();
    return {router, wire.want};
}

Fact fact_of(const FactWire& wire) {
    return {.vip = net::IpAddress::v6(wire.vip),
            .other = net::IpAddress::v6(wire.other),
            .port = wire.port,
            .other_port = wire.other_port,
            .kind = static_cast<Fact::Kind>(wire.kind.host()),
            .detail = wire.detail.host()};
}

}  // namespace

bool Ack::has(std::uint64_t sequence) const {
    if (sequence >= highest) return sequence == highest;
    const std::uint64_t below = highest - sequence - 1;
    return below < reach && (map[below / 8] >> (below % 8) & 1) != 0;
}

void Ack::add(std::uint64_t sequence) {
    const std::uint64_t below = highest - sequence - 1;
    map[below / 8] = static_cast<std::uint8_t>(map[below / 8] | 1U << (below % 8));
}

std::uint64_t Ack::third() const {
    unsigned seen = 1;
    for (std::uint64_t below = 0; below < reach && below + 1 < highest; ++below)
        if (has(highest - below - 1) && ++seen == 3) return highest - below - 1;
    return 0;
}

Payload encode(const Hello& hello) {
    Payload payload;
    append(payload, HelloWire{hello.lowest_version, hello.highest_version,
                              static_cast<std::uint8_t>(hello.routers.size()),
                              sizeof(HelloRouterWire) / unit, net::Be32(hello.capacity)});
    for (const auto& [router, want] : hello.routers)
        append(payload, HelloRouterWire{KeyWire::of(router.key), router.role,
                                        router.in_sync ? flag_in_sync : std::uint8_t{0}, want,
                                        net::Be64(router.fingerprint)});
    return payload;
}

Payload encode(const Ack& ack) {
    Payload payload;
    append(payload, AckWire{net::Be64(ack.highest), ack.map});
    return payload;
}

Payload encode(const Digest& digest) {
    Payload payload;
    append(payload, DigestWire{static_cast<std::uint8_t>(digest.sums.size()),
                               sizeof(SumWire) / unit, net::Be16{}});
    for (const RouterSum& sum : digest.sums)
        append(payload,
               SumWire{
                   KeyWire::of(sum.key), {}, net::Be64(sum.flows.sum), net::Be64(sum.flows.count)});
    return payload;
}

Payload encode(const BulkMark& mark) {
    Payload payload;
    append(payload,
           BulkWire{KeyWire::of(mark.router), {}, net::Be32(mark.id), net::Be64(mark.count)});
    return payload;
}

Payload encode(const TakeOver& take_over) {
    Payload payload;
    append(payload, TakeOverWire{KeyWire::of(take_over.router), take_over.step, net::Be16{},
                                 net::Be32(take_over.ticket)});
    return payload;
}

Payload encode(const Inventory& inventory) {
    Payload payload;
    const auto flags = static_cast<std::uint8_t>((inventory.begins ? flag_begins : 0) |
                                                 (inventory.ends ? flag_ends : 0));
    append(payload, InventoryWire{static_cast<std::uint8_t>(inventory.facts.size()),
                                  sizeof(FactWire) / unit,
                                  flags,
                                  0,
                                  KeyWire::of(inventory.router),
                                  {}});
    for (const Fact& fact : inventory.facts)
        append(payload,
               FactWire{fact.vip.bytes(), fact.other.bytes(), fact.port, fact.other_port,
                        net::Be16(static_cast<std::uint16_t>(fact.kind)), net::Be16(fact.detail)});
    return payload;
}

std::optional<Hello> hello_at(net::ConstBytes payload) {
    const auto* wire = wire_at<HelloWire>(payload);
    if (wire == nullptr) return std::nullopt;
    Hello hello;
    hello.lowest_version = wire->lowest_version;
    hello.highest_version = wire->highest_version;
    hello.capacity = wire->capacity.host();
    const bool whole = read_entries<HelloRouterWire>(
        payload, *wire,
        [&](const HelloRouterWire& entry) { hello.routers.push(router_of(entry)); });
    return whole ? std::optional(hello) : std::nullopt;
}

std::optional<Ack> ack_at(net::ConstBytes payload) {
    const auto* wire = wire_at<AckWire>(payload);
    if (wire == nullptr) return std::nullopt;
    return Ack{wire->highest.host(), wire->map};
}

std::optional<Digest> digest_at(net::ConstBytes payload) {
    const auto* wire = wire_at<DigestWire>(payload);
    if (wire == nullptr) return std::nullopt;
    Digest digest;
    const bool whole = read_entries<SumWire>(payload, *wire, [&](const SumWire& entry) {
        digest.sums.push({entry.key.key(), {entry.sum.host(), entry.count.host()}});
    });
    return whole ? std::optional(digest) : std::nullopt;
}

std::optional<BulkMark> bulk_mark_at(net::ConstBytes payload) {
    const auto* wire = wire_at<BulkWire>(payload);
    if (wire == nullptr) return std::nullopt;
    return BulkMark{wire->key.key(), wire->id.host(), wire->count.host()};
}

std::optional<TakeOver> take_over_at(net::ConstBytes payload) {
    const auto* wire = wire_at<TakeOverWire>(payload);
    if (wire == nullptr || wire->step > TakeOver::Step::decline) return std::nullopt;
    return TakeOver{wire->key.key(), wire->step, wire->ticket.host()};
}

// More of them than we send is of no version that there is.
std::optional<Inventory> inventory_at(net::ConstBytes payload) {
    const auto* wire = wire_at<InventoryWire>(payload);
    if (wire == nullptr || wire->entries > Inventory::most) return std::nullopt;
    Inventory inventory;
    inventory.router = wire->key.key();
    inventory.begins = (wire->flags & flag_begins) != 0;
    inventory.ends = (wire->flags & flag_ends) != 0;
    const bool whole = read_entries<FactWire>(
        payload, *wire, [&](const FactWire& entry) { inventory.facts.push(fact_of(entry)); });
    return whole ? std::optional(inventory) : std::nullopt;
}

}  // namespace warren::sync
