// SPDX-License-Identifier: BSD-3-Clause
// Relays ICMP errors about packets of our flows to the end that sent the packet, rewritten to quote
// the packet as that end sent it; and originates errors about packets that we cannot forward.
#pragma once

#include <algorithm>
#include <cstdint>

#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/packet.h"
#include "datapath/steering.h"
#include "net/icmp_error.h"
#include "tables/tables.h"

namespace warren::datapath {

// How many ICMP errors a worker may send of its own (RFC 1812 4.3.2.8, RFC 4443 2.4 (f)): a token
// bucket of 50, refilled with 1,000 a second, as Linux has it.
class IcmpBudget {
  public:
    static constexpr std::uint64_t burst = 50;
    static constexpr std::uint64_t refill_ns = 1'000'000;  // for one

    bool take(std::uint64_t now_ns) {
        const std::uint64_t earned = (now_ns - filled_ns_) / refill_ns;
        tokens_ = std::min(burst, tokens_ + std::min(earned, burst));
        filled_ns_ = earned >= burst ? now_ns : filled_ns_ + earned * refill_ns;
        if (tokens_ == 0) return false;
        --tokens_;
        return true;
    }

  private:
    std::uint64_t tokens_ = 0;
    std::uint64_t filled_ns_ = 0;
};

class IcmpRelay {
  public:
    IcmpRelay(tables::Tables& tables, Emitter& emitter, const Steering& steering,
              HalfOpen& half_open)
        : tables_(tables), emitter_(emitter), steering_(steering), half_open_(half_open) {}

    // An error about a segment that we forwarded, to the end that had sent it.
    Verdict relay(Packet& packet, const PollRound& round);

    // An error of our own to the packet's sender; dropped beyond the rate limit. `mtu`: for
    // too_big, the next hop's.
    Verdict answer_with_error(Packet& packet, const PollRound& round, net::IcmpErrorKind kind,
                              std::size_t mtu = 0);

  private:
    unsigned owner_of_error(const Packet& packet, const net::Parsed& quoted,
                            const PollRound& round) const;

    tables::Tables& tables_;
    Emitter& emitter_;
    const Steering& steering_;
    HalfOpen& half_open_;
    IcmpBudget budget_;
};

}  // namespace warren::datapath
