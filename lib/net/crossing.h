// SPDX-License-Identifier: BSD-3-Clause
// A packet on its way to an address that may be of the other family, where it gets another IP
// header and so another size; and what its TCP may send back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "net/family.h"
#include "net/parse.h"
#include "net/tcp_options.h"

namespace warren::net {

// A connection's way between its two ends: the family of each end's link, and the largest IP packet
// there.
struct Path {
    struct End {
        bool is_v4;
        std::size_t mtu;
    };
    End one, other;

    // The payload of a segment that passes both, with headers without options (RFC 6691). 0: the
    // links are too small for any, and that is not a limit to set.
    std::uint16_t largest_mss() const {
        const auto room = [](const End& end) {
            const std::size_t headers = ip_header_bytes(end.is_v4) + sizeof(TcpHeader);
            return end.mtu > headers ? end.mtu - headers : 0;
        };
        return static_cast<std::uint16_t>(std::min(room(one), room(other)));
    }
    // Lowers what a SYN, or its answer, offers to receive.
    void fit_mss(Bytes frame, const Parsed& syn) const {
        clamp_mss(syn.l4_header(frame), largest_mss());
    }
};

class Crossing {
  public:
    // `bytes`: of the IP packet, or of the largest one if it is several segments in one frame.
    Crossing(const Parsed& parsed, std::size_t bytes, const IpAddress& destination)
        : bytes_(bytes),
          arriving_header_(ip_header_bytes(parsed.network == Network::ipv4)),
          leaving_header_(ip_header_bytes(destination.is_v4())) {
        if (changes_family())
            bytes_ = bytes_ - (std::size_t{parsed.l4_offset} - parsed.l3_offset) + leaving_header_;
    }

    bool changes_family() const { return arriving_header_ != leaving_header_; }
    bool leaves_as_v4() const { return leaving_header_ == ip_header_bytes(true); }
    // Of the IP packet as it leaves.
    std::size_t leaving_bytes() const { return bytes_; }
    // What its sender may send so that it leaves with that size at most.
    std::size_t arriving_bytes(std::size_t leaving_bytes) const {
        return leaving_bytes - leaving_header_ + arriving_header_;
    }

  private:
    std::size_t bytes_;
    std::size_t arriving_header_;
    std::size_t leaving_header_;
};

}  // namespace warren::net
