// SPDX-License-Identifier: BSD-3-Clause
// A packet on its way to an address that may be of the other family, where it gets another IP
// header and so another size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "datapath/packet.h"
#include "net/family.h"
#include "net/tcp_options.h"

namespace warren::datapath {

class Crossing {
  public:
    Crossing(const Packet& packet, const net::IpAddress& destination)
        : bytes_(packet.bytes()),
          in_(net::ip_header_bytes(packet.parsed.network == net::Network::ipv4)),
          out_(net::ip_header_bytes(destination.is_v4())) {
        if (is_one()) bytes_ = out_ + packet.parsed.l4_bytes();
    }

    bool is_one() const { return in_ != out_; }
    // Of the IP packet as it leaves.
    std::size_t bytes() const { return bytes_; }
    // What its sender may send so that it leaves with that size at most.
    std::size_t back(std::size_t leaving_bytes) const { return leaving_bytes - out_ + in_; }

    // The MSS in a SYN is about what comes back: in this sender's family that has to fit the link
    // of `mtu` to it. The other end reckons with its own family's headers.
    void fit_mss(const Packet& packet, std::size_t mtu) const {
        const net::Parsed& parsed = packet.parsed;
        if (!is_one() || (parsed.tcp_flags & net::tcp_flag::syn) == 0) return;
        net::clamp_mss(packet.frame().subspan(
                           parsed.l4_offset, std::size_t{parsed.payload_offset} - parsed.l4_offset),
                       static_cast<std::uint16_t>(mtu - in_ - sizeof(net::TcpHeader)));
    }

  private:
    std::size_t bytes_;
    std::size_t in_;
    std::size_t out_;
};

}  // namespace warren::datapath
