// SPDX-License-Identifier: BSD-3-Clause
#include "sync/record.h"

#include <algorithm>
#include <array>
#include <span>

namespace warren::sync {
namespace {

using net::Be16;
using net::Be32;
using net::IpAddress;

enum RecordKind : std::uint8_t { kind_flow = 1, kind_end = 2, kind_persistence = 3 };
constexpr std::uint8_t kind_mask = 0x0f;
// Both addresses of that side take 16 bytes, an IPv4 one as ::ffff:a.b.c.d.
constexpr std::uint8_t wide_client = 0x10;
constexpr std::uint8_t wide_server = 0x20;
constexpr unsigned method_shift = 4;
constexpr std::size_t unit_bytes = 4;
constexpr std::size_t short_address = 4;
constexpr std::size_t wide_address = 16;

struct FlowWire {
    std::uint8_t kind;
    std::uint8_t units;
    std::uint8_t state_method;
    std::uint8_t flags;
    Be16 idle_s;
    Be16 client_port, service_port, server_port, local_port;
    Be16 zero;
    Be32 seq_delta;
    Be32 next_to_client, next_to_server;
    Be32 ack_from_client, ack_from_server;
    net::MacAddress client_mac;
    Be16 client_interface;
};
static_assert(sizeof(FlowWire) == 44 && alignof(FlowWire) == 1);

struct EndWire {
    std::uint8_t kind;
    std::uint8_t units;
    EndCause cause;
    std::uint8_t zero;
    Be16 client_port, service_port, local_port, server_port;
    Be32 seq_delta;
};
static_assert(sizeof(EndWire) == 16 && alignof(EndWire) == 1);

struct PersistenceWire {
    std::uint8_t kind;
    std::uint8_t units;
    std::uint8_t prefix;
    std::uint8_t zero;
    Be16 service_port, server_port;
    Be32 seconds_left;
};
static_assert(sizeof(PersistenceWire) == 12 && alignof(PersistenceWire) == 1);

// ---- addresses

bool both_v4(const IpAddress& a, const IpAddress& b) {
    return a.is_v4() && b.is_v4();
}

std::size_t address_bytes(std::uint8_t kind, std::uint8_t side) {
    return (kind & side) != 0 ? wide_address : short_address;
}

class AddressWriter {
  public:
    AddressWriter(net::Bytes to, std::size_t at) : to_(to), at_(at) {}

    AddressWriter& put(const IpAddress& address, bool wide) {
        const auto& bytes = address.bytes();
        const std::size_t skip = wide ? 0 : wide_address - short_address;
        std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(skip), bytes.end(),
                  to_.begin() + static_cast<std::ptrdiff_t>(at_));
        at_ += wide_address - skip;
        return *this;
    }
    std::size_t end() const { return at_; }

  private:
    net::Bytes to_;
    std::size_t at_;
};

class AddressReader {
  public:
    AddressReader(net::ConstBytes from, std::size_t at) : rest_(from.subspan(at)) {}

    IpAddress take(bool wide) {
        const net::ConstBytes raw = rest_.first(wide ? wide_address : short_address);
        rest_ = rest_.subspan(raw.size());
        return wide ? IpAddress::v6(net::load<std::array<std::uint8_t, wide_address>>(raw, 0))
                    : IpAddress::v4(net::load<Be32>(raw, 0));
    }

  private:
    net::ConstBytes rest_;
};

// ---- what a record takes, by its kind and families

std::uint8_t kind_of(const FlowRecord& r) {
    return static_cast<std::uint8_t>(
        kind_flow | (both_v4(r.client_address, r.vip) ? 0 : wide_client) |
        (both_v4(r.server_address, r.local_address) ? 0 : wide_server));
}
std::uint8_t kind_of(const EndRecord& r) {
    return static_cast<std::uint8_t>(kind_end |
                                     (both_v4(r.client_address, r.vip) ? 0 : wide_client));
}
std::uint8_t kind_of(const PersistenceRecord& r) {
    return static_cast<std::uint8_t>(kind_persistence |
                                     (both_v4(r.clients.address, r.vip) ? 0 : wide_client) |
                                     (r.server_address.is_v4() ? 0 : wide_server));
}

// 0: a kind that we do not know.
std::size_t bytes_of(std::uint8_t kind) {
    const std::size_t client = address_bytes(kind, wide_client);
    const std::size_t server = address_bytes(kind, wide_server);
    switch (kind & kind_mask) {
        case kind_flow:
            return sizeof(FlowWire) + 2 * client + 2 * server;
        case kind_end:
            return sizeof(EndWire) + 2 * client;
        case kind_persistence:
            return sizeof(PersistenceWire) + 2 * client + server;
        default:
            return 0;
    }
}

std::uint8_t units_of(std::uint8_t kind) {
    return static_cast<std::uint8_t>(bytes_of(kind) / unit_bytes);
}

// ---- to bytes

std::size_t put(const FlowRecord& r, net::Bytes to) {
    const std::uint8_t kind = kind_of(r);
    const auto state_method = static_cast<std::uint8_t>(
        static_cast<unsigned>(r.state) | static_cast<unsigned>(r.method) << method_shift);
    net::store(to, 0,
               FlowWire{kind, units_of(kind), state_method, r.flags, Be16(r.idle_s), r.client_port,
                        r.service_port, r.server_port, r.local_port, Be16{}, Be32(r.seq_delta),
                        Be32(r.next_to_client), Be32(r.next_to_server), Be32(r.ack_from_client),
                        Be32(r.ack_from_server), r.client_mac, Be16(r.client_interface)});
    const bool client = (kind & wide_client) != 0;
    const bool server = (kind & wide_server) != 0;
    return AddressWriter(to, sizeof(FlowWire))
        .put(r.client_address, client)
        .put(r.vip, client)
        .put(r.server_address, server)
        .put(r.local_address, server)
        .end();
}

std::size_t put(const EndRecord& r, net::Bytes to) {
    const std::uint8_t kind = kind_of(r);
    net::store(to, 0,
               EndWire{kind, units_of(kind), r.cause, 0, r.client_port, r.service_port,
                       r.local_port, r.server_port, Be32(r.seq_delta)});
    const bool client = (kind & wide_client) != 0;
    return AddressWriter(to, sizeof(EndWire))
        .put(r.client_address, client)
        .put(r.vip, client)
        .end();
}

std::size_t put(const PersistenceRecord& r, net::Bytes to) {
    const std::uint8_t kind = kind_of(r);
    net::store(to, 0,
               PersistenceWire{kind, units_of(kind), r.clients.length, 0, r.service_port,
                               r.server_port, Be32(r.seconds_left)});
    const bool client = (kind & wide_client) != 0;
    return AddressWriter(to, sizeof(PersistenceWire))
        .put(r.clients.address, client)
        .put(r.vip, client)
        .put(r.server_address, (kind & wide_server) != 0)
        .end();
}

// ---- from bytes, which are as many as the kind takes

bool is_sent(flow::TcpState state) {
    using enum flow::TcpState;
    return state == syn_received || state == established || state == fin_client ||
           state == fin_server;
}

std::optional<Record> flow_at(net::ConstBytes from) {
    const auto& w = net::header_at<FlowWire>(from, 0);
    FlowRecord r;
    r.state = static_cast<flow::TcpState>(w.state_method & ((1U << method_shift) - 1));
    r.method = static_cast<flow::Method>(w.state_method >> method_shift);
    if (!is_sent(r.state) || r.method > flow::Method::tun) return std::nullopt;
    r.flags = w.flags;
    r.idle_s = w.idle_s.host();
    r.client_port = w.client_port;
    r.service_port = w.service_port;
    r.server_port = w.server_port;
    r.local_port = w.local_port;
    r.client_mac = w.client_mac;
    r.client_interface = w.client_interface.host();
    r.seq_delta = w.seq_delta.host();
    r.next_to_client = w.next_to_client.host();
    r.next_to_server = w.next_to_server.host();
    r.ack_from_client = w.ack_from_client.host();
    r.ack_from_server = w.ack_from_server.host();
    AddressReader addresses(from, sizeof(FlowWire));
    r.client_address = addresses.take((w.kind & wide_client) != 0);
    r.vip = addresses.take((w.kind & wide_client) != 0);
    r.server_address = addresses.take((w.kind & wide_server) != 0);
    r.local_address = addresses.take((w.kind & wide_server) != 0);
    return r;
}

std::optional<Record> end_at(net::ConstBytes from) {
    const auto& w = net::header_at<EndWire>(from, 0);
    EndRecord r;
    r.cause = w.cause;
    r.client_port = w.client_port;
    r.service_port = w.service_port;
    r.server_port = w.server_port;
    r.local_port = w.local_port;
    r.seq_delta = w.seq_delta.host();
    AddressReader addresses(from, sizeof(EndWire));
    r.client_address = addresses.take((w.kind & wide_client) != 0);
    r.vip = addresses.take((w.kind & wide_client) != 0);
    return r;
}

std::optional<Record> persistence_at(net::ConstBytes from) {
    const auto& w = net::header_at<PersistenceWire>(from, 0);
    PersistenceRecord r;
    r.service_port = w.service_port;
    r.server_port = w.server_port;
    r.seconds_left = w.seconds_left.host();
    AddressReader addresses(from, sizeof(PersistenceWire));
    r.clients = {addresses.take((w.kind & wide_client) != 0), w.prefix};
    r.vip = addresses.take((w.kind & wide_client) != 0);
    r.server_address = addresses.take((w.kind & wide_server) != 0);
    if (w.prefix > (r.clients.address.is_v4() ? 32 : 128)) return std::nullopt;
    return r;
}

std::optional<Record> record_at(net::ConstBytes from) {
    switch (from[0] & kind_mask) {
        case kind_flow:
            return flow_at(from);
        case kind_end:
            return end_at(from);
        default:
            return persistence_at(from);
    }
}

}  // namespace

FlowRecord FlowRecord::of(const flow::Flow& f, std::uint32_t idle_s) {
    FlowRecord r;
    r.client_address = f.client_address();
    r.vip = f.vip();
    r.server_address = f.server_address();
    r.local_address = f.local_address();
    r.client_port = f.client_port;
    r.service_port = f.service_port;
    r.server_port = f.server_port;
    r.local_port = f.local_port;
    r.method = f.method;
    r.state = f.state;
    r.idle_s = static_cast<std::uint16_t>(std::min<std::uint32_t>(idle_s, 0xffff));
    r.client_mac = f.client_mac;
    r.seq_delta = f.seq_delta;
    r.next_to_client = f.next_to_client;
    r.next_to_server = f.next_to_server;
    r.ack_from_client = f.ack_from_client;
    r.ack_from_server = f.ack_from_server;
    if (f.header_due != net::ProxyVersion::none) r.flags |= record_flag::proxy_pending;
    return r;
}

flow::Flow FlowRecord::to_flow() const {
    flow::Flow f;
    f.set_client_address(client_address);
    f.set_vip(vip);
    f.set_server_address(server_address);
    f.set_local_address(local_address);
    f.client_port = client_port;
    f.service_port = service_port;
    f.server_port = server_port;
    f.local_port = local_port;
    f.method = method;
    f.state = state;
    f.client_mac = client_mac;
    f.seq_delta = seq_delta;
    f.next_to_client = next_to_client;
    f.next_to_server = next_to_server;
    f.ack_from_client = ack_from_client;
    f.ack_from_server = ack_from_server;
    // Which version it is, the reader's own configuration says.
    if ((flags & record_flag::proxy_pending) != 0) f.header_due = net::ProxyVersion::v2;
    return f;
}

Identity FlowRecord::identity() const {
    return {{client_address, vip, client_port, service_port},
            {server_address, local_address, server_port, local_port},
            seq_delta};
}

EndRecord EndRecord::of(const Identity& identity, EndCause cause) {
    EndRecord r;
    r.client_address = identity.client.source;
    r.vip = identity.client.destination;
    r.client_port = identity.client.source_port;
    r.service_port = identity.client.destination_port;
    r.server_port = identity.server.source_port;
    r.local_port = identity.server.destination_port;
    r.seq_delta = identity.seq_delta;
    r.cause = cause;
    return r;
}

bool EndRecord::names(const Identity& identity) const {
    return EndRecord::of(identity, cause) == *this;
}

std::uint64_t EndRecord::name(const flow::SipKey& key) const {
    const flow::Tuple client{client_address, vip, client_port, service_port};
    const flow::Tuple ports{{}, {}, server_port, local_port};
    return std::max<std::uint64_t>(1, flow::identity_hash(key, client, ports, seq_delta));
}

std::size_t encoded_bytes(const Record& record) {
    return std::visit([](const auto& r) { return bytes_of(kind_of(r)); }, record);
}

std::size_t encode(const Record& record, net::Bytes to) {
    return std::visit([to](const auto& r) { return put(r, to); }, record);
}

std::optional<Record> RecordReader::next() {
    while (!rest_.empty() && !malformed_) {
        const net::ConstBytes bytes = take();
        if (malformed_ || bytes.empty()) continue;
        const std::optional<Record> record = record_at(bytes);
        if (record) return record;
        malformed_ = true;
    }
    return std::nullopt;
}

// Empty: a kind that we do not know.
net::ConstBytes RecordReader::take() {
    const std::size_t length = rest_.size() < 2 ? 0 : rest_[1] * unit_bytes;
    const std::size_t needed = length == 0 ? 1 : bytes_of(rest_[0]);
    if (length < needed || length > rest_.size()) {
        malformed_ = true;
        return {};
    }
    const net::ConstBytes bytes = rest_.first(needed);
    rest_ = rest_.subspan(length);
    return bytes;
}

}  // namespace warren::sync
