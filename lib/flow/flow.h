// SPDX-License-Identifier: BSD-3-Clause
// The record of one TCP connection: 128 bytes, two cache lines. Line 0 is all that an IPv4 segment
// needs; line 1 has the rest of IPv6 addresses and list links. Sequence numbers are in host byte
// order, in the sequence space of the side they are sent to: the server's are the same on both
// sides, the client's reach the server shifted by seq_delta.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flow/tcp.h"
#include "net/address.h"
#include "net/bytes.h"
#include "net/proxy_header.h"

namespace warren::flow {

// Flows are referred to by 31-bit index into their table.
using FlowIndex = std::uint32_t;
inline constexpr FlowIndex no_flow = 0xffffffff;
inline constexpr FlowIndex max_flows = 0x7fffffff;

// lb_kind. FNAT and NAT see both directions, DR and TUN the client's only.
enum class Method : std::uint8_t { fnat, nat, dr, tun };
constexpr bool sees_both_sides(Method m) {
    return m == Method::fnat || m == Method::nat;
}

// DR and TUN hide the server's FIN from us: the client's alone ends the flow.
constexpr bool has_closed_unseen(Method m, TcpState s) {
    return s == TcpState::fin_client && !sees_both_sides(m);
}

// Neighbours in a list of flows (index_lists.h); no_flow in prev = in no list.
struct Links {
    FlowIndex prev = no_flow;
    FlowIndex next = no_flow;
};

// A key: source and destination of a packet as it arrives, whichever side it comes from.
struct Tuple {
    net::IpAddress source;
    net::IpAddress destination;
    net::Be16 source_port;
    net::Be16 destination_port;

    friend constexpr bool operator==(const Tuple&, const Tuple&) = default;
};
static_assert(sizeof(Tuple) == 36);

// Flow::flags. awaits_*: that end has not answered its last keepalive probe yet.
namespace flow_flag {
inline constexpr std::uint8_t awaits_client = 0x01;
inline constexpr std::uint8_t awaits_server = 0x02;
inline constexpr std::uint8_t one_probe = 0x04;   // unit of the counter in `probes`
inline constexpr std::uint8_t probes = 0x0c;      // 2-bit counter: probes sent to both ends
inline constexpr std::uint8_t persistent = 0x10;  // counted in its client's Persistence entry
inline constexpr std::uint8_t unanswered = 0x20;  // it ended before its server answered the SYN
// Taken over from the peer: the numbers of that end may be outdated (unsure.h).
inline constexpr std::uint8_t unsure_client = 0x40;
inline constexpr std::uint8_t unsure_server = 0x80;
inline constexpr std::uint8_t unsure = unsure_client | unsure_server;
}  // namespace flow_flag

// Options of the SYN (syn_offer.h), kept until it is answered, to repeat it at another server.
struct SynWord {
    std::uint16_t mss;           // bytes; 0: no such option
    std::uint16_t first_server;  // the server id of the first attempt
};

// Both addresses of segments from one side, `theirs` and `ours`, in two parts: the last 32 bits,
// all of an IPv4 address, and the 96 bits before them.
using AddressHead = std::array<std::uint8_t, 12>;
struct AddressTails {
    net::Be32 theirs, ours;
};
struct AddressHeads {
    AddressHead theirs{}, ours{};
};

struct Flow;
extern const Flow blank_flow;  // equals Flow{}, and is cheaper to copy than that is to construct

struct alignas(64) Flow {
    std::array<AddressTails, 2> tails;  // by Side
    net::Be16 client_port;
    net::Be16 service_port;  // the VIP's
    net::Be16 server_port;
    net::Be16 local_port;
    std::uint16_t server_id = 0;
    std::uint16_t service_id = 0;
    TcpState state = TcpState::none;
    Method method : 4 = Method::fnat;
    std::uint8_t families : 2 = 0;  // bit Side: both addresses of that side are IPv4
    // The PROXY header that the server has not acknowledged yet (proxied.h).
    net::ProxyVersion header_due : 2 = net::ProxyVersion::none;
    std::uint8_t flags = 0;              // flow_flag bits
    std::uint8_t client_port_index = 0;  // the ethdev the client is on
    net::MacAddress client_mac;          // where the client's last packet came from
    union {
        std::uint8_t resets_to_client = 0;  // state dead: RSTs sent by answer_as_stub()
        std::uint8_t syn_options;           // state syn_sent only, see syn_offer.h
    };
    union {
        std::uint8_t resets_to_server = 0;
        std::uint8_t syn_attempts;  // state syn_sent only, see syn_offer.h
        std::uint8_t
            colour;  // synced states only: flipped by each bulk; of the last one that had it
    };
    std::uint32_t seq_delta =
        0;  // added to client->server SEQ, taken off server->client ACK and SACK
    // Nothing is forwarded to the client before the SYN-ACK: until then the word is the SYN's time.
    union {
        std::uint32_t next_to_client = 0;  // highest SEQ+LEN forwarded to the client
        std::uint32_t syn_sent_us;         // low 32 bits of the clock, state syn_sent only
    };
    std::uint32_t next_to_server = 0;  // highest SEQ+LEN forwarded to the server
    union {
        std::uint32_t ack_from_client = 0;  // last ACK seen from the client
        SynWord syn;                        // state syn_sent only
    };
    std::uint32_t ack_from_server = 0;
    Tick last_seen = 0;

    std::array<AddressHeads, 2> heads;  // by Side
    Links wheel;                        // ageing; `next` chains free records
    Links server_list;  // the live flows of one server, or the dead ones to reset (server_lists.h)

    net::IpAddress client_address() const { return theirs(Side::client); }
    net::IpAddress vip() const { return ours(Side::client); }
    net::IpAddress server_address() const { return theirs(Side::server); }
    // Source of segments to the server: in FNAT a local address, else the client's.
    net::IpAddress local_address() const { return ours(Side::server); }
    void set_client_address(const net::IpAddress& a) { set_theirs(Side::client, a); }
    void set_vip(const net::IpAddress& a) { set_ours(Side::client, a); }
    void set_server_address(const net::IpAddress& a) { set_theirs(Side::server, a); }
    void set_local_address(const net::IpAddress& a) { set_ours(Side::server, a); }
    static constexpr std::uint8_t all_ipv4 = 3;  // families; 0: all IPv6
    bool is_v4(Side side) const { return (families >> index_of(side) & 1) != 0; }

    // A flow for the client's SYN with this tuple, without a server yet.
    static Flow of_client(const Tuple& syn, std::uint16_t service);
    // An entry under the client's tuple alone that redirects its segments to the worker that has
    // the flow.
    static Flow signpost(const Flow& to, unsigned worker) {
        Flow flow = of_client(to.client_tuple(), to.service_id);
        flow.state = TcpState::elsewhere;
        flow.method = Method::dr;  // by the client's tuple alone
        flow.server_id = static_cast<std::uint16_t>(worker);
        return flow;
    }
    // Copies what depends on the server that a SYN goes to.
    void take_attempt(const Flow& other) {
        server_id = other.server_id;
        method = other.method;
        header_due = other.header_due;
        set_server_address(other.server_address());
        server_port = other.server_port;
        set_local_address(other.local_address());
        local_port = other.local_port;
        seq_delta = other.seq_delta;
        ack_from_server = other.ack_from_server;
        next_to_server = other.next_to_server;
        syn_sent_us = other.syn_sent_us;
    }

    Tuple client_tuple() const { return {client_address(), vip(), client_port, service_port}; }
    Tuple server_tuple() const {
        return {server_address(), local_address(), server_port, local_port};
    }
    // Addresses and ports of a segment that we send to that side.
    Tuple sent_to(Side side) const {
        if (side == Side::client) return {vip(), client_address(), service_port, client_port};
        if (!sees_both_sides(method)) return {client_address(), vip(), client_port, service_port};
        return {local_address(), server_address(), local_port, server_port};
    }

  private:
    static constexpr std::size_t index_of(Side side) { return static_cast<std::size_t>(side); }
    net::IpAddress theirs(Side side) const {
        return {heads[index_of(side)].theirs, tails[index_of(side)].theirs};
    }
    net::IpAddress ours(Side side) const {
        return {heads[index_of(side)].ours, tails[index_of(side)].ours};
    }
    void set_theirs(Side side, const net::IpAddress& a) {
        heads[index_of(side)].theirs = a.head();
        tails[index_of(side)].theirs = a.tail();
        note_family(side);
    }
    void set_ours(Side side, const net::IpAddress& a) {
        heads[index_of(side)].ours = a.head();
        tails[index_of(side)].ours = a.tail();
        note_family(side);
    }
    void note_family(Side side) {
        const auto bit = static_cast<std::uint8_t>(1U << index_of(side));
        const bool both = theirs(side).is_v4() && ours(side).is_v4();
        families = static_cast<std::uint8_t>(both ? families | bit : families & ~bit) & 0x03U;
    }
};
static_assert(sizeof(Flow) == 128 && alignof(Flow) == 64);
static_assert(offsetof(Flow, heads) == 64);
static_assert(std::is_trivially_copyable_v<Flow>);

inline Flow Flow::of_client(const Tuple& syn, std::uint16_t service) {
    Flow flow = blank_flow;
    flow.set_client_address(syn.source);
    flow.client_port = syn.source_port;
    flow.set_vip(syn.destination);
    flow.service_port = syn.destination_port;
    flow.service_id = service;
    return flow;
}

}  // namespace warren::flow
