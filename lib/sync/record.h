// SPDX-License-Identifier: BSD-3-Clause
// What travels of a flow, and what is said when it ends. Big endian, lengths in units of 4 bytes:
//   flow   0 kind|families  1 length/4  2 state|method  3 flags  4 idle_s  6 client_port
//          8 service_port  10 server_port  12 local_port  14 0  16 seq_delta  20 next_to_client
//          24 next_to_server  28 ack_from_client  32 ack_from_server  36 client_mac  42
//          client_interface 44 client, vip, server, local: 60 bytes IPv4, 84 mixed, 108 IPv6
//   end    0 kind|families  1 length/4  2 cause  3 0  4 client_port  6 service_port
//          8 local_port  10 server_port  12 seq_delta  16 client, vip: 24 or 48 bytes
//   person 0 kind|families  1 length/4  2 prefix  3 0  4 service_port  6 server_port
//          8 seconds left  12 clients, vip, server: persistence
// kind is the low nibble; bit 4: client and vip are IPv6, bit 5: server and local are. A reader
// skips kinds that it does not know and bytes beyond those it knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "flow/digest.h"
#include "flow/flow.h"
#include "net/address.h"
#include "net/bytes.h"

namespace warren::sync {

// A flow is this one and no other by both tuples and seq_delta. Two lives of one NAT, DR or TUN
// tuple look alike.
struct Identity {
    flow::Tuple client;
    flow::Tuple server;
    std::uint32_t seq_delta = 0;

    static Identity of(const flow::Flow& f) {
        return {f.client_tuple(), f.server_tuple(), f.seq_delta};
    }
    std::uint64_t hash(const flow::SipKey& key) const {
        return flow::identity_hash(key, client, server, seq_delta);
    }
    friend bool operator==(const Identity&, const Identity&) = default;
};

namespace record_flag {
inline constexpr std::uint8_t proxy_pending = 0x01;  // the PROXY header is not acknowledged yet
}

// Numbers as in flow::Flow: host order, in the number space of the side that they are sent to.
struct FlowRecord {
    net::IpAddress client_address, vip, server_address, local_address;
    net::Be16 client_port, service_port, server_port, local_port;
    flow::Method method = flow::Method::fnat;
    flow::TcpState state = flow::TcpState::none;
    std::uint8_t flags = 0;      // record_flag
    std::uint16_t idle_s = 0;    // since the last segment; 65,535: that or more
    net::MacAddress client_mac;  // where the client's last packet came from
    // Behind which of our interfaces that was: flow::interface_hash() of its name, for names are
    // what two machines have in common; 0: the VIP's own, or not said.
    std::uint16_t client_interface = 0;
    std::uint32_t seq_delta = 0;
    std::uint32_t next_to_client = 0, next_to_server = 0;
    std::uint32_t ack_from_client = 0, ack_from_server = 0;

    // record_flags and client_interface are the caller's, for they are not in a Flow.
    static FlowRecord of(const flow::Flow& f, std::uint32_t idle_s);
    // Without ids, links, last_seen and client_port_index, which are each warren's own.
    flow::Flow to_flow() const;
    Identity identity() const;
    friend bool operator==(const FlowRecord&, const FlowRecord&) = default;
};

enum class EndCause : std::uint8_t { closed, reset, timed_out, erased };

// The server's addresses are left out: what is left names the flow well enough.
struct EndRecord {
    net::IpAddress client_address, vip;
    net::Be16 client_port, service_port, server_port, local_port;
    std::uint32_t seq_delta = 0;
    EndCause cause = EndCause::closed;  // unknown ones stay what they are

    static EndRecord of(const Identity& identity, EndCause cause);
    bool names(const Identity& identity) const;  // an end of another identity is to be ignored
    // A hash of what it says but the cause; never 0.
    std::uint64_t name(const flow::SipKey& key) const;
    friend bool operator==(const EndRecord&, const EndRecord&) = default;
};

// To which server a group of clients goes (flow::Persistence).
struct PersistenceRecord {
    net::Prefix clients;  // the length is in bits of the client's family
    net::IpAddress vip, server_address;
    net::Be16 service_port, server_port;
    std::uint32_t seconds_left = 0;

    friend bool operator==(const PersistenceRecord&, const PersistenceRecord&) = default;
};

using Record = std::variant<FlowRecord, EndRecord, PersistenceRecord>;

inline constexpr std::size_t shortest_record_bytes = 24;
inline constexpr std::size_t longest_record_bytes = 108;

std::size_t encoded_bytes(const Record& record);
// Writes it to the beginning of `to`, which has room for encoded_bytes(); returns how many.
std::size_t encode(const Record& record, net::Bytes to);

// Takes records off a payload one after the other.
class RecordReader {
  public:
    explicit RecordReader(net::ConstBytes payload) : rest_(payload) {}

    // The next of a kind that we know; nullopt at the end, or when malformed().
    std::optional<Record> next();
    bool malformed() const { return malformed_; }

  private:
    net::ConstBytes take();

    net::ConstBytes rest_;
    bool malformed_ = false;
};

}  // namespace warren::sync
