// SPDX-License-Identifier: BSD-3-Clause
// A packet on its way to an address that may be of the other family, where it gets another IP
// header and so another size; and what its TCP may send back.
#pragma once

#include <cstddef>
#include <cstdint>

#include <algorithm>

#include "datapath/packet.h"
#include "net/family.h"
#include "net/tcp_options.h"

namespace warren::datapath {

// The links of a connection's two ends: each end's family and the largest IP packet there.
struct Way {
    struct End {
        bool is_v4;
        std::size_t mtu;
    };
    End one, other;

    // The payload of a segment that passes both, with headers without options (RFC 6691). 0: the
    // links are too small for any, and that is not a limit to set.
    std::uint16_t largest_mss() const {
        const auto room = [](const End& end) {
            const std::size_t headers = net::ip_header_bytes(end.is_v4) + sizeof(net::TcpHeader);
            return end.mtu > headers ? end.mtu - headers : 0;
        };
        return static_cast<std::uint16_t>(std::min(room(one), room(other)));
    }
    // Lowers what a SYN, or its answer, offers to receive.
    void fit_mss(const Packet& packet) const {
        const net::Parsed& parsed = packet.parsed;
        if ((parsed.tcp_flags & net::tcp_flag::syn) == 0) return;
        net::clamp_mss(packet.frame().subspan(
                           parsed.l4_offset, std::size_t{parsed.payload_offset} - parsed.l4_offset),
                       largest_mss());
    }
};

class Crossing {
  public:
    Crossing(const Packet& packet, const net::IpAddress& destination)
        : bytes_(packet.bytes()),
          in_(net::ip_header_bytes(packet.parsed.network == net::Network::ipv4)),
          out_(net::ip_header_bytes(destination.is_v4())) {
        if (is_one())
            bytes_ =
                bytes_ - (std::size_t{packet.parsed.l4_offset} - packet.parsed.l3_offset) + out_;
    }

    bool is_one() const { return in_ != out_; }
    bool leaves_as_v4() const { return out_ == net::ip_header_bytes(true); }
    // Of the IP packet as it leaves.
    std::size_t bytes() const { return bytes_; }
    // What its sender may send so that it leaves with that size at most.
    std::size_t back(std::size_t leaving_bytes) const { return leaving_bytes - out_ + in_; }

  private:
    std::size_t bytes_;
    std::size_t in_;
    std::size_t out_;
};

}  // namespace warren::datapath
