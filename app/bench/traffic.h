// SPDX-License-Identifier: BSD-3-Clause
// What the two ends of a flow send in a measurement: frames from a template each, made for one flow
// by changing a few fields, so that a million flows cost the generator little memory of its own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "flow/flow.h"
#include "net/address.h"
#include "net/bytes.h"
#include "net/headers.h"

namespace warren::bench {

// arp, echo: requests for the VIP. idle: nothing. syn: whole connections, SYN to the last ACK.
// mixed: FNAT; in each burst one arp, one echo, six of syn, the others established. The last are
// testpmd's, on clients' segments.
enum class Mode { fnat, nat, dr, tun, arp, echo, idle, syn, mixed, io, macswap, swap_all };
// Throws std::invalid_argument.
Mode mode_of(std::string_view name);
constexpr bool is_reference(Mode mode) {
    return mode >= Mode::io;
}
// Some of its flows come and go.
constexpr bool has_endings(Mode mode) {
    return mode == Mode::syn || mode == Mode::mixed;
}
constexpr bool has_flows(Mode mode) {
    return mode <= Mode::tun || has_endings(mode);
}
// What the servers' lb_kind is in that mode.
flow::Method method_of(Mode mode);

struct Sides {
    unsigned clients = 4;  // IP version on their side, and of the VIP
    unsigned servers = 4;  // on theirs
};

inline constexpr net::MacAddress client_mac{{2, 0, 0, 0, 0, 0xc1}};
inline constexpr net::MacAddress server_mac{{2, 0, 0, 0, 0, 0x0b}};
inline const net::Be16 amqp(5672);
inline constexpr std::uint16_t server_count = 32;
inline constexpr std::uint16_t local_count = 8;

// The IPv4 address, or 2001:db8:: with its bits at the end.
net::IpAddress address_of(unsigned version, std::uint32_t v4);
net::IpAddress vip_of(unsigned version);
net::IpAddress server_of(unsigned version, std::uint16_t server);
net::IpAddress local_of(unsigned version, std::uint16_t local);

// How a flow looks from its server, learned when it opens.
struct ServerEnd {
    net::Be32 server;  // the last 32 bits of the address, as of the next one
    net::Be32 local;
    net::Be16 local_port;
    std::uint32_t sequence = 0;  // of its SYN, as the server saw it
};

class Traffic {
  public:
    // `frame_bytes`: without FCS; what headers leave of it is payload, below 60 it is padding.
    Traffic(Mode mode, Sides sides, std::size_t frame_bytes, const net::MacAddress& own);

    // Writes the frame and returns its length.
    std::size_t from_client(net::Bytes out, std::uint32_t flow, std::uint8_t tcp_flags) const;
    std::size_t from_server(net::Bytes out, const ServerEnd& end, std::uint8_t tcp_flags) const;
    std::size_t arp_request(net::Bytes out, std::uint32_t client) const;
    std::size_t echo_request(net::Bytes out, std::uint32_t client) const;
    // What the worker sends to a server for a client's SYN.
    static ServerEnd end_of(net::ConstBytes syn);

  private:
    // A frame and what of it changes from flow to flow.
    struct Template {
        std::vector<std::uint8_t> frame;
        std::size_t source = 0;  // offsets of the addresses' last 32 bits, and of the L4 header
        std::size_t destination = 0;
        std::size_t l4 = 0;
        bool is_v4 = true;
    };
    struct Fields {
        net::Be32 source, destination;
        net::Be16 source_port, destination_port;
        std::uint32_t sequence = 0, acknowledgement = 0;
        std::uint8_t tcp_flags = 0;
    };
    static Template make_template(const net::IpAddress& source, const net::IpAddress& destination,
                                  const net::MacAddress& from, const net::MacAddress& to,
                                  std::size_t frame_bytes);
    static std::size_t write(net::Bytes out, const Template& from, const Fields& to);

    Template client_;
    Template server_;
    net::MacAddress own_;
    Sides sides_;
};

}  // namespace warren::bench
