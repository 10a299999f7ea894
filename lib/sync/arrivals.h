// SPDX-License-Identifier: BSD-3-Clause
// What the peer says: how its sessions begin, and what follows from each kind of datagram.
#pragma once

#include <cstdint>

#include "sync/parts.h"

namespace warren::sync {

class Arrivals {
  public:
    explicit Arrivals(Parts& parts) : p_(parts) {}

    void receive(const Datagram& datagram, std::uint64_t now_us, std::uint64_t fresh_nonce);
    // The session, when the peer has been silent.
    void end(std::uint64_t now_us);
    // What had to wait for datagrams from before, or for a sweep.
    void finish_what_is_complete();

  private:
    void greet(const Header& header, std::uint64_t now_us);
    void meet(const Datagram& datagram, std::uint64_t now_us, std::uint64_t fresh_nonce);
    void begin(const Header& header, const Hello& hello, std::uint64_t now_us,
               std::uint64_t fresh_nonce);

    void hear(const Datagram& datagram, std::uint64_t now_us);
    // false: the workers have no room.
    bool take(const Datagram& datagram, std::uint64_t now_us);
    bool take_records(const Datagram& datagram);
    bool take_record(const Record& record, const Header& header);
    bool take_flow(const FlowRecord& flow, const Header& header);
    bool has_been_overtaken(const FlowRecord& flow, const Header& header);
    void take_hello(const Hello& hello, std::uint64_t now_us);
    void take_ack(const Ack& ack, std::uint64_t now_us);
    void take_digest(const Header& header, const Digest& digest, std::uint64_t now_us);
    void take_bulk_mark(const Header& header, const BulkMark& mark);
    void take_take_over(const Header& header, const TakeOver& message);

    Parts& p_;
};

}  // namespace warren::sync
