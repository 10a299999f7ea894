// SPDX-License-Identifier: BSD-3-Clause
// The payloads of datagrams other than records. Big endian, entries have their length with them so
// that a newer peer may make them longer:
//   hello       0 lowest version  1 highest  2 routers  3 units of an entry  4 capacity
//               8 entries: 0 lowest VIP  16 VRID  17 role  18 flags (1: in sync)  19 want
//               20 fingerprint
//   ack         0 highest sequence  8 map of the 256 below it, the nearest first
//   digest      0 routers  1 units of an entry  2 0  4 entries: 0 lowest VIP  16 VRID  17 0
//               20 sum  28 count
//   bulk marks  0 lowest VIP  16 VRID  17 0  20 id  24 count
//   take_over   0 lowest VIP  16 VRID  17 step  18 0  20 ticket
//   inventory   0 facts  1 units of a fact  2 flags (1: begins, 2: ends)  3 0  4 lowest VIP  20
//   VRID
//               21 0  24 facts: 0 VIP  16 other address  32 port  34 other port  36 kind  38 detail
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>

#include "net/address.h"
#include "net/bytes.h"
#include "sync/bounded_list.h"
#include "sync/datagram.h"
#include "sync/router.h"

namespace warren::sync {

// What a message is made of on its way out.
struct Payload {
    std::array<std::uint8_t, max_payload_bytes> bytes{};
    std::size_t size = 0;

    net::ConstBytes view() const { return net::ConstBytes(bytes).first(size); }
};

struct Hello {
    struct Router {
        PeerRouter router;
        std::uint8_t want = 0;  // number of the bulk that the sender wants, 0: none

        friend bool operator==(const Router&, const Router&) = default;
    };
    std::uint8_t lowest_version = 0;
    std::uint8_t highest_version = 0;
    std::uint32_t capacity = 0;
    BoundedList<Router, max_routers> routers;
};

struct Ack {
    static constexpr std::size_t reach = 256;

    std::uint64_t highest = 0;
    std::array<std::uint8_t, reach / 8> map{};

    bool has(std::uint64_t sequence) const;
    void add(std::uint64_t sequence);  // below highest, within reach
    // The third highest; whoever is below it was overtaken by three. 0: there are no three.
    std::uint64_t third() const;
};

struct Digest {
    BoundedList<RouterSum, max_routers> sums;
};

// bulk_begin, bulk_end.
struct BulkMark {
    RouterKey router;
    std::uint32_t id = 0;     // the same of begin and end, another for each bulk of a session
    std::uint64_t count = 0;  // of records sent in between, bulk_end only
};

struct TakeOver {
    enum class Step : std::uint8_t { ask, agree, decline };
    RouterKey router;
    Step step = Step::ask;
    std::uint32_t ticket = 0;
};

// One thing that both must have configured alike, without padding: it is hashed as bytes.
struct Fact {
    // What `other` and its port are, and `detail`, which is no part of a fact's name.
    enum class Kind : std::uint16_t {
        address,        // a VIP
        service,        // a virtual_server; detail: granularity, whether it is synced
        server,         // its real_server; detail: the method
        local_address,  // its source towards servers; detail: which ports the host has there
    };
    net::IpAddress vip{};
    net::IpAddress other{};
    net::Be16 port{};  // the virtual_server's
    net::Be16 other_port{};
    Kind kind = Kind::address;
    std::uint16_t detail = 0;

    // A service stands before what it has.
    auto name() const { return std::tuple(vip, port.host(), kind, other, other_port.host()); }
    friend bool operator==(const Fact&, const Fact&) = default;
};
static_assert(sizeof(Fact) == 40);

// All facts of a router stand in the order of their names. A part of them says what is between its
// first and its last, and, at an end of the list, that nothing is beyond. So no part needs another.
struct Inventory {
    static constexpr std::size_t most = 28;  // of the least datagram

    RouterKey router;
    bool begins = false;
    bool ends = false;
    BoundedList<Fact, most> facts;
};

Payload encode(const Hello& hello);
Payload encode(const Ack& ack);
Payload encode(const Digest& digest);
Payload encode(const BulkMark& mark);
Payload encode(const TakeOver& take_over);
Payload encode(const Inventory& inventory);

// nullopt: malformed.
std::optional<Hello> hello_at(net::ConstBytes payload);
std::optional<Ack> ack_at(net::ConstBytes payload);
std::optional<Digest> digest_at(net::ConstBytes payload);
std::optional<BulkMark> bulk_mark_at(net::ConstBytes payload);
std::optional<TakeOver> take_over_at(net::ConstBytes payload);
std::optional<Inventory> inventory_at(net::ConstBytes payload);

}  // namespace warren::sync
